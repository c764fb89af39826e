import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { homesOf } from "../paths.ts";
import { OneShotFiles } from "./one_shot.ts";

function withFile(check: (files: OneShotFiles, path: string, directory: string) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "tacit-oneshot-" });
  try {
    const files = new OneShotFiles({ ...homesOf(directory), oneShot: `${directory}/files` });
    check(files, files.write("TOKEN", utf8("made-up value")), directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("a one-shot file is overwritten before it goes", () => {
  withFile((files, path) => {
    const kept = Deno.openSync(path);
    files.remove();
    assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
    const bytes = new Uint8Array(64);
    assert.equal(kept.readSync(bytes), "made-up value".length);
    assert.ok(bytes.every((byte) => byte === 0));
    kept.close();
  });
});

Deno.test("what a command put in the place of its one-shot file is removed and not written through", () => {
  const ways: ((path: string, precious: string) => void)[] = [
    (path, precious) => Deno.symlinkSync(precious, path),
    (path, precious) => Deno.linkSync(precious, path),
  ];
  for (const replace of ways) {
    withFile((files, path, directory) => {
      const precious = `${directory}/precious`;
      Deno.writeTextFileSync(precious, "precious");
      Deno.removeSync(path);
      replace(path, precious);
      files.remove();
      assert.equal(Deno.readTextFileSync(precious), "precious");
      assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
    });
  }
});

Deno.test("a pipe in the place of a one-shot file does not hold the runner", () => {
  withFile((files, path) => {
    Deno.removeSync(path);
    assert.ok(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
    files.remove();
    assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
  });
});

Deno.test("a one-shot file is written over nothing, and its directory is entered by nobody else", () => {
  withFile((files, path, directory) => {
    assert.throws(() => files.write("TOKEN", utf8("another")), Deno.errors.AlreadyExists);
    assert.equal(Deno.readTextFileSync(path), "made-up value");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o7777, 0o600);
    assert.equal((Deno.statSync(`${directory}/files`).mode ?? 0) & 0o7777, 0o700);
    Deno.chmodSync(`${directory}/files`, 0o770);
    assert.throws(() => files.write("OTHER", utf8("x")), /not yours alone/);
  });
});
