/**
 * Files made durable in whole or not at all: a temporary file beside the target, mode 0600, written, synced, renamed
 * over it, and the directory synced. Links are never followed. And the directories that hold them.
 *
 * A failed fsync is final: the kernel may have dropped the dirty pages, so a second call that succeeds proves nothing.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** Windows has no such flag; there the directory's own protection has to do. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/** Answers to opening another user's directory. */
const NO_ENTRY = ["EACCES", "EPERM"];

/** A write that is interrupted this often in a row will not get through: no caller may hang. */
const MOST_INTERRUPTIONS = 100;

/**
 * A name beside `path` for its next contents: `<path>.tmp.<pid>.<random>`. The pid lets a later run tell whether its
 * maker is still alive.
 */
export function temporaryName(path: string): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `${path}.tmp.${Deno.pid}.${[...random].map((n) => n.toString(36)).join("")}`;
}

/**
 * Creates `path` with these contents and syncs it. On any failure nothing of it is left.
 * @throws {Error} with a `code` such as `EEXIST`, `ENOSPC`, `EIO`.
 */
export function writeNewFile(path: string, bytes: Uint8Array, mode = 0o600): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW, mode);
  try {
    try {
      writeAll(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    removeQuietly(path);
    throw error;
  }
}

/**
 * Writes all of `bytes` at the descriptor's place, or from `position` on. A short write is gone on with; one that a
 * signal interrupted wrote nothing and is tried again, which the runtime does not do by itself. Local disks never
 * interrupt a write, network and user-space file systems may.
 * @throws {Error} with a `code`; a part may have been written.
 */
export function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  let interrupted = 0;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at, position === undefined ? null : position + at);
    } catch (error) {
      if (!isInterruption(error)) throw error;
      if (++interrupted > MOST_INTERRUPTIONS) throw Object.assign(error, { code: "EINTR" });
    }
  }
}

/**
 * Replaces the regular file `path`, or creates it, so that a reader sees the old contents or the new ones.
 * @throws {TypeError} if something other than a regular file stands there.
 * @throws {Error} with a `code` if it could not be made durable.
 */
export function replaceFile(path: string, bytes: Uint8Array, mode = 0o600): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) throw new TypeError(`Cannot replace "${path}": not a regular file`);
  const temporary = temporaryName(path);
  writeNewFile(temporary, bytes, mode);
  try {
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  syncDirectory(dirname(path));
}

/**
 * Makes the directory `path`, and those above it that are missing, and makes their names durable: what is synced inside
 * a directory that a power cut takes away again is gone with it. A directory above that may be entered and not read
 * cannot be synced.
 * @throws {Error} with a `code`.
 */
export function makeDirectory(path: string, mode = 0o700): void {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    try {
      syncDirectory(dirname(made));
    } catch (error) {
      if (!NO_ENTRY.includes(String((error as { code?: unknown }).code))) throw error;
    }
  }
}

/**
 * Makes renames and links inside `path` durable. Windows cannot sync a directory; there this does nothing.
 * @throws {Error} with a `code`.
 */
export function syncDirectory(path: string): void {
  if (Deno.build.os === "windows") return;
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The runtime names this error by its class where others have a code. */
function isInterruption(error: unknown): error is Error {
  return error instanceof Error && (error.name === "Interrupted" || (error as { code?: unknown }).code === "EINTR");
}

/** Unlinks `path` if it can; for clean-up where another error is already on its way. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Whatever made the write fail matters more than a stale temporary file, which a later save sweeps.
  }
}
