/** `tacit recovery`: a new recovery code in place of the old one; `--check` and `--remove`. docs/cli.md, "recovery". */
import { closeSlot, openSlot } from "../lib/presence/open_slot.ts";
import { refuseSuspect } from "../lib/presence/rollback.ts";
import { changeRecovery, drawRecoveryCode } from "../lib/presence/slot_changes.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { requireVault } from "./daemon_state.ts";
import { CommandError } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { readRecoveryProof, withPresence } from "./passphrase.ts";
import { handOverRecoveryCode, recoveryWay } from "./recovery_code.ts";
import { backupCounts, tellDaemon } from "./slot_notice.ts";
import { answerEither } from "./terminal.ts";

export interface RecoveryOptions {
  check?: boolean;
  remove?: boolean;
  recoveryCodeToFd?: number;
}

export async function runRecovery(invocation: Invocation, options: RecoveryOptions): Promise<number> {
  refuseUnderAgent("recovery");
  requireVault(invocation.homes);
  if (options.check === true && options.remove === true) {
    throw new CommandError("usage", "Cannot check and remove at once: choose one", "tacit recovery --check");
  }
  if (options.check === true) return await check(invocation);
  if (options.remove === true) return await remove(invocation);
  const way = recoveryWay(invocation, "recovery", true, options.recoveryCodeToFd);
  return await withPresence(invocation, async (slot) => {
    // A code that was handed over and is not in force afterwards would be worse than none.
    await refuseSuspect(invocation.homes, slot);
    const recovery = drawRecoveryCode();
    await handOverRecoveryCode(recovery, way);
    const change = await changeRecovery(invocation.homes, slot, recovery);
    const lines = await tellDaemon(invocation, slot, change, "recovery code");
    answerEither({ recovery: true, ...backupCounts(change) }, () => [
      "New recovery code in force; an older one no longer opens the vault.",
      ...lines,
    ]);
    return 0;
  });
}

async function check(invocation: Invocation): Promise<number> {
  closeSlot(await openSlot(invocation.homes, await readRecoveryProof(invocation)));
  answerEither({ valid: true }, () => ["This recovery code opens the vault."]);
  return 0;
}

async function remove(invocation: Invocation): Promise<number> {
  return await withPresence(invocation, async (slot) => {
    const change = await changeRecovery(invocation.homes, slot, null);
    const lines = await tellDaemon(invocation, slot, change, "recovery code");
    answerEither({ recovery: false, ...backupCounts(change) }, () => [
      "Recovery code removed: from now on only the passphrase opens the vault.",
      ...lines,
    ]);
    return 0;
  });
}
