/**
 * Changes the data key: every value and every record of the vault is sealed anew, the epoch rises by one, and whoever
 * kept the old key has a key to old copies only. docs/format.md, "Epochs".
 */
import type { KdfParams } from "../../wasm/argon2id.ts";
import { equalConstantTime, randomBytes } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { writeAnchor } from "./anchor.ts";
import { listBackups, listReplaced, removeBackups } from "./backups.ts";
import { readSeen, renewSeen, seenIsSound } from "./clock.ts";
import { EARLIER_KEYS, type EarlierKeys, withEarlierKeys } from "./earlier_keys.ts";
import { applyEdits, merged } from "./edits.ts";
import { VaultError } from "./fault.ts";
import { readGuarded } from "./guarded_file.ts";
import { parseHeader } from "./header.ts";
import { KEY_LENGTH, KeyTree } from "./key_tree.ts";
import { MAX_HEADER_LENGTH, PREAMBLE_LENGTH, SLOT_PASSPHRASE, SLOT_RECOVERY } from "./layout.ts";
import { withLock } from "./lock.ts";
import type { OpenedSlot } from "./open_slot.ts";
import { passphraseSlot } from "./passphrase.ts";
import { recoverySlot } from "./recovery_slot.ts";
import type { SlotContext } from "./slot.ts";
import { type Entry, nameKey, refuseNewer, type VaultState, writeState } from "./state.ts";
import { commitVault, loadVault } from "./store.ts";
import { INTERNAL_KIND } from "./record.ts";
import { openValue, sealValue } from "./value.ts";

/** Largest epoch of the format. */
const MAX_EPOCH = 0xffffffff;

/** What opens the vault afterwards. */
export interface NewWays {
  /** UTF-8, as for a new vault; left to the caller to wipe. */
  passphrase: Uint8Array;
  /** Cost of its slot. */
  kdf: KdfParams;
  /** 20 bytes of a new recovery code, or null for a vault without one. */
  recovery: Uint8Array | null;
}

/** What a change of the data key left behind. */
export interface KeyChange {
  /** Of the new data key. */
  epoch: number;
  /** Generation of the saved file. */
  generation: number;
  /** The new tree; the caller wipes it. The old one, wherever it is held, opens this vault no more. */
  keys: KeyTree;
  /** Backups under the old key, now removed. */
  backupsRemoved: number;
  /** Warnings for people. */
  notes: string[];
}

/**
 * Gives the vault a new data key. `opened` proves the old one and stays the caller's.
 * @throws {VaultError} READ_ONLY if the vault has a slot that only a newer version could renew; KDF_OUT_OF_BOUNDS and
 *   WRONG_SECRET as for a new vault; any fault of opening; BUSY, WRITE_FAILED. The old key is then still in force.
 */
export async function changeDataKey(homes: Homes, opened: OpenedSlot, ways: NewWays): Promise<KeyChange> {
  if (opened.epoch >= MAX_EPOCH) throw new VaultError("TOO_LARGE", "Cannot change data key: there is no further epoch");
  const context = { vaultId: opened.vaultId, epoch: opened.epoch + 1 };
  const dataKey = randomBytes(KEY_LENGTH);
  const keys = KeyTree.fromDataKey(dataKey, context.vaultId, context.epoch);
  try {
    const slots = [await passphraseSlot(ways.passphrase, ways.kdf, dataKey, context)];
    if (ways.recovery !== null) slots.push(recoverySlot(ways.recovery, dataKey, context));
    return await withLock(homes.vaultLock, () => {
      const { state, notes } = loadVault(homes, opened.keys, { locked: true });
      refuseNewer(state);
      refuseForeignSlots(state.header.slots.map((slot) => slot.type));
      const earlier = state.entries.get(nameKey({ name: EARLIER_KEYS, kind: INTERNAL_KIND }));
      const before = earlier && openEntry(earlier, opened.keys, state.header);
      const value = withEarlierKeys(before, opened.epoch, opened.keys);
      const edit = { op: "put_internal", name: EARLIER_KEYS, value } as const;
      const { changed } = applyEdits(state, state, [edit], opened.keys, Date.now());
      value.fill(0);
      const entries = [...merged(state, changed)].map((entry) =>
        resealed(entry, opened.keys, state.header, keys, context)
      );
      const header = { ...state.header, ...context, dkCommit: keys.commitment, slots };
      const seen = readSeen(homes, opened.keys);
      const bytes = writeState(header, state.generation + 1, entries, keys);
      if (seen !== null) noteSeen(homes, opened.keys, state, seen);
      const committed = commitVault(homes, keys, state, bytes, "no backup");
      notes.push(...committed.notes, ...renewRecords(homes, keys, committed.state, seen));
      const { removed, failed } = removeBackups([...listBackups(homes), ...listReplaced(homes)]);
      if (failed > 0) notes.push(`backups: ${failed} copies under the old key could not be removed`);
      return { epoch: context.epoch, generation: committed.state.generation, keys, backupsRemoved: removed, notes };
    });
  } catch (error) {
    keys.wipe();
    throw error;
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The latest time seen, if a crash left the record of it under one of `earlier` (oldest first); the record is then made
 * anew under `keys`, unless the disk does not take it. Null if the record is missing, sound, or none of ours.
 */
export function carrySeen(homes: Homes, keys: KeyTree, earlier: readonly EarlierKeys[]): number | null {
  if (seenIsSound(homes, keys)) return null;
  for (const { anchor } of earlier.toReversed()) {
    const old = { anchor, vaultId: keys.vaultId };
    const seen = seenIsSound(homes, old) ? readSeen(homes, old) : null;
    if (seen === null) continue;
    const latest = Math.max(seen, readSeen(homes, keys) ?? 0);
    try {
      renewSeen(homes, keys, latest);
    } catch { /* the next unlock tries again */ }
    return latest;
  }
  return null;
}

/** Removes the backups of earlier epochs, which a crash between the new file and their removal leaves behind. */
export function removeEarlierBackups(homes: Homes, keys: KeyTree, epoch: number): { removed: number; failed: number } {
  return removeBackups(
    [...listBackups(homes), ...listReplaced(homes)].filter(({ path }) => {
      try {
        const header = parseHeader(readGuarded(path, PREAMBLE_LENGTH + MAX_HEADER_LENGTH, false));
        return equalConstantTime(header.vaultId, keys.vaultId) && header.epoch < epoch;
      } catch (error) {
        if (error instanceof VaultError) return false;
        throw error;
      }
    }),
  );
}

/** The same record under the new key, opened again before it counts: the old file will be gone. */
function resealed(entry: Entry, from: KeyTree, old: SlotContext, to: KeyTree, context: SlotContext): Entry {
  const address = { id: entry.id, rev: entry.meta.rev };
  const value = openEntry(entry, from, old);
  const blob = sealValue(to, context, address, value);
  const again = openValue(to, context, address, blob);
  const same = equalConstantTime(value, again);
  value.fill(0);
  again.fill(0);
  if (!same) throw new VaultError("WRITE_FAILED", "Cannot change data key: a value does not read back as sealed");
  return { ...entry, blob };
}

function openEntry(entry: Entry, keys: KeyTree, context: SlotContext): Uint8Array {
  return openValue(keys, context, { id: entry.id, rev: entry.meta.rev }, entry.blob);
}

function refuseForeignSlots(types: number[]): void {
  const foreign = types.find((type) => type !== SLOT_PASSPHRASE && type !== SLOT_RECOVERY);
  if (foreign === undefined) return;
  throw new VaultError(
    "READ_ONLY",
    `Cannot change data key: this version cannot renew a key slot of type ${foreign}`,
    "Update tacit on this machine, or remove that slot first",
  );
}

/**
 * The latest time seen, in both records of it before either passes to the new key: whichever a crash leaves under the old
 * one then has it.
 * @throws {VaultError} WRITE_FAILED.
 */
function noteSeen(homes: Homes, keys: KeyTree, state: VaultState, seen: number): void {
  try {
    renewSeen(homes, keys, seen);
    writeAnchor(homes, keys, state, seen);
  } catch (cause) {
    throw new VaultError("WRITE_FAILED", "Cannot change data key: the latest time seen could not be noted", undefined, {
      cause,
    });
  }
}

/** The latest time seen must outlive the key under which it was written: an expiry must not be undone by this. */
function renewRecords(homes: Homes, keys: KeyTree, state: VaultState, seen: number | null): string[] {
  if (seen === null) return [];
  try {
    renewSeen(homes, keys, Math.max(seen, Date.now()));
    writeAnchor(homes, keys, state, seen);
    return [];
  } catch {
    return ["CLOCK: the record of the latest time seen could not be renewed"];
  }
}
