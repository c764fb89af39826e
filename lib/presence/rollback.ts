/**
 * A vault file that is older than, or differs from, what this machine has seen: why an unlock was refused, and how a
 * person with presence accepts it. docs/format.md, "Anchor".
 */
import { AuditLog } from "../audit/log.ts";
import type { Homes } from "../paths.ts";
import { KeyTree } from "../vault/key_tree.ts";
import { Vault } from "../vault/vault.ts";
import type { ProvenSlot } from "./open_slot.ts";
import { withVaultFaults } from "./presence_error.ts";
import { stopDaemon } from "./start_daemon.ts";

/**
 * Opens the vault in this process, for the reason why a daemon could not.
 * @throws {PresenceError} `vault_fault` with a hint that fits the fault; returns if there is none.
 */
export async function explainVault(homes: Homes, slot: ProvenSlot): Promise<void> {
  await openOnce(homes, slot, false);
}

/**
 * Takes the vault as it is for the newest from now on. What was removed or replaced since may be in it again, so the
 * audit log says that it happened.
 * @throws {PresenceError} `vault_fault` on any other fault; {AuditWriteError} if the log cannot be written, and then
 * nothing is accepted.
 */
export async function acceptVault(homes: Homes, slot: ProvenSlot): Promise<void> {
  // Two processes must not write the log at once.
  await stopDaemon(homes);
  const log = await AuditLog.open(homes.audit);
  const entry = {
    event: "accept_rollback",
    decision: "alarm",
    code: "ok",
    detail: "a person accepted an older vault",
  } as const;
  log.append(entry, slot.keys.audit);
  await openOnce(homes, slot, true);
}

async function openOnce(homes: Homes, slot: ProvenSlot, acceptRollback: boolean): Promise<void> {
  // Closing a vault wipes the keys that it was opened with.
  const keys = KeyTree.fromPrk(slot.keys.prk, slot.vaultId, slot.epoch);
  try {
    (await withVaultFaults(() => Vault.open(homes, keys, { acceptRollback }))).close();
  } finally {
    keys.wipe();
  }
}
