/**
 * What binds the lines of the log: the hash of each over the one before, and the MAC of those written while a key
 * is at hand. docs/audit.md, "Chain".
 *
 * Since a hash covers everything before it, one keyed line vouches for every line above it, keyed or not.
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { type AuditRecord, canonicalText, sealText, type UnsealedRecord } from "./record.ts";

/** Length of K_audit in bytes. */
const KEY_BYTES = 32;

// Each use of the key has a label of its own, so that no output of one can stand for another.
const KEY_ID_LABEL = "asv1/audit/key-id\0";
const LINE_LABEL = "asv1/audit/line\0";
const HEAD_LABEL = "asv1/audit/head\0";

/** Length of `,"hash":"…","mac":null}` and of the same with a MAC. */
const SEAL_UNKEYED = 86;
const SEAL_KEYED = 148;

let loaded: typeof import("node:crypto") | undefined;

/** Loaded at the first hash: programs that only read metadata or refuse early never pay for it. */
function crypto(): typeof import("node:crypto") {
  return loaded ??= process.getBuiltinModule("node:crypto");
}

/** Lower-case hex of sha256. */
export function sha256Hex(data: string | Uint8Array): string {
  return crypto().createHash("sha256").update(data).digest("hex");
}

function hmacHex(key: Uint8Array, label: string, data: string): string {
  if (key.length !== KEY_BYTES) throw new TypeError(`Cannot use audit key: expected ${KEY_BYTES} bytes`);
  return crypto().createHmac("sha256", key).update(label).update(data).digest("hex");
}

function sameHex(a: string, b: string): boolean {
  return a.length === b.length && crypto().timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** Public name of a key, eight hex digits: tells which key a line was written under. */
export function keyIdOf(key: Uint8Array): string {
  return hmacHex(key, KEY_ID_LABEL, "").slice(0, 8);
}

/** The one of `keys` that `keyId` names, or null. */
export function keyNamed(keyId: string, keys: readonly Uint8Array[]): Uint8Array | null {
  return keys.find((key) => keyIdOf(key) === keyId) ?? null;
}

/** Seals a record into its line. `record.key` must be `keyIdOf(key)`, or null without a key. */
export function seal(record: UnsealedRecord, key: Uint8Array | null): { line: string; hash: string } {
  const canonical = canonicalText(record);
  const hash = sha256Hex(canonical);
  return { line: sealText(canonical, hash, key === null ? null : hmacHex(key, LINE_LABEL, hash)), hash };
}

/** True if `record.hash` is the hash of `line`, the text that `record` was parsed from. */
export function hashHolds(line: string, record: AuditRecord): boolean {
  const canonical = line.slice(0, -(record.mac === null ? SEAL_UNKEYED : SEAL_KEYED)) + "}";
  return sha256Hex(canonical) === record.hash;
}

/** True if the record's MAC was made with `key`. */
export function macHolds(record: AuditRecord, key: Uint8Array): boolean {
  return record.mac !== null && sameHex(hmacHex(key, LINE_LABEL, record.hash), record.mac);
}

/** MAC of the head file: line `seq` has `hash`. */
export function headMac(key: Uint8Array, seq: number, hash: string): string {
  return hmacHex(key, HEAD_LABEL, `${seq}:${hash}`);
}

/** True if `mac` is the head file's MAC for that line. */
export function headMacHolds(key: Uint8Array, seq: number, hash: string, mac: string): boolean {
  return sameHex(headMac(key, seq, hash), mac);
}
