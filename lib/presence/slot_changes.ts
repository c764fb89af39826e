/**
 * Makes a vault and changes its key slots: what needs the data key, which the daemon does not keep.
 * docs/format.md, "Slots".
 */
import type { Homes } from "../paths.ts";
import { Vault } from "../vault/vault.ts";
import {
  calibrateKdf,
  type KdfParams,
  newRecoveryCode,
  parseRecoveryCode,
  setPassphrase,
  setRecovery,
  type SlotChange,
} from "../vault/slots.ts";
import type { ProofSource, ProvenSlot } from "./open_slot.ts";
import { withVaultFaults } from "./presence_error.ts";
import { refuseSuspect } from "./rollback.ts";
import { type Lifetime, startDaemon } from "./start_daemon.ts";

/** What a change of slots left behind, the backups above all. */
export type SlotOutcome = SlotChange;

/** Bounds of `--kdf-memory` in MiB: below is too cheap to guess against, above fails on small machines. */
export const KDF_MEMORY_MIB = { least: 64, most: 1024 } as const;

/** A fresh recovery code as it is shown once, with the bits that go into the slot. */
export interface RecoveryCode {
  readonly code: string;
  readonly bits: Uint8Array;
}

/** 160 fresh random bits and their text; docs/format.md, "Slot type 2". */
export function drawRecoveryCode(): RecoveryCode {
  return newRecoveryCode();
}

/**
 * Checks the form and check symbols of a code as typed, before anything slow is done with it.
 * @throws {PresenceError} `presence_failed`, naming the mistyped group where that can be told.
 */
export async function checkRecoveryForm(text: string): Promise<void> {
  // deno-lint-ignore require-await -- the faults travel in the promise
  await withVaultFaults(async () => parseRecoveryCode(text).fill(0));
}

/**
 * Makes the vault of `homes` and starts an unlocked daemon on it; wipes the passphrase and the bits.
 * `memoryMib` of null takes what this machine does in about a second.
 * @throws {PresenceError} `vault_exists` if there is one.
 */
export async function createVault(
  homes: Homes,
  passphrase: Uint8Array,
  recovery: RecoveryCode | null,
  memoryMib: number | null,
  lifetime: Lifetime,
  source: ProofSource,
): Promise<void> {
  try {
    for (const dir of [homes.data, homes.state, homes.runtime]) Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const kdf = await kdfOf(memoryMib);
    const { vault, keys } = await withVaultFaults(() =>
      Vault.create(homes, { passphrase, recovery: recovery?.bits ?? null, kdf })
    );
    try {
      await startDaemon(homes, keys, vault.epoch, lifetime, source);
    } finally {
      vault.close();
      keys.wipe();
    }
  } finally {
    passphrase.fill(0);
    recovery?.bits.fill(0);
  }
}

/**
 * Replaces the passphrase, with the derivation's cost chosen anew as in `createVault`. Wipes the new one.
 * @throws {PresenceError} on a fault of the vault.
 */
export async function changePassphrase(
  homes: Homes,
  slot: ProvenSlot,
  next: Uint8Array,
  memoryMib: number | null,
): Promise<SlotOutcome> {
  try {
    // A change of slots makes the anchor anew: of a file that speaks against it, only after a person accepted that.
    await refuseSuspect(homes, slot);
    const kdf = await kdfOf(memoryMib);
    return await withVaultFaults(() => setPassphrase(homes, slot, next, kdf));
  } finally {
    next.fill(0);
  }
}

/**
 * Replaces the recovery code, or removes it (null); the old one is invalid from then on. Wipes the bits.
 * @throws {PresenceError} on a fault of the vault.
 */
export async function changeRecovery(
  homes: Homes,
  slot: ProvenSlot,
  recovery: RecoveryCode | null,
): Promise<SlotOutcome> {
  try {
    await refuseSuspect(homes, slot);
    return await withVaultFaults(() => setRecovery(homes, slot, recovery?.bits ?? null));
  } finally {
    recovery?.bits.fill(0);
  }
}

/** Cost of a new passphrase slot: `memoryMib`, or for null what this machine does in about a second. */
export async function kdfOf(memoryMib: number | null): Promise<KdfParams> {
  if (memoryMib === null) return await calibrateKdf();
  return { memoryKib: memoryMib * 1024, passes: 3, lanes: 1 };
}
