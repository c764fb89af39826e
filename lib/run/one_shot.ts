/**
 * File injection: a value in a 0600 file that lives as long as the command. The directory is on tmpfs where the
 * platform has one (paths.ts); what a killed runner leaves behind is swept when a daemon starts.
 */
import { join } from "node:path";
import { overwriteFile } from "../overwrite.ts";
import type { Homes } from "../paths.ts";

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
        overwriteFile(path);
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
