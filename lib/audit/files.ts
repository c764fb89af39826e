/**
 * The log's directory and files: where they lie, how they are opened, and the lock that appenders share.
 *
 * A file is used only if it is a regular file of this user, mode 0600, under one name; links are never followed.
 * Bytes are only ever added to a log file.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { makeDirectory as makeDurableDirectory } from "../atomic_file.ts";

export { writeAll } from "../atomic_file.ts";

/** The directory or a file of the log cannot be used. */
export class AuditFileError extends Error {
  override name = "AuditFileError";
}

/** A new file is begun once the current one has this many bytes. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** How long an appender waits for another before it gives up, in milliseconds; a line takes a few. */
const LOCK_WAIT_MS = 2000;

const FILE_NAME = /^audit-([0-9]{4,9})\.jsonl$/;
const WINDOWS = Deno.build.os === "windows";

/** Path of log file `n`, counted from 1. */
export function logFile(dir: string, n: number): string {
  return join(dir, `audit-${String(n).padStart(4, "0")}.jsonl`);
}

/** Path of the head file: beside the directory, so that putting back an old copy of the directory is noticed. */
export function headFile(dir: string): string {
  return `${dir}.head`;
}

/** Numbers of the log files that exist, ascending; none if the directory is missing. */
export function listFiles(dir: string): number[] {
  if (!checkDirectory(dir)) return [];
  const numbers: number[] = [];
  for (const entry of Deno.readDirSync(dir)) {
    const match = FILE_NAME.exec(entry.name);
    if (match !== null) numbers.push(Number(match[1]));
  }
  return numbers.sort((a, b) => a - b);
}

/** Makes the directory, 0700, with its parents; it lasts as long as what is written into it. */
export function makeDirectory(dir: string): void {
  if (!checkDirectory(dir)) makeDurableDirectory(dir);
  checkDirectory(dir);
}

/**
 * False if there is no directory.
 * @throws {AuditFileError} if there is something else, or others may enter it.
 */
function checkDirectory(dir: string): boolean {
  const info = lstat(dir);
  if (info === null) return false;
  if (!info.isDirectory) throw fault(dir, "it is not a directory");
  if (!WINDOWS && info.uid !== Deno.uid()) throw fault(dir, "it belongs to another user");
  if (!WINDOWS && ((info.mode ?? 0o777) & 0o077) !== 0) throw fault(dir, "its mode lets others in, expected 0700");
  return true;
}

/**
 * Opens a file of the log and checks what was opened. `create` makes it, 0600, and is refused if it exists.
 * @throws {AuditFileError} if the file is not ours alone; the system's error if it cannot be opened.
 */
export function openFile(path: string, access: "read" | "append" | "write", create = false): number {
  const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const flags = { read: O_RDONLY, append: O_WRONLY | O_APPEND, write: O_WRONLY }[access];
  // Without O_NONBLOCK, a FIFO in the file's place would hold the daemon here for ever.
  const fd = open(path, flags | (create ? O_CREAT | O_EXCL : 0) | (WINDOWS ? 0 : O_NOFOLLOW | O_NONBLOCK));
  try {
    const info = fs.fstatSync(fd);
    if (!info.isFile()) throw fault(path, "it is not a regular file");
    if (!WINDOWS && info.uid !== Deno.uid()) throw fault(path, "it belongs to another user");
    if (!WINDOWS && (info.mode & 0o7777) !== 0o600) throw fault(path, "its mode is not 0600");
    if (info.nlink !== 1) throw fault(path, "it has a second name");
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function open(path: string, flags: number): number {
  try {
    return fs.openSync(path, flags, 0o600);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ELOOP") throw fault(path, "it is a symbolic link");
    if (code === "ENXIO") throw fault(path, "it is not a regular file");
    throw error;
  }
}

/** Bytes and identity of a file, or null if it does not exist. */
export function standing(path: string): { size: number; inode: number | null } | null {
  const info = lstat(path);
  return info === null ? null : { size: info.size, inode: info.ino };
}

/** Makes a new name in `dir` survive a power failure. */
export function syncDirectory(dir: string): void {
  if (WINDOWS) return;
  using directory = Deno.openSync(dir, { read: true });
  directory.syncSync();
}

/**
 * Runs `action` while no other process appends.
 * @throws {AuditFileError} if the lock is not free within two seconds.
 */
export function withLock<T>(dir: string, action: () => T): T {
  const path = join(dir, "lock");
  const found = lstat(path);
  if (found !== null && !found.isFile) throw fault(path, "it is not a regular file");
  using lock = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  const deadline = performance.now() + LOCK_WAIT_MS;
  while (!lock.tryLockSync(true)) {
    if (performance.now() > deadline) throw fault(path, "another process holds it");
    // A synchronous pause: the line must be on disk before the caller may go on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
  try {
    return action();
  } finally {
    lock.unlockSync();
  }
}

function lstat(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function fault(path: string, state: string): AuditFileError {
  return new AuditFileError(`Cannot use audit file "${path}": ${state}`);
}
