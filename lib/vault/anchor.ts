/**
 * What this machine remembers about the vault outside of it, so that an older or a forked file is noticed, and the
 * highest wall-clock time seen, so that expiry cannot be undone by setting the clock back. docs/format.md, "Anchor".
 *
 * Both files are MACed under K_anchor. Whoever can write them can also delete them: a missing one is a warning, not
 * a proof of anything.
 */
import { dirname } from "node:path";
import { replaceFile } from "../atomic_file.ts";
import { concat, u16, u32, u64, utf8 } from "../bytes.ts";
import { equalConstantTime, hmacSha256 } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { VaultError } from "./fault.ts";
import { guardDirectory, readGuarded } from "./guarded_file.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAC_LENGTH } from "./layout.ts";
import type { VaultState } from "./state.ts";

const VERSION = 1;
const ANCHOR_MAGIC = utf8("ASVA");
const ANCHOR_LENGTH = 4 + 2 + 2 + 16 + 4 + 8 + 32 + 8 + MAC_LENGTH;
const CLOCK_MAGIC = utf8("ASVC");
const CLOCK_LENGTH = 4 + 2 + 2 + 16 + 8 + MAC_LENGTH;

/** The newest state of a vault that this machine has seen. */
export interface Anchor {
  epoch: number;
  generation: number;
  lastMac: Uint8Array;
  /** Highest wall-clock time seen at a save, Unix milliseconds. */
  seen: number;
}

/** The anchor, or why there is none to rely on. */
export function readAnchor(homes: Homes, keys: KeyTree): Anchor | "missing" | "unusable" {
  const body = readMaced(homes.anchor, ANCHOR_MAGIC, ANCHOR_LENGTH, keys);
  if (typeof body === "string") return body;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return {
    epoch: view.getUint32(24),
    generation: Number(view.getBigUint64(28)),
    lastMac: body.slice(36, 68),
    seen: Number(view.getBigUint64(68)),
  };
}

/**
 * Remembers `state`, and `now` if it is higher than the time on record.
 * @throws {Error} if it cannot be made durable; the vault itself is not affected.
 */
export function writeAnchor(homes: Homes, keys: KeyTree, state: VaultState, now: number): void {
  const before = readAnchor(homes, keys);
  const seen = Math.max(now, typeof before === "string" ? 0 : before.seen);
  const body = concat(
    head(ANCHOR_MAGIC, keys),
    u32(state.header.epoch),
    u64(state.generation),
    state.lastMac,
    u64(seen),
  );
  writeMaced(homes.anchor, body, keys);
}

/**
 * Refuses a state that is not the anchor's or a later one.
 * @throws {VaultError} ROLLED_BACK or FORKED.
 */
export function checkAnchor(state: VaultState, anchor: Pick<Anchor, "generation" | "lastMac">): void {
  if (state.generation < anchor.generation) {
    throw new VaultError(
      "ROLLED_BACK",
      `Cannot open vault: it is at generation ${state.generation} and this machine has seen ${anchor.generation}`,
      "Find the newer file, or accept the older one explicitly: rotated and removed secrets come back with it",
    );
  }
  if (state.generation === anchor.generation && !equalConstantTime(state.lastMac, anchor.lastMac)) {
    throw new VaultError(
      "FORKED",
      `Cannot open vault: generation ${state.generation} has other contents than this machine has seen`,
      "Two copies were changed apart from each other: decide which one to keep",
    );
  }
}

/** The highest wall-clock time on record for this home, Unix milliseconds, or null if there is no usable record. */
export function readSeen(homes: Homes, keys: KeyTree): number | null {
  const body = readMaced(homes.clockFloor, CLOCK_MAGIC, CLOCK_LENGTH, keys);
  const clock = typeof body === "string"
    ? null
    : Number(new DataView(body.buffer, body.byteOffset, body.byteLength).getBigUint64(24));
  const anchor = readAnchor(homes, keys);
  if (typeof anchor === "string") return clock;
  return Math.max(anchor.seen, clock ?? 0);
}

/**
 * Records `now` (Unix milliseconds) unless a higher time is on record; returns the floor now in force. A write costs
 * an fsync: call it every minute or so, not at each use.
 * @throws {Error} if it cannot be made durable.
 */
export function writeSeen(homes: Homes, keys: KeyTree, now: number): number {
  const before = readSeen(homes, keys);
  if (before !== null && before >= now) return before;
  writeMaced(homes.clockFloor, concat(head(CLOCK_MAGIC, keys), u64(now)), keys);
  return now;
}

function head(magic: Uint8Array, keys: KeyTree): Uint8Array {
  return concat(magic, u16(VERSION), u16(0), keys.vaultId);
}

/** The bytes before the MAC, if it matches and they begin as `head` does. */
function readMaced(
  path: string,
  magic: Uint8Array,
  length: number,
  keys: KeyTree,
): Uint8Array | "missing" | "unusable" {
  let bytes: Uint8Array;
  try {
    bytes = readGuarded(path, length);
  } catch (error) {
    if (error instanceof VaultError) return error.fault === "MISSING" ? "missing" : "unusable";
    throw error;
  }
  if (bytes.length !== length) return "unusable";
  const body = bytes.subarray(0, length - MAC_LENGTH);
  const expected = head(magic, keys);
  const ours = equalConstantTime(hmacSha256(keys.anchor, body), bytes.subarray(body.length));
  return ours && equalConstantTime(body.subarray(0, expected.length), expected) ? body : "unusable";
}

function writeMaced(path: string, body: Uint8Array, keys: KeyTree): void {
  guardDirectory(dirname(path));
  replaceFile(path, concat(body, hmacSha256(keys.anchor, body)));
}
