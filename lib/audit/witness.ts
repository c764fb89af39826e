/**
 * What the log can witness about the vault: that this machine has used it, and which generation it had. A second record
 * beside the anchor, which whoever can write the state directory could delete. docs/audit.md, "Generation".
 */
import { hashHolds, headMacHolds, keyIdOf, macHolds } from "./chain.ts";
import { readHead } from "./head.ts";
import { recordsBackward } from "./query.ts";
import { type AuditRecord, lineOf } from "./record.ts";

/** Keyed lines that are looked at: one of the newest few names a generation, but in logs from before they did. */
const MOST_LINES = 4096;

/** Proven by K_audit: someone who held the vault's key wrote this log. */
export interface Witness {
  /** Generation that the newest keyed line names, or null if none does. */
  generation: number | null;
}

/**
 * What the log in `dir` witnesses under `key` (K_audit), or null if no line and no head of it was made with that key.
 * Lines without a key are passed over: anyone of this user can write them.
 * @throws {AuditFileError} if a file is not ours alone.
 */
export function witnessOf(dir: string, key: Uint8Array): Witness | null {
  let known = headHolds(dir, key);
  let looked = 0;
  for (const record of keyedBackward(dir, key)) {
    known = true;
    if (record.generation !== undefined) return { generation: record.generation };
    if (++looked === MOST_LINES) break;
  }
  return known ? { generation: null } : null;
}

/**
 * Lines of `events` about secrets that were written when the vault had `generation` or a later one: what such a file
 * does not hold yet. Oldest first.
 * @throws {AuditFileError} as above.
 */
export function keyedSince(
  dir: string,
  key: Uint8Array,
  generation: number,
  events: readonly string[],
): AuditRecord[] {
  const found: AuditRecord[] = [];
  for (const record of keyedBackward(dir, key)) {
    if (record.generation !== undefined && record.generation < generation) break;
    if (record.secret !== undefined && record.generation !== undefined && events.includes(record.event)) {
      found.push(record);
    }
  }
  return found.reverse();
}

function* keyedBackward(dir: string, key: Uint8Array): Generator<AuditRecord> {
  const keyId = keyIdOf(key);
  for (const record of recordsBackward(dir, (line) => line.includes(`"key":"${keyId}"`))) {
    if (record.key === keyId && hashHolds(lineOf(record), record) && macHolds(record, key)) yield record;
  }
}

function headHolds(dir: string, key: Uint8Array): boolean {
  const head = readHead(dir);
  return head !== null && head !== "damaged" && head.keyId === keyIdOf(key) &&
    headMacHolds(key, head.seq, head.hash, head.mac);
}
