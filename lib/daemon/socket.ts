/**
 * Where the daemon listens: a directory that is ours alone, a lock that lets one daemon in, two sockets 0600.
 * There is no TCP port. docs/protocol.md, "Sockets".
 */
import { join } from "node:path";
import { utf8 } from "../bytes.ts";
import type { Homes } from "../paths.ts";

/** Bytes of a socket's path that fit into the system's address: 108 on Linux and 104 elsewhere, with the final zero. */
export const MAX_SOCKET_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

/** The place cannot be used as it is; the message says what a person must change. */
export class SocketError extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = "SocketError";
    this.hint = hint;
  }
}

/** The one-shot directory lies outside the home, so another home is not always the way. */
const MOVE_AWAY = "move it away, or choose another --home";

/** Held as long as this daemon lives; the kernel frees it with the process. */
export interface DaemonLock {
  release(): void;
}

/**
 * Makes `path` a directory that only this user can enter.
 * @throws {SocketError} if something else stands there, or it is open to others: it is not repaired, since whoever
 * opened it may have placed things in it.
 */
export function privateDirectory(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new SocketError(`Cannot create "${path}": ${reasonOf(error)}`, "choose another --home");
    }
  }
  const info = Deno.lstatSync(path);
  const refuse = (state: string, hint: string) => new SocketError(`Cannot use "${path}": ${state}`, hint);
  if (info.isSymlink) throw refuse("it is a symbolic link", MOVE_AWAY);
  if (!info.isDirectory) throw refuse("it is not a directory", MOVE_AWAY);
  const uid = Deno.uid();
  if (uid === null) return;
  if (info.uid !== uid) throw refuse("it belongs to another user", MOVE_AWAY);
  const mode = info.mode ?? 0o777;
  if ((mode & 0o077) !== 0) throw refuse("others can enter it", `chmod 700 '${path}'`);
  if ((mode & 0o500) !== 0o500) throw refuse("its owner cannot enter it", `chmod 700 '${path}'`);
}

/**
 * Takes `daemon.lock` in the runtime directory, or returns null while another daemon holds it.
 * @throws {SocketError} if something other than a file of ours stands there: opening a FIFO would wait for ever, and
 * a link would make a file elsewhere.
 */
export function takeLock(homes: Homes): DaemonLock | null {
  const path = join(homes.runtime, "daemon.lock");
  const refuse = (state: string) => new SocketError(`Cannot lock "${path}": ${state}`, "move it away");
  const info = standing(path);
  if (info !== null && !(info.isFile && isOurs(info))) throw refuse("something else stands there");
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { create: true, write: true, mode: 0o600 });
  } catch (error) {
    throw refuse(reasonOf(error));
  }
  if (!file.tryLockSync(true)) {
    file.close();
    return null;
  }
  return {
    release() {
      // Closing alone would leave it with a process that was forked at this moment.
      file.unlockSync();
      file.close();
    },
  };
}

/**
 * Listens at `path` with mode 0600. Call only while holding the lock: what lies there is then a dead daemon's.
 * @throws {SocketError} if the path is too long, or something other than our own socket stands there.
 */
export function listenAt(path: string): Deno.UnixListener {
  const bytes = utf8(path).length;
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new SocketError(
      `Cannot listen on "${path}": the path has ${bytes} bytes and at most ${MAX_SOCKET_PATH_BYTES} fit`,
      "choose a shorter --home",
    );
  }
  removeStale(path);
  // The mode must be right from the first moment: a chmod afterwards would leave a gap.
  const before = Deno.build.os === "windows" ? null : Deno.umask(0o177);
  try {
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    throw new SocketError(`Cannot listen on "${path}": ${reasonOf(error)}`, "");
  } finally {
    if (before !== null) Deno.umask(before);
  }
}

function removeStale(path: string): void {
  const info = standing(path);
  if (info === null) return;
  if (info.isSocket !== true || !isOurs(info)) {
    throw new SocketError(`Cannot listen on "${path}": something else stands there`, "move it away");
  }
  Deno.removeSync(path);
}

/** What stands at `path` itself, or null. */
function standing(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}

function isOurs(info: Deno.FileInfo): boolean {
  return Deno.uid() === null || info.uid === Deno.uid();
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown fault";
}
