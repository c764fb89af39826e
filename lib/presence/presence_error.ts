/**
 * How this room says no. The faults of the vault end here as refusal codes, so that blind rooms above never see the
 * vault's own error class.
 */
import type { RefusalCode } from "../protocol/refusals.ts";
import { VaultError, type VaultFault } from "../vault/fault.ts";
import { RecoveryCodeError } from "../vault/recovery_code.ts";

/** Refusals that no daemon sends: they concern the vault file before a daemon has it. */
export const LOCAL_REFUSALS = ["no_vault", "vault_exists"] as const;
/** One of them. */
export type LocalRefusal = typeof LOCAL_REFUSALS[number];

/** Presence could not be proven, or the vault file cannot be used. Never holds a passphrase, code or key. */
export class PresenceError extends Error {
  readonly code: RefusalCode | LocalRefusal;
  readonly hint: string;

  constructor(code: RefusalCode | LocalRefusal, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PresenceError";
    this.code = code;
    this.hint = hint;
  }
}

const CODE_OF: Partial<Record<VaultFault, RefusalCode | LocalRefusal>> = {
  WRONG_SECRET: "presence_failed",
  BUSY: "busy",
  CONFLICT: "busy",
  MISSING: "no_vault",
  EXISTS: "vault_exists",
};

const HINT_OF: Partial<Record<VaultFault, string>> = {
  WRONG_SECRET: "try again; if it is forgotten: tacit passwd --recovery",
  MISSING: "tacit init",
  EXISTS: "tacit unlock",
  // Unlock says what the file holds, and how to take it or to go back to another one.
  ROLLED_BACK: "tacit unlock",
  FORKED: "tacit unlock",
  // Without an answer to which one, restore lists the copies there are, or says that a person's own is needed.
  NOT_A_VAULT: "tacit restore",
  DAMAGED_HEADER: "tacit restore",
  BUSY: "try again in a moment",
  CONFLICT: "try again",
};

/** Where the vault itself names no backup. */
const OTHER_HINT_OF: Partial<Record<VaultFault, string>> = {
  TAMPERED: "tacit restore",
  CORRUPT_FRAME: "tacit restore",
};

/**
 * Runs `work`, turning a fault of the vault into a PresenceError with its hint.
 * @throws {PresenceError} in place of any VaultError; anything else as it came.
 */
export async function withVaultFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    if (error instanceof RecoveryCodeError) throw mistyped(error);
    const hint = HINT_OF[error.fault] ?? error.hint ?? OTHER_HINT_OF[error.fault] ?? "tacit doctor";
    throw new PresenceError(CODE_OF[error.fault] ?? "vault_fault", error.message, hint, { cause: error });
  }
}

function mistyped(error: RecoveryCodeError): PresenceError {
  return new PresenceError("presence_failed", error.message, "compare it with your copy and type it again", {
    cause: error,
  });
}
