/**
 * A vault file that is older than, or differs from, what this machine has seen, or whose record here is gone: why an
 * unlock was refused, and how a person with presence accepts exactly that file. docs/format.md, "Anchor".
 */
import { AuditLog } from "../audit/log.ts";
import { memoryOf, openKnownVault } from "../daemon/known_vault.ts";
import type { Homes } from "../paths.ts";
import { listBackups, listReplaced } from "../vault/backup_files.ts";
import { type Difference, differenceOf } from "../vault/difference.ts";
import { VaultError } from "../vault/fault.ts";
import { outlineAt, stateId } from "../vault/file_outline.ts";
import { KeyTree } from "../vault/key_tree.ts";
import { acceptState } from "../vault/restore.ts";
import { readState, type VaultState } from "../vault/state.ts";
import { changedSince, type LoggedChange } from "./changed_since.ts";
import type { ProvenSlot } from "./open_slot.ts";
import { PresenceError, withVaultFaults } from "./presence_error.ts";
import { stopDaemon } from "./start_daemon.ts";

/** A sound file that this machine's records speak against. */
export interface Suspect {
  /** Names the state; acceptance is bound to it. */
  id: string;
  generation: number;
  /** Highest generation on record here, 0 if there is none. */
  seen: number;
  /** What speaks against it. */
  message: string;
  /** When something in it was last changed, Unix milliseconds; 0 if it holds nothing. */
  changed: number;
  /** Against the newest copy of a later generation; null if there is none that can be read. */
  difference: Difference | null;
  /** What the audit log knows to be newer. */
  changedSince: LoggedChange[];
}

/**
 * What speaks against the vault file, or null.
 * @throws {PresenceError} if it cannot be read at all.
 */
export async function judgeVault(homes: Homes, slot: ProvenSlot): Promise<Suspect | null> {
  return await withVaultFaults(async () => {
    const memory = memoryOf(homes, slot.keys);
    const state = readState(outlineAt(homes.vault).bytes, slot.keys);
    const objection = await objectionTo(homes, slot.keys);
    if (objection === null) return null;
    const newer = newestAfter(homes, slot.keys, state.generation);
    return {
      id: stateId(state),
      generation: state.generation,
      seen: memory.generation,
      message: objection.message,
      changed: Math.max(0, ...[...state.entries.values()].map(({ meta }) => meta.updated)),
      difference: newer === null ? null : differenceOf(newer, state),
      changedSince: changedSince(homes, slot.keys, state.generation),
    };
  });
}

/**
 * Why the vault would not be opened although it is sound: what a daemon would say, or null.
 * @throws {VaultError} if it is not sound.
 */
export async function objectionTo(homes: Homes, keys: KeyTree): Promise<VaultError | null> {
  // Closing a vault wipes the keys that it was opened with.
  const own = KeyTree.fromPrk(keys.prk, keys.vaultId, keys.epoch);
  try {
    (await openKnownVault(homes, own)).close();
    return null;
  } catch (error) {
    if (error instanceof VaultError && (error.fault === "ROLLED_BACK" || error.fault === "FORKED")) return error;
    throw error;
  } finally {
    own.wipe();
  }
}

/**
 * Refuses a vault that a daemon would not take, with a hint that fits the fault: the words that accept a file which this
 * machine's records speak against, the way to a backup for one that is damaged.
 * @throws {PresenceError} `vault_fault`.
 */
export async function refuseSuspect(homes: Homes, slot: ProvenSlot): Promise<void> {
  const suspect = await judgeVault(homes, slot);
  if (suspect === null) return;
  throw new PresenceError(
    "vault_fault",
    suspect.message,
    "tacit restore, for another copy; or, to look at this one and take it: " +
      `tacit unlock --accept-rollback (in a script: --accept-rollback=${suspect.id})`,
  );
}

/**
 * Takes the vault file for the newest from now on, if it still is `suspect`. What was removed or replaced since may be in
 * it again, so the audit log says that it happened.
 * @throws {PresenceError} `vault_fault` if it is another file by now; {AuditWriteError} if the log cannot be written, and
 * then nothing is accepted.
 */
export async function acceptVault(homes: Homes, slot: ProvenSlot, suspect: Suspect): Promise<void> {
  // Two processes must not write the log at once.
  await stopDaemon(homes);
  const log = await AuditLog.open(homes.audit);
  log.append({
    event: "accept_rollback",
    decision: "alarm",
    code: "ok",
    detail: `a person accepts generation ${suspect.generation}`,
    // From here on it is the newest that is known.
    generation: suspect.generation,
  }, slot.keys.audit);
  try {
    await withVaultFaults(() => acceptState(homes, slot.keys, suspect.id));
  } catch (error) {
    if (!(error instanceof PresenceError) || error.code !== "busy") throw error;
    throw new PresenceError("vault_fault", error.message, "tacit unlock", { cause: error });
  }
}

function newestAfter(homes: Homes, keys: KeyTree, generation: number): VaultState | null {
  let newest: VaultState | null = null;
  for (const { path } of [...listBackups(homes), ...listReplaced(homes)]) {
    try {
      const { outline, bytes } = outlineAt(path);
      if (outline.generation <= Math.max(generation, newest?.generation ?? 0)) continue;
      newest = readState(bytes, keys);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
    }
  }
  return newest;
}
