/** `tacit rekey`: a new data key, since a copy of the old one may exist. docs/cli.md, "rekey". */
import { changeKey, hasRecoveryCode, type KeyOutcome } from "../lib/presence/key_change.ts";
import type { ProvenSlot } from "../lib/presence/open_slot.ts";
import { drawRecoveryCode } from "../lib/presence/slot_changes.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { readStatus, requireVault } from "./daemon_state.ts";
import { readKdfMemory } from "./init.ts";
import { failureOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { type LifetimeFlags, readLifetime } from "./lifetime.ts";
import { type Passphrase, readNewPassphrase, readRecoveryProof, withPassphrase, withProof } from "./passphrase.ts";
import { handOverRecoveryCode, recoveryWay } from "./recovery_code.ts";
import { answerEither, count, note, warn, withProgress } from "./terminal.ts";

export interface RekeyOptions extends LifetimeFlags {
  /** Prove yourself with the recovery code. */
  recovery?: boolean;
  /** Choose another passphrase. */
  newPassphrase?: boolean;
  recoveryCodeToFd?: number;
  kdfMemory?: number;
}

export async function runRekey(invocation: Invocation, options: RekeyOptions): Promise<number> {
  refuseUnderAgent("rekey");
  const { homes } = invocation;
  const lifetime = readLifetime(options);
  const memoryMib = readKdfMemory(options.kdfMemory);
  requireVault(homes);
  const hadCode = await hasRecoveryCode(homes);
  const fd = options.recoveryCodeToFd;
  const way = recoveryWay(invocation, "rekey", hadCode || fd !== undefined, fd);

  const change = async (slot: ProvenSlot, next: Passphrase, kept: boolean) => {
    const recovery = way === "none" ? null : drawRecoveryCode();
    if (recovery !== null) await handOverRecoveryCode(recovery, way);
    const ways = { passphrase: next.bytes, recovery, memoryMib };
    const outcome = await tried(() => changeKey(homes, slot, ways, lifetime, next.source));
    return { outcome, kept, code: recovery !== null };
  };
  const done = options.recovery === true
    ? await withProof(
      invocation,
      await readRecoveryProof(invocation),
      async (slot) => change(slot, await readNewPassphrase(invocation), false),
    )
    : await withPassphrase(invocation, async (slot, typed) => {
      if (options.newPassphrase !== true) return change(slot, typed, true);
      typed.bytes.fill(0);
      return change(slot, await readNewPassphrase(invocation), false);
    });
  await tell(invocation, done.outcome, { ...done, hadCode });
  return 0;
}

/** A save that failed at its very end may have left either key in force; without a line in the log nothing was begun. */
async function tried(work: () => Promise<KeyOutcome>): Promise<KeyOutcome> {
  try {
    return await withProgress("Sealing every value under a new key…", work);
  } catch (error) {
    if (failureOf(error).exit !== "audit") {
      note(
        "The daemon was stopped. Until an unlock shows which is in force, keep the old passphrase and recovery code " +
          "beside the new ones.",
      );
    }
    throw error;
  }
}

async function tell(
  { homes }: Invocation,
  { epoch, backupsRemoved, notes, daemonFault }: KeyOutcome,
  { kept, code, hadCode }: { kept: boolean; code: boolean; hadCode: boolean },
): Promise<void> {
  const status = daemonFault === null ? await readStatus(homes) : null;
  const unlocked = status?.state === "unlocked";
  const secrets = status?.secrets ?? null;
  answerEither({
    epoch,
    state: unlocked ? "unlocked" : "locked",
    new_passphrase: !kept,
    recovery: code,
    backups_removed: backupsRemoved,
    secrets,
  }, () => [
    `New data key in force (epoch ${epoch}), every value sealed under it${unlocked ? "; unlocked" : ""}.`,
    `The passphrase is ${kept ? "the same" : "the new one"}.${
      hadCode ? " The old recovery code opens the vault no more." : ""
    }`,
    ...(backupsRemoved === 0
      ? []
      : [`${count(backupsRemoved, "backup")} under the old key ${backupsRemoved === 1 ? "was" : "were"} removed.`]),
    `Copies elsewhere still open with the old key${kept ? ", the passphrase" : ", the old passphrase"}${
      hadCode ? " and the old recovery code" : ""
    }: delete or replace them.`,
    "This takes nothing back that was read before. Replace " +
    `${secrets === null ? "each value" : `the ${secrets === 1 ? "value" : `${secrets} values`}`} at the provider, ` +
    "then: tacit add NAME --replace",
  ]);
  notes.forEach(warn);
  status?.notes.forEach(warn);
  if (!unlocked) warn(`No daemon holds the new key (${daemonFault?.message ?? "it went away"}); run: tacit unlock`);
}
