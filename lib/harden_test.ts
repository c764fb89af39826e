import assert from "node:assert/strict";
import { foreignMappings } from "./harden.ts";

Deno.test("system libraries and the program itself are not foreign, anything else that is mapped executable is", () => {
  const maps = [
    "7f00-7f01 r-xp 00000000 08:01 11 /usr/lib/x86_64-linux-gnu/libc.so.6",
    "7f01-7f02 r-xp 00000000 08:01 12 /lib64/ld-linux-x86-64.so.2",
    "7f02-7f03 r-xp 00000000 08:01 13 /home/u/.local/share/tacit/bin/tacit (deleted)",
    "7f03-7f04 r--p 00000000 08:01 14 /home/u/data.bin",
    "7f04-7f05 rwxp 00000000 00:00 0 ",
    "7f05-7f06 r-xp 00000000 00:00 0 [vdso]",
    "7f06-7f07 r-xp 00000000 08:01 15 /tmp/evil hook.so",
    "7f07-7f08 r-xp 00000000 08:01 16 /home/u/lib/libx.so",
  ].join("\n");
  assert.deepEqual(foreignMappings(maps, "/home/u/.local/share/tacit/bin/tacit"), [
    "/tmp/evil hook.so",
    "/home/u/lib/libx.so",
  ]);
});
