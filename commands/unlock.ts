/** `tacit unlock`: proves presence in this process and starts a fresh daemon with the key. docs/cli.md, "unlock". */
import type { ProvenSlot } from "../lib/presence/open_slot.ts";
import { type Restretched, restretchIfDue } from "../lib/presence/restretch.ts";
import { acceptVault, explainVault } from "../lib/presence/rollback.ts";
import { startDaemon } from "../lib/presence/start_daemon.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { readStatus, requireVault } from "./daemon_state.ts";
import { CommandError, failureOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { type LifetimeFlags, readLifetime, showDeadlines } from "./lifetime.ts";
import { asksOnTerminal, withPassphrase } from "./passphrase.ts";
import { answerEither, ask, count, note, warn, withProgress } from "./terminal.ts";

export interface UnlockOptions extends LifetimeFlags {
  /** Replace an unlocked daemon too. */
  again?: boolean;
  /** Take a vault that is older than what this machine has seen. */
  acceptRollback?: boolean;
}

export async function runUnlock(invocation: Invocation, options: UnlockOptions): Promise<number> {
  refuseUnderAgent("unlock");
  const { homes } = invocation;
  const lifetime = readLifetime(options);
  requireVault(homes);
  const before = await readStatus(homes);
  if (before?.state === "unlocked" && options.again !== true && options.acceptRollback !== true) {
    answerEither({
      state: before.state,
      already: true,
      idle_deadline: before.idle_deadline,
      absolute_deadline: before.absolute_deadline,
    }, () => [
      `Already unlocked; locks ${showDeadlines(before)}. To start afresh: tacit unlock --again`,
    ]);
    return 0;
  }
  const restretched = await withPassphrase(invocation, async (slot, { bytes, source }) => {
    if (options.acceptRollback === true) await accept(invocation, slot);
    const restretched = await restretchIfDue(
      homes,
      slot,
      bytes,
      (work) => withProgress("Stretching the passphrase anew…", work),
    );
    try {
      await startDaemon(homes, slot.keys, slot.epoch, lifetime, source);
    } catch (error) {
      // The daemon names a fault of the vault; what helps a person can be told better here.
      if (failureOf(error).exit === "vault") await explainVault(homes, slot);
      throw error;
    }
    return restretched;
  });
  const status = await readStatus(homes);
  if (status?.state !== "unlocked") {
    throw new CommandError("locked", "Cannot unlock: the daemon took the key and went away", "tacit doctor");
  }
  answerEither({
    state: status.state,
    already: false,
    secrets: status.secrets,
    idle_deadline: status.idle_deadline,
    absolute_deadline: status.absolute_deadline,
    restretched_mib: restretched?.done === true ? restretched.memoryMib : null,
  }, () => [
    `Unlocked: ${count(status.secrets, "secret")}; locks ${showDeadlines(status)}.`,
  ]);
  status.notes.forEach(warn);
  if (restretched !== null) noteRestretched(restretched);
  return 0;
}

function noteRestretched(restretched: Restretched): void {
  if (!restretched.done) {
    note(
      `The passphrase could not be stretched as that of a new vault (${restretched.reason}); next unlock tries again.`,
    );
    return;
  }
  const { memoryMib, change } = restretched;
  const gone = change.backupsRemoved === 0
    ? ""
    : ` Removed: ${count(change.backupsRemoved, "backup")} that it opened with less.`;
  note(`The passphrase is now stretched with ${memoryMib} MiB, as that of a new vault: dearer to guess.${gone}`);
}

/** A person is asked once more; a script has said it with the flag. */
async function accept(invocation: Invocation, slot: ProvenSlot): Promise<void> {
  if (asksOnTerminal(invocation)) {
    note("Values that were replaced or removed since this file was written come back with it.");
    if (await ask('Type "older" to go on: ') !== "older") {
      throw new CommandError("usage", "Cannot unlock: the older vault was not accepted", "tacit doctor");
    }
  }
  await acceptVault(invocation.homes, slot);
}
