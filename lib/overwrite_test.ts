import assert from "node:assert/strict";
import { join } from "node:path";
import { overwriteFile } from "./overwrite.ts";

Deno.test("a plain file is overwritten as far as a value reaches; links and second names are left alone", () => {
  const directory = Deno.makeTempDirSync();
  const at = (name: string) => join(directory, name);
  try {
    Deno.writeTextFileSync(at("plain"), "value");
    overwriteFile(at("plain"));
    assert.deepEqual(Deno.readFileSync(at("plain")), new Uint8Array(5));

    const large = new Uint8Array(1_048_576 + 10).fill(1);
    Deno.writeFileSync(at("large"), large);
    overwriteFile(at("large"));
    assert.deepEqual(Deno.readFileSync(at("large")), large.fill(0, 0, 1_048_576));

    Deno.writeTextFileSync(at("target"), "kept");
    Deno.symlinkSync(at("target"), at("link"));
    Deno.linkSync(at("target"), at("second"));
    assert.throws(() => overwriteFile(at("link")));
    overwriteFile(at("second"));
    assert.equal(Deno.readTextFileSync(at("target")), "kept");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
