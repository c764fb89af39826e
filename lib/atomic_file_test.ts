import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "./bytes.ts";
import { leftOut, NO_SHELL } from "../tests/kit/left_out.ts";
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

/** Writes 200 KiB where no file may have more than 50; prints what came of it. */
const TOO_MUCH = `
  import { replaceFile, writeNewFile } from ${JSON.stringify(new URL("atomic_file.ts", import.meta.url).href)};
  const bytes = new Uint8Array(200 * 1024).fill(7);
  const code = (work) => {
    try { work(); return "written"; } catch (error) { return error.code ?? error.message; }
  };
  console.log(JSON.stringify([
    code(() => writeNewFile(Deno.args[0] + "/new", bytes)),
    code(() => replaceFile(Deno.args[0] + "/old", bytes)),
  ]));
`;

Deno.test(
  "a write that only went in part is an error, and leaves the old file and no part of a new one",
  leftOut(NO_SHELL),
  () => {
    inDirectory((d) => {
      const place = join(d, "place");
      Deno.mkdirSync(place);
      Deno.writeTextFileSync(join(place, "old"), "old");
      Deno.writeTextFileSync(join(d, "too_much.ts"), TOO_MUCH);
      const deno = [
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        "--no-lock",
        "--no-config",
        join(d, "too_much.ts"),
        place,
      ];
      // SIGXFSZ is ignored, so that the first write is a short one and the next fails.
      const limited = "trap '' XFSZ; ulimit -f 50; exec \"$@\"";
      const { stdout, stderr } = new Deno.Command("bash", { args: ["-c", limited, "bash", ...deno] }).outputSync();
      const [fresh, replaced] = JSON.parse(new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr));
      assert.notEqual(fresh, "written");
      assert.notEqual(replaced, "written");
      assert.deepEqual(names(place), ["old"]);
      assert.equal(Deno.readTextFileSync(join(place, "old")), "old");
    });
  },
);
