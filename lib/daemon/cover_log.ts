/**
 * The audit log at an unlock: it is checked and vouched for, and after a change of the data key it is taken over. What
 * else a crash right behind such a change left undone is done here as well. docs/audit.md, "Epochs".
 */
import { logIdentity } from "../audit/identity.ts";
import { fromHex } from "../bytes.ts";
import { removeEarlierBackups } from "../vault/data_key.ts";
import { EARLIER_KEYS, parseEarlierKeys } from "../vault/earlier_keys.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import { LOG_EPOCHS, logEpoch, withLogEpoch } from "../vault/log_epochs.ts";
import { VaultError } from "../vault/vault.ts";
import type { Keyring } from "./keyring.ts";
import type { Service } from "./service.ts";

/** Vouches for the log with `keys`, which are those of `epoch`. What is wrong becomes a note of the service. */
export async function coverLog(service: Service, keys: KeyTree, epoch: number): Promise<void> {
  const { homes, keyring, journal, notes } = service;
  const earlier = parseEarlierKeys(keyring.internal(EARLIER_KEYS));
  const taken = keyring.internal(LOG_EPOCHS);
  const log = identityOf(homes.audit);
  // An earlier key is accepted for the log's head only until the log was taken over from it.
  const accepted = log === null ? [] : earlier.filter((old) => old.epoch >= logEpoch(taken, log));
  const { written, fault } = await journal.cover(keys.audit, accepted.map(({ audit }) => audit));
  if (fault !== null) notes.push(`audit log: ${fault}`);
  if (!written || earlier.length === 0) return;
  // It may have been begun just now.
  const now = identityOf(homes.audit);
  if (now === null || logEpoch(taken, now) === epoch) return;
  removeEarlierBackups(homes, keys, epoch);
  await noteEpoch(keyring, withLogEpoch(taken, now, epoch), notes);
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
