/** The single steps of lib/atomic_file.ts; what a disk that fails makes of them is held by tests/reliability. */
import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { tmpHome } from "../tests/kit/tmp_home.ts";
import { makeDirectory, writeAll } from "./atomic_file.ts";
import { utf8 } from "./bytes.ts";

Deno.test("a directory is made with those above it, for its owner alone, and one that exists is left as it is", () => {
  using home = tmpHome();
  makeDirectory(home.path("a/b"));
  for (const name of ["a", "a/b"]) assert.equal((Deno.statSync(home.path(name)).mode ?? 0) & 0o777, 0o700);
  Deno.chmodSync(home.path("a"), 0o755);
  makeDirectory(home.path("a"));
  makeDirectory(home.path("a/c"));
  assert.equal((Deno.statSync(home.path("a")).mode ?? 0) & 0o777, 0o755);
  Deno.writeTextFileSync(home.path("f"), "");
  assert.throws(() => makeDirectory(join(home.path("f"), "g")), { code: "ENOTDIR" });
});

Deno.test("all bytes are written, at the descriptor's place or from a position on", () => {
  using home = tmpHome();
  const path = home.path("f");
  const fd = openSync(path, "w+");
  writeAll(fd, utf8("one two"));
  writeAll(fd, utf8("six"), 4);
  writeAll(fd, utf8(" ten"));
  closeSync(fd);
  assert.equal(Deno.readTextFileSync(path), "one six ten");
  const unwritable = openSync(path, "r");
  assert.throws(() => writeAll(unwritable, utf8("x")), { code: "EBADF" });
  closeSync(unwritable);
});
