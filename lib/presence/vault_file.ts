/**
 * What can be told of the vault file without a passphrase, and the way back if it is damaged. For `tacit doctor`, to
 * which every fault of the vault points. docs/format.md, "Open order and results".
 */
import type { Homes } from "../paths.ts";
import { listBackups } from "../vault/backups.ts";
import { describeSlots } from "../vault/slots.ts";
import { PresenceError, withVaultFaults } from "./presence_error.ts";

/** Why the vault's file or header cannot be used, or null. Frames are sealed: only an unlock can judge them. */
export async function headerFault(homes: Homes): Promise<string | null> {
  try {
    // deno-lint-ignore require-await -- the faults travel in the promise
    await withVaultFaults(async () => describeSlots(homes.vault));
    return null;
  } catch (error) {
    if (error instanceof PresenceError) return error.message;
    throw error;
  }
}

/** Paths of the vault's backups, newest first. */
export function backupsOf(homes: Homes): string[] {
  return listBackups(homes).map(({ path }) => path);
}
