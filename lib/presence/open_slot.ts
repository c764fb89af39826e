/**
 * Knowledge of the passphrase or the recovery code, proven by opening a key slot of the vault file in this process.
 * The memory-hungry derivation thus runs in a short-lived process, and no passphrase ever crosses a socket.
 * The caller has hardened the process (lib/harden.ts) before it read what is passed here. docs/cli.md, "Passphrases".
 */
import { AuditLog } from "../audit/log.ts";
import type { Homes } from "../paths.ts";
import {
  ASK_ABOVE_KIB,
  describeSlots,
  type OpenedSlot,
  openWithPassphrase,
  openWithRecovery,
  type SlotOptions,
} from "../vault/slots.ts";
import { PresenceError, withVaultFaults } from "./presence_error.ts";

const CODE_HINT = "use the newest code, or the passphrase: tacit unlock";

/** An opened slot: who holds it has proven presence. It carries keys, never values. */
export type ProvenSlot = OpenedSlot;

/** What a person knows, and how it came in. The passphrase's bytes are wiped by `openSlot`. */
export type Proof =
  | { kind: "passphrase"; passphrase: Uint8Array; source: ProofSource }
  | { kind: "recovery"; code: string; source: ProofSource };

/** Asked on the terminal, read from an inherited descriptor, or from a file (weakest: it lies on a disk). */
export type ProofSource = "prompt" | "pipe" | "file";

/**
 * Opens a slot of the vault of `homes`. The caller wipes `dataKey` and `keys`.
 * @throws {PresenceError} `presence_failed` if no slot opens, `no_vault` without a file, `vault_fault` if it is damaged.
 */
export async function openSlot(homes: Homes, proof: Proof, options: SlotOptions = {}): Promise<ProvenSlot> {
  try {
    return await withVaultFaults(() =>
      proof.kind === "passphrase"
        ? openWithPassphrase(homes.vault, proof.passphrase, options)
        : openWithRecovery(homes.vault, proof.code)
    );
  } catch (error) {
    if (!(error instanceof PresenceError && error.code === "presence_failed")) throw error;
    await noteFailure(homes);
    if (proof.kind === "passphrase") throw error;
    // Who has no code that opens is not helped by the way that asks for one.
    throw new PresenceError(error.code, error.message, CODE_HINT, { cause: error });
  } finally {
    if (proof.kind === "passphrase") proof.passphrase.fill(0);
  }
}

/** A guess at the passphrase leaves a line, unkeyed since nobody has the key; without one it fails all the same. */
export async function noteFailure(homes: Homes): Promise<void> {
  try {
    (await AuditLog.open(homes.audit)).append({ event: "presence", decision: "deny", code: "presence_failed" }, null);
  } catch { /* `audit verify` and `doctor` report a log that cannot be written */ }
}

/**
 * The memory in MiB that deriving the key of the vault at `path` takes, if it is so much that a person should be asked
 * first (the header that says so is not proven yet); else null.
 * @throws {PresenceError} `no_vault`, `vault_fault`.
 */
export async function largeMemoryMib(path: string): Promise<number | null> {
  // deno-lint-ignore require-await -- the faults travel in the promise
  const slots = await withVaultFaults(async () => describeSlots(path));
  const most = Math.max(0, ...slots.map((slot) => slot.kdf?.memoryKib ?? 0));
  return most > ASK_ABOVE_KIB ? Math.round(most / 1024) : null;
}

/** Forgets what a slot gave. */
export function closeSlot(slot: ProvenSlot): void {
  slot.dataKey.fill(0);
  slot.keys.wipe();
}
