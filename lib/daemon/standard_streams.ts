/**
 * Lets go of the starter's pipes. The descriptors are put on /dev/null and not merely closed: a socket that got number
 * 1 or 2 would receive whatever a stray print writes.
 */

/** Points descriptors 0, 1 and 2 to /dev/null. */
export function closeStandardStreams(): void {
  for (const stream of [Deno.stdin, Deno.stdout, Deno.stderr]) {
    try {
      stream.close();
    } catch { /* closed already */ }
  }
  if (Deno.build.os === "windows") return;
  try {
    const libc = Deno.dlopen(Deno.build.os === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6", {
      open: { parameters: ["buffer", "i32"], result: "i32" },
      dup2: { parameters: ["i32", "i32"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
    });
    const READ_WRITE = 2;
    const nothing = libc.symbols.open(new TextEncoder().encode("/dev/null\0"), READ_WRITE);
    for (const fd of [0, 1, 2]) if (nothing >= 0 && nothing !== fd) libc.symbols.dup2(nothing, fd);
    if (nothing > 2) libc.symbols.close(nothing);
    libc.close();
  } catch { /* the streams are closed at least */ }
}
