/**
 * The audit log at an unlock: it is checked and vouched for, and after a change of the data key it is taken over. What
 * else a crash right behind such a change left undone is done here as well. docs/audit.md, "Epochs".
 */
import { logIdentity } from "../audit/identity.ts";
import { fromHex } from "../bytes.ts";
import { removeEarlierBackups } from "../vault/data_key.ts";
import { EARLIER_KEYS, type EarlierKeys, parseEarlierKeys } from "../vault/earlier_keys.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import { LOG_EPOCHS, logEpoch, withLogEpoch } from "../vault/log_epochs.ts";
import { VaultError } from "../vault/vault.ts";
import type { Keyring } from "./keyring.ts";
import type { Service } from "./service.ts";

/**
 * The keys, oldest first, that this machine's records may still be under: none once its log was taken over from them, so
 * that nobody who kept one can put such records back.
 */
export function acceptedKeys({ homes, keyring }: Service): EarlierKeys[] {
  const log = identityOf(homes.audit);
  if (log === null) return [];
  const taken = logEpoch(keyring.internal(LOG_EPOCHS), log);
  return parseEarlierKeys(keyring.internal(EARLIER_KEYS)).filter(({ epoch }) => epoch >= taken);
}

/** Vouches for the log with `keys`, which are those of `epoch`. What is wrong becomes a note of the service. */
export async function coverLog(
  service: Service,
  keys: KeyTree,
  epoch: number,
  accepted: readonly EarlierKeys[],
): Promise<void> {
  const { homes, keyring, journal, notes } = service;
  const { written, fault } = await journal.cover(keys.audit, accepted.map(({ audit }) => audit));
  if (fault !== null) notes.push(`audit log: ${fault}`);
  if (!written || keyring.internal(EARLIER_KEYS) === undefined) return;
  const taken = keyring.internal(LOG_EPOCHS);
  // It may have been begun just now.
  const log = identityOf(homes.audit);
  if (log === null || logEpoch(taken, log) === epoch) return;
  removeEarlierBackups(homes, keys, epoch);
  await noteEpoch(keyring, withLogEpoch(taken, log, epoch), notes);
}

/** Keys of earlier epochs under which lines of the log may stand, oldest first; none while locked. */
export function earlierAuditKeys(keyring: Keyring): Uint8Array[] {
  return parseEarlierKeys(keyring.internal(EARLIER_KEYS)).map(({ audit }) => audit);
}

async function noteEpoch(keyring: Keyring, value: Uint8Array, notes: string[]): Promise<void> {
  try {
    await keyring.change([{ op: "put_internal", name: LOG_EPOCHS, value }]);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    notes.push("audit log: the vault could not note that it was taken over; the next unlock tries again");
  }
}

/** A log that cannot be used is `Journal.cover`'s to report. */
function identityOf(directory: string): Uint8Array | null {
  try {
    const identity = logIdentity(directory);
    return identity === null ? null : fromHex(identity);
  } catch {
    return null;
  }
}
