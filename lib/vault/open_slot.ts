/**
 * Opens key slots straight from the file. docs/format.md, "Slots".
 * Nothing but the header is read: no frame, no index, no value.
 */
import { type KdfParams, MAX_WORK_KIB } from "../../wasm/argon2id.ts";
import { equalConstantTime } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";
import { readGuarded } from "./guarded_file.ts";
import { checkHeaderMac, parseHeader, type StoredHeader } from "./header.ts";
import { KeyTree } from "./key_tree.ts";
import { MAX_HEADER_LENGTH, PREAMBLE_LENGTH, SLOT_PASSPHRASE, SLOT_RECOVERY } from "./layout.ts";
import { openPassphraseSlot, slotCost } from "./passphrase.ts";
import { parseRecoveryCode } from "./recovery_code.ts";
import { openRecoverySlot } from "./recovery_slot.ts";
import type { Slot } from "./slot.ts";

/** What a slot gave. The caller wipes `dataKey` as soon as it no longer needs to change slots. */
export interface OpenedSlot {
  /** 32 bytes; only this, not the tree, can make or replace slots. */
  dataKey: Uint8Array;
  /** Derived from the data key. */
  keys: KeyTree;
  /** 16 bytes. */
  vaultId: Uint8Array;
  /** Epoch of the data key. */
  epoch: number;
  /** Which slot it was, 16 bytes. */
  slotId: Uint8Array;
  /** Cost of a passphrase slot, else null. */
  kdf: KdfParams | null;
}

/** How a slot may be opened. */
export interface SlotOptions {
  /** The person agreed to a derivation that takes more than 512 MiB. */
  allowLargeMemory?: boolean;
}

/** What a vault's header says about its slots, without any key and therefore unproven. */
export interface SlotSummary {
  /** 1 passphrase, 2 recovery code, others as docs/format.md lists them. */
  type: number;
  /** Cost of a passphrase slot, else null. */
  kdf: KdfParams | null;
}

/**
 * Tries the passphrase slots of the vault at `path`. `passphrase` is UTF-8, 1…1,024 bytes after NFC, and is left to
 * the caller to wipe.
 * @throws {VaultError} WRONG_SECRET if none opens; KDF_OUT_OF_BOUNDS before any memory is taken; header faults.
 */
export async function openWithPassphrase(
  path: string,
  passphrase: Uint8Array,
  options: SlotOptions = {},
): Promise<OpenedSlot> {
  const header = readHeader(path);
  const slots = slotsOf(header, SLOT_PASSPHRASE, "passphrase");
  // The header is not proven yet: many dear slots must cost no more than the dearest single one.
  const work = slots.reduce((sum, slot) => sum + costOf(slot), 0);
  if (work > MAX_WORK_KIB) {
    throw new VaultError("KDF_OUT_OF_BOUNDS", "Cannot open vault: its passphrase slots together ask for too much work");
  }
  for (const slot of slots) {
    const dataKey = await openPassphraseSlot(slot, passphrase, header, options.allowLargeMemory ?? false);
    if (dataKey !== null) return opened(header, slot, dataKey);
  }
  throw new VaultError(
    "WRONG_SECRET",
    "Cannot open vault: the passphrase is wrong",
    "Try again, or use the recovery code",
  );
}

/**
 * Tries the recovery slots of the vault at `path`.
 * @throws {RecoveryCodeError} if the code itself is mistyped.
 * @throws {VaultError} WRONG_SECRET if no slot opens; header faults.
 */
// deno-lint-ignore require-await -- the same shape as its sibling, and no throw before the promise
export async function openWithRecovery(path: string, code: string): Promise<OpenedSlot> {
  const bits = parseRecoveryCode(code);
  try {
    const header = readHeader(path);
    for (const slot of slotsOf(header, SLOT_RECOVERY, "recovery code")) {
      const dataKey = openRecoverySlot(slot, bits, header);
      if (dataKey !== null) return opened(header, slot, dataKey);
    }
    throw new VaultError(
      "WRONG_SECRET",
      "Cannot open vault: this recovery code belongs to another vault or was replaced",
    );
  } finally {
    bits.fill(0);
  }
}

/**
 * The slots of the vault at `path`, for `status` and `doctor`.
 * @throws {VaultError} file and header faults.
 */
export function describeSlots(path: string): SlotSummary[] {
  return readHeader(path).slots.map((slot) => ({
    type: slot.type,
    kdf: kdfOf(slot),
  }));
}

function readHeader(path: string): StoredHeader {
  return parseHeader(readGuarded(path, PREAMBLE_LENGTH + MAX_HEADER_LENGTH, false));
}

function slotsOf(header: StoredHeader, type: number, what: string): Slot[] {
  const slots = header.slots.filter((slot) => slot.type === type);
  if (slots.length === 0) throw new VaultError("WRONG_SECRET", `Cannot open vault: it has no ${what} slot`);
  return slots;
}

function kdfOf(slot: Slot): KdfParams | null {
  return slot.type === SLOT_PASSPHRASE ? slotCost(slot).kdf : null;
}

function costOf(slot: Slot): number {
  const { kdf } = slotCost(slot);
  return kdf.memoryKib * kdf.passes;
}

function opened(header: StoredHeader, slot: Slot, dataKey: Uint8Array): OpenedSlot {
  const keys = KeyTree.fromDataKey(dataKey, header.vaultId, header.epoch);
  try {
    if (!equalConstantTime(keys.commitment, header.dkCommit)) {
      throw new VaultError("TAMPERED", "Cannot open vault: a key slot holds the key of another vault");
    }
    checkHeaderMac(header, keys);
  } catch (error) {
    keys.wipe();
    dataKey.fill(0);
    throw error;
  }
  return { dataKey, keys, vaultId: header.vaultId, epoch: header.epoch, slotId: slot.id, kdf: kdfOf(slot) };
}
