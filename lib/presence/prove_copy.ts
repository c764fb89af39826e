/**
 * Opens a copy of the vault with what a person knows, which may be today's passphrase or the one of the copy's time, and
 * decides what will open the vault once the copy is restored. docs/format.md, "Restore".
 */
import { toHex } from "../bytes.ts";
import { equalConstantTime } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { VaultError } from "../vault/fault.ts";
import { outlineOf } from "../vault/file_outline.ts";
import { checkHeaderMac, type Header, type StoredHeader } from "../vault/header.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import {
  type OpenedSlot,
  openWithPassphrase,
  openWithRecovery,
  RecoveryCodeError,
  type SlotOptions,
} from "../vault/slots.ts";
import type { Proof } from "./open_slot.ts";

/** A slot that opened, and in which of the two files it stands. */
export interface OpenedCopy {
  slot: OpenedSlot;
  from: "copy" | "vault";
}

/**
 * Opens the copy at `path`: by a slot of its own, or, if it has the same data key, by one of the vault's. Null if what was
 * proven opens neither. Leaves the proof to the caller to wipe.
 * @throws {VaultError} other faults.
 */
export async function openCopy(
  homes: Homes,
  path: string,
  copy: StoredHeader,
  vault: StoredHeader | null,
  proof: Proof,
  options: SlotOptions,
): Promise<OpenedCopy | null> {
  const slot = await openAt(path, proof, options);
  if (slot !== null) return { slot, from: "copy" };
  if (vault === null || !equalConstantTime(vault.dkCommit, copy.dkCommit) || sameSlots(copy, vault)) return null;
  const other = await openAt(homes.vault, proof, options);
  return other === null ? null : { slot: other, from: "vault" };
}

/**
 * Opens the file at `path`; null if what is proven is not what opens it.
 * @throws {VaultError} other faults.
 */
export async function openAt(path: string, proof: Proof, options: SlotOptions): Promise<OpenedSlot | null> {
  try {
    return proof.kind === "passphrase"
      ? await openWithPassphrase(path, proof.passphrase, options)
      : await openWithRecovery(path, proof.code);
  } catch (error) {
    // A mistyped recovery code says where it is.
    if (!(error instanceof VaultError) || error instanceof RecoveryCodeError || error.fault !== "WRONG_SECRET") {
      throw error;
    }
    return null;
  }
}

/**
 * The header that the restored vault gets. Today's, if that still opens with what was just proven: then a restore changes
 * no passphrase. Else the copy's own, so that nobody is locked out by a passphrase that they no longer know.
 * `newest`: the vault's header is not older than the copy, as far as can be told.
 */
export function headerAfterwards(
  opened: OpenedCopy,
  copy: StoredHeader,
  vault: StoredHeader | null,
  newest: boolean,
): StoredHeader {
  if (vault === null || !isSound(vault, opened.slot.keys)) return copy;
  if (opened.from === "vault") return vault;
  const id = toHex(opened.slot.slotId);
  return newest && vault.slots.some((slot) => toHex(slot.id) === id) ? vault : copy;
}

/** The header at the beginning of `bytes`, or null if there is none that can be read. */
export function headerOrNull(bytes: Uint8Array | null): StoredHeader | null {
  if (bytes === null) return null;
  try {
    return outlineOf(bytes).header;
  } catch (error) {
    if (error instanceof VaultError) return null;
    throw error;
  }
}

/** True if both have the same slots. */
export function sameSlots(a: Header, b: Header): boolean {
  const ids = (header: Header) => header.slots.map((slot) => toHex(slot.id)).sort().join();
  return ids(a) === ids(b);
}

function isSound(header: StoredHeader, keys: KeyTree): boolean {
  try {
    checkHeaderMac(header, keys);
    return true;
  } catch (error) {
    if (error instanceof VaultError) return false;
    throw error;
  }
}
