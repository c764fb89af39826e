/**
 * What this machine remembers about the vault outside of it, so that an older or a forked file is noticed.
 * docs/format.md, "Anchor". A missing anchor is a warning, not a proof of anything.
 */
import { concat, u32, u64, utf8 } from "../bytes.ts";
import { equalConstantTime } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { VaultError } from "./fault.ts";
import type { KeyTree } from "./key_tree.ts";
import { type MacKeys, readMaced, writeMaced } from "./maced_file.ts";
import type { VaultState } from "./state.ts";

const MAGIC = utf8("ASVA");
const LENGTH = 4 + 8 + 32 + 8;

/** The newest state of a vault that this machine has seen. */
export interface Anchor {
  /** Epoch of that state's data key. */
  epoch: number;
  /** Generation of that state. */
  generation: number;
  /** MAC of its last frame, 32 bytes. */
  lastMac: Uint8Array;
  /** Highest wall-clock time seen at a save, Unix milliseconds. */
  seen: number;
}

/** The anchor, or why there is none to rely on. */
export function readAnchor(homes: Homes, keys: MacKeys): Anchor | "missing" | "unusable" {
  const fields = readMaced(homes.anchor, MAGIC, LENGTH, keys);
  if (typeof fields === "string") return fields;
  const view = new DataView(fields.buffer);
  return {
    epoch: view.getUint32(0),
    generation: Number(view.getBigUint64(4)),
    lastMac: fields.slice(12, 44),
    seen: Number(view.getBigUint64(44)),
  };
}

/**
 * Remembers `state`, and `now` if it is higher than the time on record.
 * @throws {Error} if it cannot be made durable; the vault itself is not affected.
 */
export function writeAnchor(homes: Homes, keys: KeyTree, state: VaultState, now: number): void {
  const before = readAnchor(homes, keys);
  const seen = Math.max(now, typeof before === "string" ? 0 : before.seen);
  const fields = concat(u32(state.header.epoch), u64(state.generation), state.lastMac, u64(seen));
  writeMaced(homes.anchor, MAGIC, fields, keys);
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
