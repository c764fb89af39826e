/**
 * Passphrases of old vaults are stretched as new ones are: at an unlock, since only then is the passphrase known. An unlock
 * never fails for it. docs/format.md, "Slot type 1".
 */
import type { Homes } from "../paths.ts";
import { calibrateKdf, isBelowLeast, restretchPassphrase, type SlotChange, VaultError } from "../vault/slots.ts";
import type { ProvenSlot } from "./open_slot.ts";
import { PresenceError } from "./presence_error.ts";

/** What became of a slot that was below today's least; `reason` is for people. */
export type Restretched =
  | { readonly done: true; readonly memoryMib: number; readonly change: SlotChange }
  | { readonly done: false; readonly reason: string };

/**
 * Makes the passphrase slot that `slot` came from anew, with what this machine does in about a second, if its cost is
 * below the least that a new vault gets. Null if it is not. Wipes `passphrase`, at once where nothing is to be done.
 * `shown` is told when it takes its seconds.
 */
export async function restretchIfDue(
  homes: Homes,
  slot: ProvenSlot,
  passphrase: Uint8Array,
  shown: (work: () => Promise<Restretched>) => Promise<Restretched> = (work) => work(),
): Promise<Restretched | null> {
  try {
    if (slot.kdf === null || !isBelowLeast(slot.kdf)) return null;
    return await shown(async () => {
      const kdf = await calibrateKdf();
      const change = await restretchPassphrase(homes, slot, passphrase, kdf);
      return { done: true, memoryMib: kdf.memoryKib / 1024, change };
    });
  } catch (error) {
    // No room, a lock that is held, no memory for the derivation: the slot that opened just now opens again.
    return { done: false, reason: isSaid(error) ? error.message : "Cannot derive the key anew" };
  } finally {
    passphrase.fill(0);
  }
}

function isSaid(error: unknown): error is Error {
  return error instanceof VaultError || error instanceof PresenceError;
}
