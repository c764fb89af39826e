/** Values in files on their way out: overwritten before they are removed. */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";

/** No value is larger (docs/format.md); what a file has beyond was not ours to write. */
const MAX_BYTES = 1_048_576;
/** Zeros written at once. */
const CHUNK_BYTES = 65_536;

/**
 * Overwrites the plain file `path` of one name with zeros; anything else is left as it is: what another process put in
 * its place may lead elsewhere, or never open.
 * @throws {Error} with a `code` if it cannot be opened or written.
 */
export function overwriteFile(path: string): void {
  const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_WRONLY | (Deno.build.os === "windows" ? 0 : O_NOFOLLOW | O_NONBLOCK));
  try {
    const info = fstatSync(fd);
    if (!info.isFile() || info.nlink !== 1) return;
    const zeros = new Uint8Array(CHUNK_BYTES);
    for (let left = Math.min(info.size, MAX_BYTES); left > 0;) {
      left -= writeSync(fd, zeros, 0, Math.min(left, CHUNK_BYTES));
    }
  } finally {
    closeSync(fd);
  }
}
