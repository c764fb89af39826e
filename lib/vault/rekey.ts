/**
 * Changes what opens a vault. Needs the data key, hence a slot opened just now: a cached key tree does not suffice.
 * The data key itself stays, so whoever already extracted it keeps access; docs/format.md, "Rationale".
 */
import type { KdfParams } from "../../wasm/argon2id.ts";
import { equalConstantTime } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { VaultError } from "./fault.ts";
import { KeyTree } from "./key_tree.ts";
import { SLOT_PASSPHRASE, SLOT_RECOVERY } from "./layout.ts";
import { withLock } from "./lock.ts";
import type { OpenedSlot } from "./open_slot.ts";
import { passphraseSlot } from "./passphrase.ts";
import { recoverySlot } from "./recovery_slot.ts";
import { rewrapBackups } from "./rewrap.ts";
import type { Slot } from "./slot.ts";
import { refuseNewer, writeState } from "./state.ts";
import { commitVault, loadVault } from "./store.ts";

/** What a change of slots left behind. */
export interface SlotChange {
  /** Generation of the saved file. */
  generation: number;
  /** Backups that the retired passphrase or code opened, and that now open with what opens the vault. */
  backupsRewrapped: number;
  /** Those that could not be rewritten and were removed instead. */
  backupsRemoved: number;
  /** Those that could be neither: the retired passphrase or code still opens them. */
  backupsFailed: number;
  /** Warnings for people. */
  notes: string[];
}

/**
 * Replaces all passphrase slots by one that opens with `passphrase`. Daemons keep working and must `reload`.
 * @throws {VaultError} KDF_OUT_OF_BOUNDS, WRONG_SECRET for an unusable passphrase, READ_ONLY, BUSY, WRITE_FAILED.
 */
export async function setPassphrase(
  homes: Homes,
  opened: OpenedSlot,
  passphrase: Uint8Array,
  kdf: KdfParams,
): Promise<SlotChange> {
  const slot = await passphraseSlot(passphrase, kdf, opened.dataKey, opened);
  return await replaceSlots(homes, opened, ({ type }) => type === SLOT_PASSPHRASE, slot);
}

/**
 * Makes the passphrase slot that `opened` came from anew at the cost `kdf`, for the same `passphrase`; the other slots
 * stay.
 * @throws {VaultError} CONFLICT if that slot is no longer there; KDF_OUT_OF_BOUNDS, READ_ONLY, BUSY, WRITE_FAILED.
 */
export async function restretchPassphrase(
  homes: Homes,
  opened: OpenedSlot,
  passphrase: Uint8Array,
  kdf: KdfParams,
): Promise<SlotChange> {
  const slot = await passphraseSlot(passphrase, kdf, opened.dataKey, opened);
  return await replaceSlots(homes, opened, ({ id }) => equalConstantTime(id, opened.slotId), slot, "one at least");
}

/**
 * Replaces all recovery slots by one for these 20 bytes, or removes them (null).
 * @throws {VaultError} READ_ONLY, BUSY, WRITE_FAILED; WRONG_SECRET if no other slot would remain.
 */
export async function setRecovery(homes: Homes, opened: OpenedSlot, bits: Uint8Array | null): Promise<SlotChange> {
  const slot = bits === null ? null : recoverySlot(bits, opened.dataKey, opened);
  return await replaceSlots(homes, opened, ({ type }) => type === SLOT_RECOVERY, slot);
}

/** Puts `slot` in the place of those that `retires` picks. */
async function replaceSlots(
  homes: Homes,
  opened: OpenedSlot,
  retires: (slot: Slot) => boolean,
  slot: Slot | null,
  picked: "any number" | "one at least" = "any number",
): Promise<SlotChange> {
  return await withLock(homes.vaultLock, () => {
    const { state, notes } = loadVault(homes, opened.keys, { locked: true });
    refuseNewer(state);
    refuseForeignKey(opened, state.header.dkCommit);
    const retired = state.header.slots.filter(retires);
    const kept = state.header.slots.filter((s) => !retires(s));
    if (picked === "one at least" && retired.length === 0) {
      throw new VaultError("CONFLICT", "Cannot change key slot: it was replaced meanwhile", "Unlock again");
    }
    const slots = slot === null ? kept : [slot, ...kept];
    if (slots.length === 0) {
      throw new VaultError("WRONG_SECRET", "Cannot remove key slot: nothing else opens this vault");
    }
    const bytes = writeState({ ...state.header, slots }, state.generation + 1, state.entries.values(), opened.keys);
    const committed = commitVault(homes, opened.keys, state, bytes, "no backup");
    const backups = rewrapBackups(homes, opened.keys, slots, retired.map((s) => s.id));
    return {
      generation: committed.state.generation,
      backupsRewrapped: backups.rewrapped,
      backupsRemoved: backups.removed,
      backupsFailed: backups.failed,
      notes: [...notes, ...committed.notes],
    };
  });
}

/** A slot with any other key would lock the owner out. */
function refuseForeignKey(opened: OpenedSlot, commitment: Uint8Array): void {
  const tree = KeyTree.fromDataKey(opened.dataKey, opened.vaultId);
  const ours = equalConstantTime(tree.commitment, commitment);
  tree.wipe();
  if (!ours) throw new VaultError("WRONG_SECRET", "Cannot change key slots: the data key is not this vault's");
}
