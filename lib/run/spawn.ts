/**
 * Starts one child with chosen descriptors through posix_spawnp, and waits for it.
 *
 * Deno's own subprocess API gives no pipe that a second process could take over later, and it inherits whatever
 * signal dispositions the runtime set. Here every child starts with default signals and an empty mask, and the pipes
 * are ours to hand on (custody.ts).
 */
import { bytesOf, kill, libc, SPAWN_SETSID, SPAWN_SETSIGDEF, SPAWN_SETSIGMASK } from "./libc.ts";
import { utf8 } from "../bytes.ts";

/** What a child starts with. Descriptors are raw numbers of this process. */
export interface Start {
  argv: string[];
  /** `NAME=value` entries as bytes, without the closing NUL: a value is never a string here. */
  env: Uint8Array[];
  stdin: number;
  stdout: number;
  stderr: number;
  /** One more descriptor for the child's number 3, if any. */
  extra?: number;
  /** Give the child a session of its own. */
  session?: boolean;
}

/** How a child ended. */
export interface Ending {
  /** Exit status, or 128 + signal number. */
  status: number;
  signal: number | null;
}

/** The program cannot be started; `notFound` tells status 127 from 126. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
  readonly notFound: boolean;
  constructor(program: string, errno: number) {
    const why = errno === ENOENT ? "not found" : errno === EACCES ? "permission denied" : `system error ${errno}`;
    super(`Cannot run "${program}": ${why}`);
    this.notFound = errno === ENOENT;
  }
}

/** sigset_t of the C library, every bit one signal: 128 bytes in glibc, 4 on macOS, which looks at no more. */
const SIGNAL_SET_BYTES = 128;

const ENOENT = 2;
const EACCES = 13;

/**
 * Starts the child and returns its process id. The few hundred bytes that the library keeps for the file actions are
 * not given back: a runner starts one child, or two custodians more.
 * @throws {SpawnError} if the program does not exist or may not be run.
 */
export function spawn(start: Start): number {
  const c = libc();
  const actions = new Uint8Array(256);
  const attributes = new Uint8Array(512);
  c.posix_spawn_file_actions_init(actions);
  c.posix_spawnattr_init(attributes);
  const wanted = [start.stdin, start.stdout, start.stderr, ...(start.extra === undefined ? [] : [start.extra])];
  wanted.forEach((fd, i) => c.posix_spawn_file_actions_adddup2(actions, fd, i));
  c.posix_spawnattr_setsigdefault(attributes, new Uint8Array(SIGNAL_SET_BYTES).fill(0xff));
  c.posix_spawnattr_setsigmask(attributes, new Uint8Array(SIGNAL_SET_BYTES));
  const flags = SPAWN_SETSIGDEF | SPAWN_SETSIGMASK | (start.session ? SPAWN_SETSID : 0);
  c.posix_spawnattr_setflags(attributes, flags);
  const program = cString(utf8(start.argv[0] ?? ""));
  const argv = pointers(start.argv.map((a) => cString(utf8(a))));
  const env = pointers(start.env.map(cString));
  const pid = new Int32Array(1);
  const errno = c.posix_spawnp(bytesOf(pid), program, actions, attributes, argv.table, env.table);
  for (const text of env.texts) text.fill(0);
  if (errno !== 0) throw new SpawnError(start.argv[0] ?? "", errno);
  return pid[0] ?? -1;
}

/** Resolves when the child has ended. */
export async function waitFor(pid: number): Promise<Ending> {
  const status = new Int32Array(1);
  for (;;) {
    const got = await libc().waitpid(pid, bytesOf(status), 0);
    if (got === pid) break;
    // EINTR is the only error a live child of ours can give; a vanished one must not spin.
    if (!kill(pid, 0)) return { status: 125, signal: null };
  }
  const raw = status[0] ?? 0;
  const signal = raw & 0x7f;
  return signal === 0 ? { status: (raw >> 8) & 0xff, signal: null } : { status: 128 + signal, signal };
}

/** Sends `signal` (a number) to a child; false if it is gone. */
export function send(pid: number, signal: number): boolean {
  return kill(pid, signal);
}

function cString(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length + 1);
  bytes.set(text);
  return bytes;
}

/** A NULL-terminated array of pointers, with the texts that must stay alive as long as it is used. */
function pointers(texts: Uint8Array<ArrayBuffer>[]): { table: Uint8Array<ArrayBuffer>; texts: Uint8Array[] } {
  const table = new BigUint64Array(texts.length + 1);
  texts.forEach((text, i) => table[i] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(text)));
  return { table: bytesOf(table), texts };
}
