/**
 * Opens files that must be ours alone: no link, FIFO, device or directory, owned by this user, closed to everyone
 * else. Opened without blocking and checked by descriptor, so nothing can be swapped between check and use.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import type { Stats } from "node:fs";
import { makeDirectory } from "../atomic_file.ts";
import { VaultError } from "./fault.ts";
import { type Standing, standingOf } from "./standing.ts";

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const WRITE_FLAGS = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Answers of a disk that takes nothing more; none of them says that a file is unsafe. */
const NO_ROOM = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

/**
 * The first `limit` bytes of the regular file `path` (`whole`: it must not be longer).
 * @throws {VaultError} MISSING, UNSAFE_FILE, or TOO_LARGE before anything is read.
 */
export function readGuarded(path: string, limit: number, whole = true): Uint8Array {
  return readStanding(path, limit, whole).bytes;
}

/**
 * The same, with what the system said of the file before its first byte was read: what is added to it meanwhile makes
 * a later look differ.
 * @throws {VaultError} as `readGuarded`.
 */
export function readStanding(path: string, limit: number, whole = true): { bytes: Uint8Array; standing: Standing } {
  const fd = openGuarded(path);
  try {
    const standing = standingOf(fd);
    const size = Number(standing.size);
    if (whole && size > limit) throw new VaultError("TOO_LARGE", `Cannot open "${path}": above ${limit} bytes`);
    const bytes = new Uint8Array(Math.min(size, limit));
    let at = 0;
    while (at < bytes.length) {
      const n = readSync(fd, bytes, at, bytes.length - at, at);
      if (n === 0) break;
      at += n;
    }
    return { bytes: bytes.subarray(0, at), standing };
  } catch (error) {
    throw asVaultError(error, path);
  } finally {
    closeSync(fd);
  }
}

/**
 * `length` bytes of the regular file `path` from offset `from` on, or fewer if it ends before.
 * @throws {VaultError} as `readGuarded`.
 */
export function readGuardedFrom(path: string, from: number, length: number): Uint8Array {
  const fd = openGuarded(path);
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, from));
  } catch (error) {
    throw asVaultError(error, path);
  } finally {
    closeSync(fd);
  }
}

/**
 * A descriptor for adding to the regular file `path`, checked like one for reading; the caller closes it.
 * @throws {VaultError} MISSING or UNSAFE_FILE.
 */
export function openGuardedForWriting(path: string): number {
  return openGuarded(path, WRITE_FLAGS);
}

/**
 * Makes the directory `path` (and those above it) for this user alone, or checks that it is.
 * @throws {VaultError} UNSAFE_FILE.
 */
export function guardDirectory(path: string): void {
  try {
    makeDirectory(path);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (!NO_ROOM.includes(code)) throw asVaultError(error, path);
    const hint = "Nothing was changed; make room or repair the disk, then try again";
    throw new VaultError("WRITE_FAILED", `Cannot make directory "${path}": ${code}`, hint, { cause: error });
  }
  checkDirectory(path);
}

/**
 * Refuses a directory in which others could exchange files; a missing one passes.
 * @throws {VaultError} UNSAFE_FILE.
 */
export function checkDirectory(path: string): void {
  const info = infoOf(path);
  if (info === undefined) return;
  if (!info.isDirectory()) throw unsafe(path, "not a directory");
  checkOwner(path, info);
}

/**
 * Refuses what `readGuarded` would refuse, without reading; a missing file passes.
 * @throws {VaultError} UNSAFE_FILE.
 */
export function guardFile(path: string): void {
  const info = infoOf(path);
  if (info === undefined) return;
  checkKind(path, info);
  checkOwner(path, info);
}

/** What stands at `path`, a link itself and not its target. */
function infoOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw asVaultError(error, path);
  }
}

function openGuarded(path: string, flags = READ_FLAGS): number {
  let fd: number | undefined;
  try {
    fd = openSync(path, flags);
    const info = fstatSync(fd);
    checkKind(path, info);
    checkOwner(path, info);
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw asVaultError(error, path);
  }
}

function checkKind(path: string, info: Stats): void {
  if (info.isSymbolicLink()) throw unsafe(path, "a symbolic link");
  if (info.isDirectory()) throw unsafe(path, "a directory");
  if (!info.isFile()) throw unsafe(path, "not a regular file");
}

/** Windows has neither owner ids nor mode bits here; the profile's access lists have to do. */
function checkOwner(path: string, info: Stats): void {
  const uid = Deno.uid();
  if (uid === null) return;
  if (info.uid !== uid) throw unsafe(path, "owned by another user");
  if ((info.mode & 0o077) !== 0) {
    throw unsafe(path, "accessible to others", `chmod go= '${path}'`);
  }
}

function asVaultError(error: unknown, path: string): VaultError {
  if (error instanceof VaultError) return error;
  const code = (error as { code?: unknown }).code;
  if (code === "ENOENT") return new VaultError("MISSING", `Cannot open "${path}": there is no such file`);
  if (code === "ELOOP") return unsafe(path, "a symbolic link");
  return new VaultError("UNSAFE_FILE", `Cannot open "${path}": ${code ?? "unknown fault"}`, undefined, {
    cause: error,
  });
}

function unsafe(path: string, state: string, hint?: string): VaultError {
  return new VaultError("UNSAFE_FILE", `Cannot open "${path}": ${state}`, hint);
}
