/**
 * File injection: a value in a 0600 file that lives as long as the command. The directory is on tmpfs where the
 * platform has one (paths.ts); what a killed runner leaves behind is swept when a daemon starts.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Homes } from "../paths.ts";

/** Zeros written at once. */
const OVERWRITE_BYTES = 64 * 1024;

/** Files of one use; `remove()` overwrites and deletes them. */
export class OneShotFiles {
  readonly #directory: string;
  readonly #prefix = `${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  readonly #paths: string[] = [];

  constructor(homes: Homes) {
    this.#directory = homes.oneShot;
  }

  /**
   * Writes `value` and returns the file's path.
   * @throws {Error} if the directory is not ours alone or the file cannot be written.
   */
  write(name: string, value: Uint8Array): string {
    this.#prepare();
    // The daemon's sweep leaves files of a living process alone, by the id they begin with.
    const path = join(this.#directory, `${this.#prefix}-${name}`);
    const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    try {
      this.#paths.push(path);
      let at = 0;
      while (at < value.length) at += file.writeSync(value.subarray(at));
    } finally {
      file.close();
    }
    return path;
  }

  /** Deletes the files, overwriting them first; one that the command itself removed is no fault. */
  remove(): void {
    for (const path of this.#paths) {
      try {
        overwrite(path);
      } catch {
        // Already gone, or replaced by the command; removing below is what counts.
      }
      try {
        Deno.removeSync(path);
      } catch {
        // Gone.
      }
    }
    this.#paths.length = 0;
  }

  #prepare(): void {
    Deno.mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const info = Deno.lstatSync(this.#directory);
    const uid = Deno.uid();
    if (!info.isDirectory || (uid !== null && info.uid !== uid) || ((info.mode ?? 0) & 0o077) !== 0) {
      throw new Error(`Cannot write one-shot files to "${this.#directory}": the directory is not yours alone`);
    }
  }
}

/** Overwrites a plain file of one name: what the command put in its place may lead elsewhere, or never open. */
function overwrite(path: string): void {
  const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_WRONLY | (Deno.build.os === "windows" ? 0 : O_NOFOLLOW | O_NONBLOCK));
  try {
    const info = fstatSync(fd);
    if (!info.isFile() || info.nlink !== 1) return;
    for (let left = info.size; left > 0;) left -= writeSync(fd, new Uint8Array(Math.min(left, OVERWRITE_BYTES)));
  } finally {
    closeSync(fd);
  }
}
