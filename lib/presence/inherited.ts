/**
 * Descriptors that this process inherited and a daemon must not: the passphrase may come through one, and a pipe of the
 * caller's that stays open makes the caller wait for ever.
 */

// "Close at exec" without a third argument, so that no platform's variadic convention matters.
const FIOCLEX = Deno.build.os === "darwin" ? 0x20006601n : 0x5451n;

/** Marks every descriptor but the standard ones to be closed in programs that this process starts from now on. */
export function keepDescriptorsHere(): void {
  if (Deno.build.os === "windows") return;
  const libc = Deno.dlopen(Deno.build.os === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6", {
    ioctl: { parameters: ["i32", "u64"], result: "i32" },
  });
  try {
    for (const { name } of Deno.readDirSync(Deno.build.os === "darwin" ? "/dev/fd" : "/proc/self/fd")) {
      if (Number(name) > 2) libc.symbols.ioctl(Number(name), FIOCLEX);
    }
  } finally {
    libc.close();
  }
}
