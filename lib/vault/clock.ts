/**
 * The highest wall-clock time seen, so that an expiry cannot be undone by setting the clock back.
 * docs/format.md, "Anchor". Each save also records the time in the anchor; the higher of both counts.
 */
import { u64, utf8 } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import { readAnchor } from "./anchor.ts";
import type { KeyTree } from "./key_tree.ts";
import { type MacKeys, readMaced, writeMaced } from "./maced_file.ts";

const MAGIC = utf8("ASVC");
const LENGTH = 8;

/** The highest wall-clock time on record for this home, Unix milliseconds, or null if there is no usable record. */
export function readSeen(homes: Homes, keys: MacKeys): number | null {
  const fields = readMaced(homes.clockFloor, MAGIC, LENGTH, keys);
  const clock = typeof fields === "string" ? null : Number(new DataView(fields.buffer).getBigUint64(0));
  const anchor = readAnchor(homes, keys);
  if (typeof anchor === "string") return clock;
  return Math.max(anchor.seen, clock ?? 0);
}

/** False if there is a record of time that this vault's key did not write; a missing one is sound. */
export function seenIsSound(homes: Homes, keys: MacKeys): boolean {
  return readMaced(homes.clockFloor, MAGIC, LENGTH, keys) !== "unusable";
}

/**
 * Records `now` (Unix milliseconds) unless a higher time is on record; returns the floor now in force. A write costs
 * an fsync: call it every minute or so, not at each use.
 * @throws {Error} if it cannot be made durable.
 */
export function writeSeen(homes: Homes, keys: KeyTree, now: number): number {
  const before = readSeen(homes, keys);
  if (before !== null && before >= now) return before;
  renewSeen(homes, keys, now);
  return now;
}

/**
 * Writes the record under `keys`, whatever stands there: after a change of the data key it is one of the key before.
 * @throws {Error} if it cannot be made durable.
 */
export function renewSeen(homes: Homes, keys: KeyTree, seen: number): void {
  writeMaced(homes.clockFloor, MAGIC, u64(seen), keys);
}
