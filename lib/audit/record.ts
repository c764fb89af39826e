/**
 * One line of the audit log as it stands in the file, and the canonical text that is hashed. docs/audit.md, "Record".
 */
import { type AuditEntry, ENTRY_FIELDS, faultIn, matches, OWN_EVENT } from "./entry.ts";

export { type AuditDecision, type AuditEntry, OWN_EVENT } from "./entry.ts";

/** One line as it stands in the file. `from`, `to` and `ref` stand on lines of event `audit` only. */
export interface AuditRecord extends AuditEntry {
  /** Version of the record's form. */
  v: 1;
  /** 1 for the first line ever, +1 for each. */
  seq: number;
  /** Unix milliseconds. */
  time: number;
  /** First and last line that a checkpoint covers, or the lines an alarm speaks of. */
  from?: number;
  /** See `from`. */
  to?: number;
  /** Checkpoint: hash of line `to`. Torn tail and broken chain: sha256 of the bytes that are no record. */
  ref?: string;
  /** Identifies the MAC key (8 hex digits); null for a line written without a key. */
  key: string | null;
  /** Hash of the line before; 64 zeros on the first. */
  prev: string;
  /** sha256 of the canonical text of everything above. */
  hash: string;
  /** HMAC-SHA-256 over `hash`, null exactly if `key` is. */
  mac: string | null;
}

/** A record before it is sealed with `hash` and `mac`. */
export type UnsealedRecord = Omit<AuditRecord, "hash" | "mac">;

/** `prev` of the first line. */
export const NO_HASH: string = "0".repeat(64);

/** Upper bound of a line in bytes: all texts at their caps, in four-byte characters, fit; a reader stops here. */
export const MAX_LINE_BYTES = 32 * 1024;

const HEX64 = /^[0-9a-f]{64}$/;
const KEY_ID = /^[0-9a-f]{8}$/;

/** Every field in the order of the canonical text. */
const FIELDS = ["v", "seq", ...ENTRY_FIELDS, "from", "to", "ref", "key", "prev"] as const satisfies readonly (
  keyof UnsealedRecord
)[];

const KNOWN: ReadonlySet<string> = new Set([...FIELDS, "hash", "mac"]);

/** The text that is hashed: JSON without spaces, fields in fixed order, absent ones left out. */
export function canonicalText(record: UnsealedRecord): string {
  const ordered: Record<string, unknown> = {};
  for (const field of FIELDS) if (record[field] !== undefined) ordered[field] = record[field];
  return JSON.stringify(ordered);
}

/** The line of a sealed record, without its newline. */
export function lineOf(record: AuditRecord): string {
  return sealText(canonicalText(record), record.hash, record.mac);
}

/** A line from its canonical text and its seal. */
export function sealText(canonical: string, hash: string, mac: string | null): string {
  return `${canonical.slice(0, -1)},"hash":"${hash}","mac":${mac === null ? "null" : `"${mac}"`}}`;
}

/**
 * Reads one line strictly: closed fields, each in its grammar, and exactly the canonical text. The seal's form is
 * checked here, its truth in chain.ts. Returns null for anything else.
 */
export function parseLine(line: string): AuditRecord | null {
  let record: AuditRecord;
  try {
    record = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) return null;
  for (const key of Object.keys(record)) if (!KNOWN.has(key)) return null;
  const own = record.event === OWN_EVENT;
  const counts = [record.from, record.to].filter((n) => n !== undefined);
  const sound = record.v === 1 && Number.isSafeInteger(record.seq) && record.seq >= 1 &&
    faultIn(record as unknown as Record<string, unknown>) === null &&
    (own || (record.from === undefined && record.to === undefined && record.ref === undefined)) &&
    counts.every((n) => Number.isSafeInteger(n) && n >= 0) &&
    (record.ref === undefined || matches(record.ref, HEX64)) &&
    (record.key === null ? record.mac === null : matches(record.key, KEY_ID) && matches(record.mac, HEX64)) &&
    matches(record.prev, HEX64) && matches(record.hash, HEX64);
  return sound && lineOf(record) === line ? record : null;
}
