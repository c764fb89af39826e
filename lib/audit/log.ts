/**
 * The audit log as its writers see it. No line, no use: `append` returns once every line is on disk, or throws.
 *
 * Several processes may append (the daemon; `unlock` and `passwd` when they fail): each takes the lock, reads what
 * others added, and continues their chain. What does not follow from the line this process saw last is recorded in
 * the log itself, where it stays. docs/audit.md, "Writing".
 */
import * as fs from "node:fs";
import { utf8 } from "../bytes.ts";
import { headMacHolds, keyIdOf, keyNamed, seal } from "./chain.ts";
import { type AuditEntry, cleanEntry, OWN_EVENT } from "./entry.ts";
import {
  AuditFileError,
  headFile,
  listFiles,
  logFile,
  makeDirectory,
  MAX_FILE_BYTES,
  openFile,
  standing,
  syncDirectory,
  withLock,
  writeAll,
} from "./files.ts";
import { beginHead, type Head, readHead, syncHead, writeHead } from "./head.ts";
import { hasKeyedLine } from "./query.ts";
import { alarm, checkpoint, damageLine, type Draft, keyChange, LOG_ALARMS, type LogAlarm } from "./own_lines.ts";
import { NO_HASH } from "./record.ts";
import { type Place, readTail, type Tail } from "./tail.ts";

export type { AuditEntry } from "./entry.ts";

/** The log could not take the line: whatever the line was to permit must not happen. */
export class AuditWriteError extends Error {
  /** Tells this error from others across module copies. */
  override name = "AuditWriteError";
  /** The step that helps. */
  readonly hint: string;

  /** `message` names the directory and the state. */
  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** What `cover` found between the last keyed line and now; `reason` is a phrase for people. */
export type CoverResult = { ok: true; covered: number } | { ok: false; reason: string };

/** A keyed checkpoint stands at least this often, in lines. */
const CHECKPOINT_EVERY = 1024;

/** One process's way to write to a log. It holds no file open and no key. */
export class AuditLog {
  readonly #dir: string;
  readonly #now: () => number;
  /** The end of the log when it was last in order; what is read later must continue it. */
  #known: Tail | null = null;
  /** Inode of the last file, as this process left it. */
  #inode: number | null = null;
  /** Highest line number that this process ever saw. */
  #seen = 0;
  /** True once this process looked whether the log ends as its head says. */
  #examined = false;

  /** Reads nothing yet: `open` is the way to a log. */
  constructor(dir: string, now: () => number = Date.now) {
    this.#dir = dir;
    this.#now = now;
  }

  /**
   * Opens the log in `dir`, which is made if it is missing. A line torn by a crash is closed off and recorded.
   * @throws {AuditWriteError} if directory or files are not ours alone, or the repair cannot be written.
   */
  // deno-lint-ignore require-await -- the door is asynchronous so that a slower store may stand behind it
  static async open(dir: string, now: () => number = Date.now): Promise<AuditLog> {
    const log = new AuditLog(dir, now);
    log.#locked(() => {
      const tail = log.#refresh();
      if (tail.damage !== null) log.#write(tail, [], null);
    });
    return log;
  }

  /**
   * Writes one line, or several at once, and forces them to disk. With `key` (K_audit, 32 bytes) they are keyed;
   * without, they are chained only, until `cover`. A log that ends under another key and was never written under this
   * one gets them unkeyed too: whether it may be taken over is for `cover` to judge.
   * @throws {AuditWriteError} if they are not all durably written: then nothing that they permit may happen.
   * @throws {TypeError} on an entry outside the closed set of fields; nothing is written.
   */
  append(entry: AuditEntry | readonly AuditEntry[], key: Uint8Array | null): void {
    const drafts = (Array.isArray(entry) ? entry as readonly AuditEntry[] : [entry as AuditEntry]).map(cleanEntry);
    this.#locked(() => {
      if (key === null || this.#examined) this.#write(this.#refresh(), drafts, key);
      else this.#writeFirst(drafts, key);
    });
  }

  /**
   * At unlock: checks everything since the last keyed line and vouches for it by a keyed line. If it does not hold,
   * that line is an alarm instead, so that the fault stays on record, and the reason is returned.
   *
   * `earlier` are the keys, oldest first, under which the log may still end: the first unlock after a change of the key
   * takes it over from one of them. Later ones pass none, so that nobody who kept an old key can end the log under it.
   * @throws {AuditWriteError} as `append`.
   */
  cover(key: Uint8Array, earlier: readonly Uint8Array[] = []): CoverResult {
    return this.#locked(() => {
      const { since, signer, fault, tail: found } = this.#examine([...earlier, key]);
      const takesOver = signer !== null && signer !== key;
      let tail = found;
      if (takesOver && tail.damage?.code === "torn_tail") {
        // A new key begins with the line that takes the others over, not with a repair.
        this.#write(tail, [], null);
        tail = this.#known ?? tail;
      }
      const damage = tail.damage === null || tail.damage.code === "torn_tail" ? null : tail.damage.code;
      const code = fault ?? damage;
      const vouch = takesOver ? keyChange : checkpoint;
      if (code === null) this.#write(tail, [], key, (seq, hash) => vouch(since.seq + 1, seq, hash));
      else this.#write(tail, fault === null ? [] : [alarm(fault, 1, tail.seq)], key);
      syncHead(this.#dir);
      this.#examined = true;
      return code === null ? { ok: true, covered: tail.seq - since.seq } : { ok: false, reason: LOG_ALARMS[code] };
    });
  }

  /** Time of the last line that this process saw, Unix milliseconds; 0 if the log is empty. */
  lastTime(): number {
    return this.#known?.time ?? 0;
  }

  /** The first keyed line of a process that did not cover. It renews the head, so what the old one tells comes first. */
  #writeFirst(drafts: Draft[], key: Uint8Array): void {
    const { fault, tail } = this.#examine([key]);
    if (fault === "head_of_other_key" && !hasKeyedLine(this.#dir, keyIdOf(key))) return this.#write(tail, drafts, null);
    this.#write(tail, fault === null ? drafts : [alarm(fault, 1, tail.seq), ...drafts], key);
    this.#examined = true;
  }

  /** The head, by which of `keys` it was made, and the end of the log as far back as the head's line. */
  #examine(
    keys: readonly Uint8Array[],
  ): { since: Place; signer: Uint8Array | null; fault: LogAlarm | null; tail: Tail } {
    const head = readHead(this.#dir);
    const signer = head === null || head === "damaged" ? null : keyNamed(head.keyId, keys);
    const fault = this.#headFault(head, signer);
    const since = head === null || head === "damaged" ? { seq: 0, hash: NO_HASH } : head;
    if (fault === null) this.#seen = Math.max(this.#seen, since.seq);
    // A head that cannot be trusted names no line to read back to.
    return { since, signer, fault, tail: this.#judge(readTail(this.#dir, fault === null ? since : null)) };
  }

  #headFault(head: Head | null | "damaged", signer: Uint8Array | null): LogAlarm | null {
    if (head === null) return hasKeyedLine(this.#dir) ? "head_missing" : null;
    if (head === "damaged") return "head_forged";
    if (signer === null) return "head_of_other_key";
    return headMacHolds(signer, head.seq, head.hash, head.mac) ? null : "head_forged";
  }

  /** The end of the log now, with what other processes added, or did to it. */
  #refresh(): Tail {
    const known = this.#known;
    const file = listFiles(this.#dir).at(-1) ?? 0;
    const now = file === 0 ? null : standing(logFile(this.#dir, file));
    const same = known?.file === file && known.size === (now?.size ?? 0) && this.#inode === (now?.inode ?? null);
    if (known !== null && same) return known;
    return this.#judge(readTail(this.#dir, known === null || known.seq === 0 ? null : known));
  }

  #judge(tail: Tail): Tail {
    const known = this.#known;
    if (known !== null && tail.seq < known.seq) tail.damage = { code: "log_cut" };
    tail.time = Math.max(tail.time, known?.time ?? 0);
    this.#seen = Math.max(this.#seen, tail.seq);
    // Damage is forgotten only once it stands in the log.
    if (tail.damage === null) {
      this.#known = tail;
      this.#inode = tail.file === 0 ? null : standing(logFile(this.#dir, tail.file))?.inode ?? null;
    }
    return tail;
  }

  /** Writes what the tail's damage calls for, `drafts`, and the checkpoint that is due. The caller holds the lock. */
  #write(tail: Tail, drafts: Draft[], key: Uint8Array | null, last?: (seq: number, prev: string) => Draft): void {
    let { seq, hash, time } = tail;
    const keyId = key === null ? null : keyIdOf(key);
    let text = tail.open ? "\n" : "";
    const add = (draft: Draft) => {
      // Lines about the log itself are dated by its clock too, which a wall clock that was set back does not move.
      const at = draft.event === OWN_EVENT ? Math.floor(this.#now()) : draft.time;
      const sealed = seal({ ...draft, time: at, v: 1, seq: ++seq, key: keyId, prev: hash }, key);
      text += `${sealed.line}\n`;
      hash = sealed.hash;
      time = Math.max(time, at);
    };
    const damage = damageLine(tail, this.#seen);
    if (damage !== null) add(damage);
    for (const draft of drafts) add(draft);
    if (last !== undefined) add(last(seq, hash));
    const from = Math.floor(tail.seq / CHECKPOINT_EVERY) * CHECKPOINT_EVERY;
    if (key !== null && seq - from >= CHECKPOINT_EVERY) add(checkpoint(from + 1, seq, hash));

    // A keyed line without a head would look like one whose head was taken away.
    if (key !== null && readHead(this.#dir) === null) beginHead(this.#dir, key);
    // Until the write has succeeded, what stands in the file is not known.
    this.#inode = null;
    const { file, size, inode } = this.#put(tail, utf8(text));
    this.#known = { seq, hash, time, file, size, open: false, damage: null };
    this.#inode = inode;
    this.#seen = Math.max(this.#seen, seq);
    if (key !== null) writeHead(this.#dir, seq, hash, key);
  }

  #put(tail: Tail, bytes: Uint8Array): { file: number; size: number; inode: number } {
    // A torn line is closed off in its own file.
    const create = tail.file === 0 || (tail.size >= MAX_FILE_BYTES && !tail.open);
    const file = create ? tail.file + 1 : tail.file;
    const fd = openFile(logFile(this.#dir, file), "append", create);
    try {
      writeAll(fd, bytes);
      fs.fdatasyncSync(fd);
      if (create) syncDirectory(this.#dir);
      const info = fs.fstatSync(fd);
      return { file, size: info.size, inode: info.ino };
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Runs `action` under the lock, and turns every failure of the system into the one error that callers refuse by. */
  #locked<T>(action: () => T): T {
    try {
      makeDirectory(this.#dir);
      return withLock(this.#dir, action);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      const state = error instanceof AuditFileError ? error.message : failure(error);
      throw new AuditWriteError(`Cannot write audit log "${this.#dir}": ${state}`, hintFor(this.#dir), {
        cause: error,
      });
    }
  }
}

/** States by the system's name of the error, or its number where the runtime has no name for it. */
const FAILURES: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file may not grow any further",
  "os error 27": "the file may not grow any further",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EIO: "the disk reports an error",
};

function failure(error: unknown): string {
  if (!(error instanceof Error)) return "the system refused";
  const name = "code" in error && error.code !== undefined ? String(error.code) : "";
  const number = /os error [0-9]+/.exec(error.message)?.[0] ?? "";
  return FAILURES[name] ?? FAILURES[number] ?? (name || number || "the system refused");
}

function hintFor(dir: string): string {
  return `free disk space, or look at ${dir} and ${headFile(dir)}; tacit doctor says more`;
}
