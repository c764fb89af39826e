/** `tacit recovery`: a new recovery code in place of the old one; `--check` and `--remove`. docs/cli.md, "recovery". */
import { closeSlot, openSlot } from "../lib/presence/open_slot.ts";
import { changeRecovery, checkRecoveryForm, drawRecoveryCode } from "../lib/presence/slot_changes.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { requireVault } from "./daemon_state.ts";
import { CommandError } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { readRecoveryCode, withPresence } from "./passphrase.ts";
import { handOverRecoveryCode, recoveryWay } from "./recovery_code.ts";
import { tellDaemon } from "./slot_notice.ts";
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
    const recovery = drawRecoveryCode();
    await handOverRecoveryCode(recovery, way);
    const change = await changeRecovery(invocation.homes, slot, recovery);
    const lines = await tellDaemon(invocation, slot, change);
    answerEither({ recovery: true, backups_removed: change.backupsRemoved }, () => [
      "New recovery code in force; an older one no longer opens the vault.",
      ...lines,
    ]);
    return 0;
  });
}

async function check(invocation: Invocation): Promise<number> {
  const { code, bytes, source } = await readRecoveryCode(invocation);
  bytes.fill(0);
  await checkRecoveryForm(code);
  closeSlot(await openSlot(invocation.homes, { kind: "recovery", code, source }));
  answerEither({ valid: true }, () => ["This recovery code opens the vault."]);
  return 0;
}

async function remove(invocation: Invocation): Promise<number> {
  return await withPresence(invocation, async (slot) => {
    const change = await changeRecovery(invocation.homes, slot, null);
    const lines = await tellDaemon(invocation, slot, change);
    answerEither({ recovery: false, backups_removed: change.backupsRemoved }, () => [
      "Recovery code removed: from now on only the passphrase opens the vault.",
      ...lines,
    ]);
    return 0;
  });
}
