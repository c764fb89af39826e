/**
 * A new data key for the vault, where a copy of the old one may exist. What needs the data key is done in this process;
 * the daemon that starts afterwards takes the audit log over. docs/format.md, "Epochs"; docs/cli.md, "rekey".
 */
import { AuditLog } from "../audit/log.ts";
import type { Homes } from "../paths.ts";
import { changeDataKey, describeSlots } from "../vault/slots.ts";
import type { ProofSource, ProvenSlot } from "./open_slot.ts";
import { PresenceError, withVaultFaults } from "./presence_error.ts";
import { refuseSuspect } from "./rollback.ts";
import { kdfOf, type RecoveryCode } from "./slot_changes.ts";
import { type Lifetime, startDaemon, stopDaemon } from "./start_daemon.ts";

/** Type of a recovery slot in a vault's header. */
const RECOVERY = 2;

/** What opens the vault afterwards. `memoryMib` of null takes what this machine does in about a second. */
export interface NextWays {
  readonly passphrase: Uint8Array;
  readonly recovery: RecoveryCode | null;
  readonly memoryMib: number | null;
}

/** What a change of the data key left behind. */
export interface KeyOutcome {
  /** Of the new data key. */
  readonly epoch: number;
  /** Backups under the old key, now removed. */
  readonly backupsRemoved: number;
  /** Warnings for people. */
  readonly notes: string[];
  /** Why no daemon holds the new key, or null. The change itself is durable. */
  readonly daemonFault: PresenceError | null;
}

/**
 * True if the vault's header has a recovery code.
 * @throws {PresenceError} `no_vault`, `vault_fault`.
 */
export async function hasRecoveryCode(homes: Homes): Promise<boolean> {
  // deno-lint-ignore require-await -- the faults travel in the promise
  const slots = await withVaultFaults(async () => describeSlots(homes.vault));
  return slots.some(({ type }) => type === RECOVERY);
}

/**
 * Seals the vault anew under a data key that nobody has, and starts an unlocked daemon on it; wipes passphrase and bits.
 * Killed at any point, it leaves the old key or the new one in force, and the next unlock completes what is left.
 * @throws {AuditWriteError} before anything is changed, if the line about it cannot be written.
 * @throws {PresenceError} on a fault of the vault; the daemon has ended by then.
 */
export async function changeKey(
  homes: Homes,
  slot: ProvenSlot,
  { passphrase, recovery, memoryMib }: NextWays,
  lifetime: Lifetime,
  source: ProofSource,
): Promise<KeyOutcome> {
  try {
    // A save would give a vault that nobody has accepted yet a record of its own.
    await refuseSuspect(homes, slot);
    const kdf = await kdfOf(memoryMib);
    // Unkeyed, as every line of a process that is not the daemon: the one that starts below vouches for it.
    (await AuditLog.open(homes.audit)).append({ event: "rekey", decision: "allow", code: "ok" }, null);
    await stopDaemon(homes);
    const ways = { passphrase, kdf, recovery: recovery?.bits ?? null };
    const { keys, ...change } = await withVaultFaults(() => changeDataKey(homes, slot, ways));
    const daemonFault = await startDaemon(homes, keys, change.epoch, lifetime, source).then(() => null, asFault);
    keys.wipe();
    return { epoch: change.epoch, backupsRemoved: change.backupsRemoved, notes: change.notes, daemonFault };
  } finally {
    passphrase.fill(0);
    recovery?.bits.fill(0);
  }
}

function asFault(error: unknown): PresenceError {
  if (error instanceof PresenceError) return error;
  return new PresenceError("unreachable", "Cannot start the daemon: unexpected fault", "tacit unlock");
}
