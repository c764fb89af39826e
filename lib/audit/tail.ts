/**
 * The end of the log, read backwards: the last sound line, what lies behind it, and whether the way back to a known
 * line is unbroken. Reading stops at that line, so its cost is that of what was added since.
 */
import * as fs from "node:fs";
import { concat, utf8 } from "../bytes.ts";
import { hashHolds, sha256Hex } from "./chain.ts";
import { AuditFileError, listFiles, logFile, MAX_FILE_BYTES, openFile } from "./files.ts";
import { type AuditRecord, MAX_LINE_BYTES, NO_HASH, parseLine } from "./record.ts";

/** First step when reading backwards, in bytes; it doubles while a line is longer. */
const CHUNK = 64 * 1024;

/** A line of the log by number and hash; number 0 is the place before the first. */
export interface Place {
  seq: number;
  hash: string;
}

/** What is wrong with the end of the log: the code of the line that is to record it. */
export interface Damage {
  code: "torn_tail" | "chain_broken" | "log_cut";
  /** sha256 of the bytes that are no record. */
  ref?: string;
}

export interface Tail extends Place {
  /** Time of the last sound line, 0 if there is none. */
  time: number;
  /** Number and size of the last file; 0 and 0 if there is none. */
  file: number;
  size: number;
  /** True if the last byte is not a newline. */
  open: boolean;
  damage: Damage | null;
}

/** One line's bytes without its newline; `open` if it has none. */
interface RawLine {
  bytes: Uint8Array;
  open: boolean;
}

/**
 * The lines in the first `size` bytes of a file, last first.
 * @throws {AuditFileError} if it is larger than any that is written: without a newline it would be taken in whole.
 */
export function* linesBackward(fd: number, size: number): Generator<RawLine> {
  if (size > 2 * MAX_FILE_BYTES) {
    throw new AuditFileError("Cannot use audit file: it is larger than any that is written");
  }
  let buffer: Uint8Array = new Uint8Array(0);
  let at = size;
  let open = true;
  while (true) {
    const newline = buffer.lastIndexOf(0x0a);
    if (newline >= 0 || at === 0) {
      const bytes = buffer.subarray(newline + 1);
      // Behind the last newline there is an open line or nothing at all.
      if (!open || bytes.length > 0) yield { bytes, open };
      if (newline < 0) return;
      open = false;
      buffer = buffer.subarray(0, newline);
    } else {
      const chunk = new Uint8Array(Math.min(at, Math.max(CHUNK, buffer.length)));
      at -= chunk.length;
      for (let n = 0; n < chunk.length;) {
        const got = fs.readSync(fd, chunk, n, chunk.length - n, at + n);
        if (got === 0) throw new AuditFileError("Cannot use audit file: it became shorter while it was read");
        n += got;
      }
      buffer = concat(chunk, buffer);
    }
  }
}

/** The record that a line's bytes hold, if they are exactly one and its hash holds. */
export function soundRecord(bytes: Uint8Array): AuditRecord | null {
  if (bytes.length > MAX_LINE_BYTES) return null;
  let line: string;
  try {
    line = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  const record = parseLine(line);
  return record !== null && hashHolds(line, record) ? record : null;
}

/**
 * Reads the end of the log in `dir`. With `from`, reads back to that line and reports `log_cut` if it is not there,
 * `chain_broken` if a line on the way does not follow from the one before.
 */
export function readTail(dir: string, from: Place | null): Tail {
  const walk = new BackwardWalk(from);
  const files = listFiles(dir);
  let size = 0;
  for (const n of files.toReversed()) {
    const fd = openFile(logFile(dir, n), "read");
    try {
      const bytes = fs.fstatSync(fd).size;
      if (n === files.at(-1)) size = bytes;
      for (const line of linesBackward(fd, bytes)) if (walk.take(line)) return walk.result(files.at(-1) ?? 0, size);
    } finally {
      fs.closeSync(fd);
    }
  }
  walk.reachStart();
  return walk.result(files.at(-1) ?? 0, size);
}

class BackwardWalk {
  readonly #from: Place | null;
  #last: AuditRecord | null = null;
  /** The record after the place where the walk stands. */
  #later: AuditRecord | null = null;
  /** Lines at the end that are no records, last first. */
  #junk: Uint8Array[] = [];
  #open = false;
  #first = true;
  #damage: Damage | null = null;

  constructor(from: Place | null) {
    this.#from = from;
  }

  /** Takes the next line backwards; true ends the walk. */
  take({ bytes, open }: RawLine): boolean {
    if (this.#first) this.#open = open;
    this.#first = false;
    const record = soundRecord(bytes);
    if (this.#last === null) {
      if (record === null) {
        this.#junk.push(bytes);
        return false;
      }
      this.#last = record;
      this.#damage = this.#damageAtEnd(bytes);
    } else if (record === null) {
      // A torn line that was closed off is vouched for by the record after it.
      const closed = this.#later?.code === "torn_tail" && this.#later.ref === sha256Hex(bytes);
      return closed ? false : this.#break("chain_broken");
    } else if (this.#later?.seq !== record.seq + 1 || this.#later.prev !== record.hash) {
      return this.#break("chain_broken");
    }
    if (this.#from === null) return true;
    if (record.seq <= this.#from.seq) {
      const there = record.seq === this.#from.seq && record.hash === this.#from.hash;
      return there || this.#break("log_cut");
    }
    this.#later = record;
    return false;
  }

  /** The walk has passed the first line. */
  reachStart(): void {
    if (this.#last === null) this.#damage = this.#damageAtEnd(new Uint8Array(0));
    if (this.#from === null) return;
    const whole = this.#later === null ? this.#last === null : this.#later.seq === 1 && this.#later.prev === NO_HASH;
    if (this.#from.seq > 0 || !whole) this.#break("log_cut");
  }

  #damageAtEnd(line: Uint8Array): Damage | null {
    const junk = this.#junk.toReversed();
    if (junk.length === 0) return this.#open ? { code: "torn_tail", ref: sha256Hex(line) } : null;
    const bytes = concat(...junk.flatMap((part, i) => i === 0 ? [part] : [utf8("\n"), part]));
    // Zeros stand where a disk had made room and its bytes never arrived; nobody writes them.
    const torn = junk.length === 1 && (this.#open || bytes.includes(0));
    return { code: torn ? "torn_tail" : "chain_broken", ref: sha256Hex(bytes) };
  }

  #break(code: Damage["code"]): true {
    this.#damage = { code };
    return true;
  }

  result(file: number, size: number): Tail {
    const { seq, hash, time } = this.#last ?? { seq: 0, hash: NO_HASH, time: 0 };
    return { seq, hash, time, file, size, open: this.#open, damage: this.#damage };
  }
}
