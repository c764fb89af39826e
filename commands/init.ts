/**
 * `tacit init`: a vault, a recovery code shown once and checked back, and an unlocked daemon. docs/cli.md, "init".
 * Whatever is asked is asked before anything is made, so that giving up leaves nothing behind.
 */
import { createVault, drawRecoveryCode, KDF_MEMORY_MIB } from "../lib/presence/slot_changes.ts";
import { hasBackups } from "../lib/presence/backup_files.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { hasVault } from "./daemon_state.ts";
import { CommandError } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { type LifetimeFlags, readLifetime } from "./lifetime.ts";
import { readNewPassphrase } from "./passphrase.ts";
import { handOverRecoveryCode, recoveryWay } from "./recovery_code.ts";
import { answerEither, hint, note, withProgress } from "./terminal.ts";

export interface InitOptions extends LifetimeFlags {
  /** False with `--no-recovery`. */
  recovery: boolean;
  recoveryCodeToFd?: number;
  kdfMemory?: number;
}

export async function runInit(invocation: Invocation, options: InitOptions): Promise<number> {
  refuseUnderAgent("init");
  const { homes } = invocation;
  if (hasVault(homes)) {
    throw new CommandError("name", `Cannot make a vault: there is one at "${homes.vault}" already`, "tacit unlock");
  }
  if (hasBackups(homes)) {
    throw new CommandError(
      "name",
      `Cannot make a vault: "${homes.backups}" has backups of one that is missing`,
      "tacit restore latest, or move that directory away",
    );
  }
  const lifetime = readLifetime(options);
  const memory = readKdfMemory(options.kdfMemory);
  const way = recoveryWay(invocation, "init", options.recovery, options.recoveryCodeToFd);
  const passphrase = await readNewPassphrase(invocation);
  const recovery = way === "none" ? null : drawRecoveryCode();
  if (recovery !== null) await handOverRecoveryCode(recovery, way);
  await withProgress(
    "Deriving the key…",
    () => createVault(homes, passphrase.bytes, recovery, memory, lifetime, passphrase.source),
  );
  answerEither({ vault: homes.vault, state: "unlocked", recovery: recovery !== null }, () => [
    `Vault made at ${homes.vault} and unlocked.`,
  ]);
  if (recovery === null) note("Note: without a recovery code, a forgotten passphrase means that all values are lost.");
  if (!invocation.json) hint("tacit add GITHUB_TOKEN, then let your agent use it: tacit install claude-code");
  return 0;
}

/**
 * Memory of the key derivation in MiB, or null to measure this machine.
 * @throws {CommandError} outside the bounds.
 */
export function readKdfMemory(mib: number | undefined): number | null {
  if (mib === undefined) return null;
  const { least, most } = KDF_MEMORY_MIB;
  if (Number.isInteger(mib) && mib >= least && mib <= most) return mib;
  throw new CommandError(
    "usage",
    `Cannot use --kdf-memory: it is not a whole number of MiB from ${least} to ${most}`,
    `--kdf-memory ${least}`,
  );
}
