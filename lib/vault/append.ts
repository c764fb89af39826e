/**
 * Adds one frame to a vault file and makes it durable. docs/format.md, "Save protocol".
 *
 * What stood in the file before is never touched. If anything fails, the file is cut back to where it ended, so that
 * the frame which was refused is not found there later.
 */
import { closeSync, fdatasyncSync, ftruncateSync, readSync } from "node:fs";
import { writeAll } from "../atomic_file.ts";
import { VaultError } from "./fault.ts";
import { openGuardedForWriting } from "./guarded_file.ts";
import { sameStanding, type Standing, standingOf } from "./standing.ts";

/** Written, and not proven durable: the kernel may have dropped the pages, so nothing may be added behind them. */
export class UnsyncedError extends Error {
  constructor(cause: unknown) {
    super("Cannot make the end of the vault durable", { cause });
    this.name = "UnsyncedError";
  }
}

/**
 * Adds `frame` to the file at `path`, which stands as `before` says and is locked. Returns what `prove` makes of the frame
 * as it reads back, and how the file stands afterwards.
 * @throws {VaultError} WRITE_FAILED if the file is another one than before.
 * @throws {UnsyncedError} if the sync failed; {Error} with a `code` if nothing but a part of the frame was written.
 * @throws what `prove` throws.
 */
export function appendFrame<T>(
  path: string,
  before: Standing,
  frame: Uint8Array,
  prove: (stored: Uint8Array) => T,
): { standing: Standing; proven: T } {
  const fd = openGuardedForWriting(path);
  const end = Number(before.size);
  try {
    if (!sameStanding(standingOf(fd), before)) {
      throw new VaultError("WRITE_FAILED", "Cannot save vault: its file was exchanged while it was locked");
    }
    try {
      writeAll(fd, frame, end);
      sync(fd);
      const proven = prove(readBack(fd, end, frame.length));
      return { standing: standingOf(fd), proven };
    } catch (error) {
      cutBack(fd, end);
      throw error;
    }
  } finally {
    closeSync(fd);
  }
}

/** Contents and size; the other metadata of the file need not survive. */
function sync(fd: number): void {
  try {
    fdatasyncSync(fd);
  } catch (cause) {
    throw new UnsyncedError(cause);
  }
}

function readBack(fd: number, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const n = readSync(fd, bytes, at, length - at, from + at);
    if (n === 0) return bytes.subarray(0, at);
    at += n;
  }
  return bytes;
}

/**
 * Where this fails too, a reader finds a torn tail or a whole frame that nobody was told of; it copes with both. Synced,
 * so that a backup which the next save makes of this file does not come back from a power cut with the frame in it.
 */
function cutBack(fd: number, end: number): void {
  try {
    ftruncateSync(fd, end);
    fdatasyncSync(fd);
  } catch {
    // The first failure is what the caller has to hear.
  }
}
