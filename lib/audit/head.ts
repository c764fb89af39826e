/**
 * The head file: which line was the last keyed one. Without it, a log cut at its end would still be a sound chain.
 * docs/audit.md, "Head".
 *
 * It is written after its line is on disk and forced there at each unlock only, so it may lag behind the log after a
 * power failure, back to the line of the last unlock, and never runs ahead of it.
 */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { replaceFile } from "../atomic_file.ts";
import { utf8 } from "../bytes.ts";
import { headMac, keyIdOf } from "./chain.ts";
import { NO_HASH } from "./record.ts";
import { headFile, openFile, syncDirectory, writeAll } from "./files.ts";

/** Line `seq` of the log has `hash`, says the holder of the key named `keyId`. */
export interface Head {
  seq: number;
  hash: string;
  keyId: string;
  mac: string;
}

// Every part has a fixed width: the file is overwritten in place by one short write and never has another size.
const HEAD = /^tacit-audit-head 1 ([0-9]{16}) ([0-9a-f]{64}) ([0-9a-f]{8}) ([0-9a-f]{64})\n$/;
/** Longest that is read of it, in bytes; the file has 174. */
const MAX_HEAD_BYTES = 512;

/** The head, null if there is none, or `"damaged"`. */
export function readHead(dir: string): Head | null | "damaged" {
  let fd: number;
  try {
    fd = openFile(headFile(dir), "read");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    const buffer = new Uint8Array(MAX_HEAD_BYTES);
    const length = fs.readSync(fd, buffer, 0, buffer.length, 0);
    const match = HEAD.exec(new TextDecoder("latin1").decode(buffer.subarray(0, length)));
    if (match === null) return "damaged";
    const [, seq = "", hash = "", keyId = "", mac = ""] = match;
    return Number.isSafeInteger(Number(seq)) ? { seq: Number(seq), hash, keyId, mac } : "damaged";
  } finally {
    fs.closeSync(fd);
  }
}

/** Notes that line `seq` has `hash`. The caller holds the lock. */
export function writeHead(dir: string, seq: number, hash: string, key: Uint8Array): void {
  const path = headFile(dir);
  const text = headText(seq, hash, key);
  const fd = openFile(path, "write", !fs.existsSync(path));
  try {
    writeAll(fd, utf8(text));
    // Whatever stood there before, of any length, is gone.
    fs.ftruncateSync(fd, text.length);
  } finally {
    fs.closeSync(fd);
  }
}

function headText(seq: number, hash: string, key: Uint8Array): string {
  const mac = headMac(key, seq, hash);
  return `tacit-audit-head 1 ${String(seq).padStart(16, "0")} ${hash} ${keyIdOf(key)} ${mac}\n`;
}

/**
 * Makes the first head of a log, before its first keyed line: it vouches for nothing, and is on disk as a whole or not
 * at all. Once there are keyed lines, a head that is missing or empty is an alarm.
 */
export function beginHead(dir: string, key: Uint8Array): void {
  replaceFile(headFile(dir), utf8(headText(0, NO_HASH, key)));
}

/** Forces the head to disk, and its name, which the first unlock of a log made. */
export function syncHead(dir: string): void {
  const path = headFile(dir);
  const fd = openFile(path, "write");
  try {
    fs.fdatasyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  syncDirectory(dirname(path));
}
