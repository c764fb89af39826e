/**
 * Is this log what was written? Walks every line from the first and names the first that is not sound.
 * What this can and cannot find is docs/audit.md, "What is detected".
 */
import * as fs from "node:fs";
import { basename } from "node:path";
import { headMacHolds, keyIdOf, keyNamed, macHolds, sha256Hex } from "./chain.ts";
import { AuditFileError, headFile, listFiles, logFile, MAX_FILE_BYTES, openFile, withLock } from "./files.ts";
import { type Head, readHead } from "./head.ts";
import { alarmPhrase } from "./own_lines.ts";
import { type AuditRecord, MAX_LINE_BYTES, NO_HASH, OWN_EVENT } from "./record.ts";
import { soundRecord } from "./tail.ts";

/**
 * `keyed`: the MACs were checked and hold. `uncovered`: lines at the end that no keyed line vouches for yet.
 * Line numbers count from 1 within `file`; 0 means the file as a whole.
 */
export type VerifyResult =
  | { ok: true; lines: number; keyed: boolean; uncovered: number }
  | { ok: false; file: string; line: number; reason: string };

/** Lines of the log about itself that vouch for what stands above them. */
const VOUCHING: readonly string[] = ["begins", "checkpoint", "key_change"];

interface Fault {
  file: string;
  line: number;
  reason: string;
}

/**
 * Verifies the log in `dir`. Without `key` (K_audit) only the chain is checked, which whoever can write the files
 * can also recompute. With it, the log is expected to have been covered (`AuditLog.cover`) since the key exists.
 * `earlier`: the keys of earlier epochs, oldest first; lines under them are checked as long as none of a later one stands
 * above.
 */
export function verifyAudit(
  dir: string,
  key: Uint8Array | null,
  earlier: readonly Uint8Array[] = [],
): VerifyResult {
  try {
    if (listFiles(dir).length === 0) {
      const head = readHead(dir);
      if (head === null || (head !== "damaged" && head.seq === 0)) {
        return { ok: true, lines: 0, keyed: false, uncovered: 0 };
      }
      return {
        ok: false,
        file: basename(headFile(dir)),
        line: 0,
        reason: "the head file names a line, but there is no log",
      };
    }
    // Appenders only add: what stood at this moment can be read without holding them up.
    const { head, files } = withLock(dir, () => ({
      head: readHead(dir),
      files: listFiles(dir).map((n) => ({ n, path: logFile(dir, n), size: Deno.lstatSync(logFile(dir, n)).size })),
    }));
    const keys = key === null ? [] : [...earlier, key];
    const walk = new ForwardWalk(keys, head === "damaged" ? null : head);
    for (const { n, path, size } of files) {
      const fault = walk.file(n, path, size);
      if (fault !== null) return { ok: false, ...fault };
    }
    const fault = walk.end() ?? headFault(dir, head, keys, walk);
    if (fault !== null) return { ok: false, ...fault };
    return { ok: true, lines: walk.seq, keyed: walk.keyedLines > 0 && key !== null, uncovered: walk.uncovered };
  } catch (error) {
    if (!(error instanceof AuditFileError)) throw error;
    return { ok: false, file: "", line: 0, reason: error.message };
  }
}

function headFault(
  dir: string,
  head: Head | null | "damaged",
  keys: readonly Uint8Array[],
  walk: ForwardWalk,
): Fault | null {
  const fault = (reason: string): Fault => ({ file: basename(headFile(dir)), line: 0, reason });
  if (head === "damaged") return fault("the head file is damaged");
  if (head === null) {
    if (walk.keyedLines > 0) return fault("the head file is missing although the log has keyed lines");
    return keys.length === 0 ? null : fault("no line of this log is keyed and the head file is missing");
  }
  if (keys.length === 0) return null;
  const signer = keyNamed(head.keyId, keys);
  if (signer === null) return fault("the head file was written under another key");
  if (!headMacHolds(signer, head.seq, head.hash, head.mac)) return fault("the MAC of the head file does not match");
  if (signer === keys.at(-1)) return null;
  return fault("the log ends under an earlier key: the present one did not take it over, or what followed was cut off");
}

class ForwardWalk {
  seq = 0;
  keyedLines = 0;
  uncovered = 0;
  /** Oldest first; none where only the chain is checked. */
  readonly #keys: readonly Uint8Array[];
  readonly #ids: readonly string[];
  readonly #head: Head | null;
  /** Which key the last keyed line was written under; −1 before the first. */
  #epoch = -1;
  #hash = NO_HASH;
  #files = 0;
  /** The bytes of the line before, sound or not. */
  #before: Uint8Array = new Uint8Array(0);
  /** A line that is bad unless the next one closes it off as torn. */
  #pending: Fault | null = null;
  #place = { file: "", line: 0 };
  #lastKeyed = "the beginning";

  constructor(keys: readonly Uint8Array[], head: Head | null) {
    this.#keys = keys;
    this.#ids = keys.map(keyIdOf);
    this.#head = head;
  }

  /** Takes the first `size` bytes of file `n`; returns the first fault. */
  file(n: number, path: string, size: number): Fault | null {
    const name = basename(path);
    if (n !== ++this.#files) return { file: name, line: 0, reason: "a file before this one is missing" };
    if (size > 2 * MAX_FILE_BYTES) {
      return { file: name, line: 0, reason: "the file is larger than any that is written" };
    }
    const bytes = readBytes(path, size);
    let start = 0;
    for (let line = 1; start < bytes.length; line++) {
      const newline = bytes.indexOf(0x0a, start);
      const end = newline < 0 ? bytes.length : newline;
      this.#place = { file: name, line };
      const fault = this.#line(bytes.subarray(start, end), newline >= 0);
      if (fault !== null) return fault;
      start = end + 1;
    }
    return null;
  }

  /** After the last file. */
  end(): Fault | null {
    if (this.#pending !== null) return this.#pending;
    if (this.#head === null || this.#head.seq <= this.seq) return null;
    const missing = this.#head.seq - this.seq;
    const reason =
      `the log was cut here: the head file names line ${this.#head.seq}, so at least ${missing} are missing`;
    return { file: this.#place.file, line: this.#place.line + 1, reason };
  }

  #line(bytes: Uint8Array, closed: boolean): Fault | null {
    const record = closed ? soundRecord(bytes) : null;
    const before = this.#before;
    this.#before = bytes;
    if (record === null) {
      const fault = this.#fault(!closed ? "the line is torn" : shapeOf(bytes));
      if (this.#pending !== null) return this.#pending;
      this.#pending = fault;
      return null;
    }
    const closesOff = record.event === OWN_EVENT && record.code === "torn_tail";
    if (this.#pending !== null && !(closesOff && record.ref === sha256Hex(before))) return this.#pending;
    this.#pending = null;
    return this.#chain(record) ?? this.#own(record, before) ?? this.#mac(record) ?? this.#headLine(record);
  }

  #chain(record: AuditRecord): Fault | null {
    if (record.seq !== this.seq + 1) {
      const missing = record.seq - this.seq - 1;
      const reason = missing > 0
        ? `line ${this.seq + 1} of the log is missing, this is line ${record.seq}`
        : `line ${record.seq} of the log stands where line ${this.seq + 1} belongs`;
      return this.#fault(reason);
    }
    if (record.prev !== this.#hash) return this.#fault("it does not follow from the line before");
    this.seq = record.seq;
    this.#hash = record.hash;
    return null;
  }

  /** Lines of the log about itself must be true. */
  #own(record: AuditRecord, before: Uint8Array): Fault | null {
    if (record.event !== OWN_EVENT) return null;
    const said = alarmPhrase(record.code);
    if (said !== null) return this.#fault(`tacit recorded an alarm: ${said}`);
    if (record.code === "torn_tail") {
      return record.ref === sha256Hex(before) ? null : this.#fault("it closes off another line than the one before");
    }
    if (!VOUCHING.includes(record.code)) return this.#fault("it is of no known kind");
    const sound = record.to === record.seq - 1 && record.ref === record.prev && (record.from ?? 0) >= 1;
    return sound ? null : this.#fault("the checkpoint does not name the line before");
  }

  #mac(record: AuditRecord): Fault | null {
    if (record.key === null) {
      this.uncovered++;
      return null;
    }
    this.keyedLines++;
    this.uncovered = 0;
    const fault = this.#keys.length === 0 ? null : this.#keyOf(record, record.key);
    if (fault !== null) return fault;
    this.#lastKeyed = `line ${record.seq}`;
    return null;
  }

  /** A line is under the key of the lines above, or takes them over under a later one. */
  #keyOf(record: AuditRecord, keyId: string): Fault | null {
    const epoch = this.#ids.indexOf(keyId);
    const key = this.#keys[epoch];
    if (key === undefined) return this.#fault("it was written under another key");
    if (epoch < this.#epoch) {
      return this.#fault("it was written under an earlier key, after the log had been taken over under a later one");
    }
    if (!macHolds(record, key)) {
      return this.#fault(`its MAC does not match: it, or an unkeyed line since ${this.#lastKeyed}, was changed`);
    }
    const takesOver = record.event === OWN_EVENT && record.code === "key_change";
    if (this.#epoch !== -1 && epoch > this.#epoch && !takesOver) {
      return this.#fault("it was written under a later key, which did not take over the lines above");
    }
    this.#epoch = epoch;
    return null;
  }

  #headLine(record: AuditRecord): Fault | null {
    if (record.seq !== this.#head?.seq || record.hash === this.#head.hash) return null;
    return this.#fault("the head file names another line with this number: the end of the log was replaced");
  }

  #fault(reason: string): Fault {
    return { ...this.#place, reason };
  }
}

function shapeOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_LINE_BYTES) return "the line is too long";
  return "the line is not a record, or was changed: its hash does not match";
}

function readBytes(path: string, size: number): Uint8Array {
  const fd = openFile(path, "read");
  try {
    const bytes = new Uint8Array(size);
    let n = 0;
    while (n < size) {
      const got = fs.readSync(fd, bytes, n, size - n, n);
      if (got === 0) break;
      n += got;
    }
    return bytes.subarray(0, n);
  } finally {
    fs.closeSync(fd);
  }
}
