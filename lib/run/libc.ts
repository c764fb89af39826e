/**
 * The few C library calls that the runner needs and Deno does not offer: a spawn with chosen descriptors, pipes,
 * and a wait. Everything that touches FFI in this room is here and in spawn.ts. Linux is tested; macOS is written
 * from its headers and untested (docs/platforms.md); on Windows child.ts takes another path.
 */

const MAC = Deno.build.os === "darwin";

const SYMBOLS = {
  pipe: { parameters: ["buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32", nonblocking: true },
  posix_spawnp: { parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" },
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setsigdefault: { parameters: ["buffer", "buffer"], result: "i32" },
  posix_spawnattr_setsigmask: { parameters: ["buffer", "buffer"], result: "i32" },
  posix_spawnattr_destroy: { parameters: ["buffer"], result: "i32" },
  sigfillset: { parameters: ["buffer"], result: "i32" },
  sigemptyset: { parameters: ["buffer"], result: "i32" },
} as const;

let library: Deno.DynamicLibrary<typeof SYMBOLS> | null = null;

/** The opened library; opened at first use, so that importing this file costs nothing. */
export function libc(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  library ??= Deno.dlopen(MAC ? "libSystem.B.dylib" : "libc.so.6", SYMBOLS);
  return library.symbols;
}

/** Flags of posix_spawnattr_setflags: SETSIGDEF and SETSIGMASK are POSIX; SETSID's number is the platform's. */
export const SPAWN_SETSIGDEF = 0x04;
export const SPAWN_SETSIGMASK = 0x08;
export const SPAWN_SETSID = MAC ? 0x400 : 0x80;

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** A pipe whose two ends are closed on exec; the child gets its end through a spawn file action. */
export interface Pipe {
  read: number;
  write: number;
}

/**
 * Opens a pipe.
 * @throws {Error} if the process has no descriptors left.
 */
export function openPipe(): Pipe {
  const ends = new Int32Array(2);
  if (libc().pipe(bytesOf(ends)) !== 0) throw new Error("Cannot open a pipe: no file descriptors left");
  const [read = -1, write = -1] = ends;
  libc().fcntl(read, F_SETFD, FD_CLOEXEC);
  libc().fcntl(write, F_SETFD, FD_CLOEXEC);
  return { read, write };
}

/** Closes a raw descriptor. */
export function closeDescriptor(fd: number): void {
  libc().close(fd);
}

/** The bytes under a typed array, as FFI wants them. */
export function bytesOf(view: Int32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
