import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "./bytes.ts";
import { replaceFile, temporaryName, writeNewFile } from "./atomic_file.ts";

function inDirectory(work: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    work(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const names = (directory: string) => [...Deno.readDirSync(directory)].map((e) => e.name).sort();

Deno.test("a replaced file has the new contents, mode 0600 and leaves nothing beside it", () => {
  inDirectory((d) => {
    const path = join(d, "f");
    replaceFile(path, utf8("one"));
    replaceFile(path, utf8("two"));
    assert.equal(Deno.readTextFileSync(path), "two");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual(names(d), ["f"]);
  });
});

Deno.test("a new file is never written through a link or over a file", () => {
  inDirectory((d) => {
    const victim = join(d, "victim");
    Deno.writeTextFileSync(victim, "safe");
    Deno.symlinkSync(victim, join(d, "link"));
    for (const name of ["link", "victim"]) {
      assert.throws(() => writeNewFile(join(d, name), utf8("x")), { code: "EEXIST" });
    }
    assert.throws(() => replaceFile(join(d, "link"), utf8("x")), TypeError);
    assert.throws(() => replaceFile(d, utf8("x")), TypeError);
    assert.equal(Deno.readTextFileSync(victim), "safe");
    assert.deepEqual(names(d), ["link", "victim"]);
  });
});

Deno.test("a write that fails leaves the old file and no temporary one", () => {
  inDirectory((d) => {
    assert.throws(() => replaceFile(join(d, "missing", "f"), utf8("x")), { code: "ENOENT" });
    assert.deepEqual(names(d), []);
  });
});

Deno.test("temporary names stand beside the file, carry our pid and differ", () => {
  const name = temporaryName("/x/f");
  assert.match(name, new RegExp(`^/x/f\\.tmp\\.${Deno.pid}\\.[0-9a-z]+$`));
  assert.notEqual(name, temporaryName("/x/f"));
});
