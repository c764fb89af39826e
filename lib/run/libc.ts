/**
 * The few C library calls that the runner needs and Deno does not offer: a spawn with chosen descriptors, pipes,
 * and a wait. Everything that touches FFI in this room is here and in spawn.ts. Linux is tested; macOS is written
 * from its headers and untested; Windows has no runner yet (docs/platforms.md).
 */

const MAC = Deno.build.os === "darwin";

/** Each symbol costs a quarter of a millisecond to bind, so what few runs need is bound apart. */
const SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32", nonblocking: true },
  posix_spawnp: { parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" },
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setsigdefault: { parameters: ["buffer", "buffer"], result: "i32" },
  posix_spawnattr_setsigmask: { parameters: ["buffer", "buffer"], result: "i32" },
} as const;

const LINUX_PIPE = { pipe2: { parameters: ["buffer", "i32"], result: "i32" } } as const;
const MAC_PIPE = {
  pipe: { parameters: ["buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;
const KILL = { kill: { parameters: ["i32", "i32"], result: "i32" } } as const;

const LIBRARY = MAC ? "libSystem.B.dylib" : "libc.so.6";

let library: Deno.DynamicLibrary<typeof SYMBOLS> | null = null;
let killing: Deno.DynamicLibrary<typeof KILL> | null = null;
let piping: ((ends: Uint8Array<ArrayBuffer>) => boolean) | null = null;

/** The opened library; opened at first use, so that importing this file costs nothing. */
export function libc(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  library ??= Deno.dlopen(LIBRARY, SYMBOLS);
  return library.symbols;
}

/** `kill(2)`; signal 0 only asks whether the process is there. True if it succeeded. */
export function kill(pid: number, signal: number): boolean {
  killing ??= Deno.dlopen(LIBRARY, KILL);
  return killing.symbols.kill(pid, signal) === 0;
}

/** Flags of posix_spawnattr_setflags: SETSIGDEF and SETSIGMASK are POSIX; SETSID's number is the platform's. */
export const SPAWN_SETSIGDEF = 0x04;
export const SPAWN_SETSIGMASK = 0x08;
export const SPAWN_SETSID = MAC ? 0x400 : 0x80;

const O_CLOEXEC = 0o2000000;
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
  piping ??= MAC ? macPipe() : linuxPipe();
  const ends = new Int32Array(2);
  if (!piping(bytesOf(ends))) throw new Error("Cannot open a pipe: no file descriptors left");
  const [read = -1, write = -1] = ends;
  return { read, write };
}

function linuxPipe(): (ends: Uint8Array<ArrayBuffer>) => boolean {
  const { symbols } = Deno.dlopen(LIBRARY, LINUX_PIPE);
  return (ends) => symbols.pipe2(ends, O_CLOEXEC) === 0;
}

/** Without pipe2, a child spawned by another thread in between could inherit the ends; the runner has none. */
function macPipe(): (ends: Uint8Array<ArrayBuffer>) => boolean {
  const { symbols } = Deno.dlopen(LIBRARY, MAC_PIPE);
  return (ends) => {
    if (symbols.pipe(ends) !== 0) return false;
    for (const fd of new Int32Array(ends.buffer)) symbols.fcntl(fd, F_SETFD, FD_CLOEXEC);
    return true;
  };
}

/** Closes a raw descriptor. */
export function closeDescriptor(fd: number): void {
  libc().close(fd);
}

/** The bytes under a typed array, as FFI wants them. */
export function bytesOf(view: Int32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
