/**
 * Which log this is, as opposed to another one in the same place: the vault remembers by it up to which epoch a log was
 * taken over. docs/audit.md, "Epochs".
 */
import * as fs from "node:fs";
import { sha256Hex } from "./chain.ts";
import { listFiles, logFile, openFile } from "./files.ts";
import { MAX_LINE_BYTES } from "./record.ts";

/**
 * Lower-case hex of SHA-256 over the first line of the log in `dir`, newline left out; null if there is none.
 * @throws {AuditFileError} if directory or file are not ours alone.
 */
export function logIdentity(dir: string): string | null {
  if (listFiles(dir)[0] !== 1) return null;
  const fd = openFile(logFile(dir, 1), "read");
  try {
    const bytes = new Uint8Array(MAX_LINE_BYTES);
    const start = bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.length, 0));
    const newline = start.indexOf(0x0a);
    return newline < 0 ? null : sha256Hex(start.subarray(0, newline));
  } finally {
    fs.closeSync(fd);
  }
}
