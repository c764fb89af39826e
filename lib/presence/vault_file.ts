/**
 * What can be told of the vault file without a passphrase. docs/format.md, "Open order and results".
 */
import type { Homes } from "../paths.ts";
import { describeSlots } from "../vault/slots.ts";
import { PresenceError, withVaultFaults } from "./presence_error.ts";

/** Why the vault's file or header cannot be used, or null. Frames are sealed: only an unlock can judge them. */
export async function headerFault(homes: Homes): Promise<string | null> {
  try {
    await requireHeader(homes);
    return null;
  } catch (error) {
    if (error instanceof PresenceError) return error.message;
    throw error;
  }
}

/**
 * Refuses a vault whose file or header cannot be used, so that nobody types a passphrase to learn it.
 * @throws {PresenceError} with the hint that fits.
 */
export async function requireHeader(homes: Homes): Promise<void> {
  // deno-lint-ignore require-await -- the faults travel in the promise
  await withVaultFaults(async () => describeSlots(homes.vault));
}
