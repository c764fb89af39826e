/** `tacit unlock`: proves presence in this process and starts a fresh daemon with the key. docs/cli.md, "unlock". */
import type { ProofSource, ProvenSlot } from "../lib/presence/open_slot.ts";
import { type Restretched, restretchIfDue } from "../lib/presence/restretch.ts";
import { acceptVault, judgeVault, refuseSuspect, type Suspect } from "../lib/presence/rollback.ts";
import { startDaemon } from "../lib/presence/start_daemon.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { showAge } from "./copy_list.ts";
import { readStatus, requireVault } from "./daemon_state.ts";
import { CommandError, failureOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { type LifetimeFlags, readLifetime, showDeadlines } from "./lifetime.ts";
import { asksOnTerminal, readRecoveryProof, withPassphrase, withProof } from "./passphrase.ts";
import { differenceLines, newerLines } from "./difference_lines.ts";
import { answerEither, ask, count, note, showTime, warn, withProgress } from "./terminal.ts";

export interface UnlockOptions extends LifetimeFlags {
  /** Replace an unlocked daemon too. */
  again?: boolean;
  /** Prove yourself with the recovery code. */
  recovery?: boolean;
  /** Take a vault that is older than, or differs from, what this machine has seen; or the one that was shown by this name. */
  acceptRollback?: true | string;
}

/** What a person types to accept it: not a yes, which is typed without reading. */
const WORD = "accept";

export async function runUnlock(invocation: Invocation, options: UnlockOptions): Promise<number> {
  refuseUnderAgent("unlock");
  const { homes } = invocation;
  const lifetime = readLifetime(options);
  requireVault(homes);
  const before = await readStatus(homes);
  if (before?.state === "unlocked" && options.again !== true && options.acceptRollback === undefined) {
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
  const start = async <T>(slot: ProvenSlot, source: ProofSource, before: () => Promise<T>): Promise<T> => {
    if (options.acceptRollback !== undefined) await accept(invocation, slot, options.acceptRollback);
    const result = await before();
    try {
      await startDaemon(homes, slot.keys, slot.epoch, lifetime, source);
    } catch (error) {
      // The daemon names a fault of the vault; what helps a person can be told better here.
      if (failureOf(error).exit === "vault") await refuseSuspect(homes, slot);
      throw error;
    }
    return result;
  };
  const restretched = options.recovery === true
    ? await withProof(
      invocation,
      await readRecoveryProof(invocation),
      (slot, source) => start(slot, source, () => Promise.resolve(null)),
    )
    : await withPassphrase(
      invocation,
      (slot, { bytes, source }) =>
        start(slot, source, () =>
          restretchIfDue(homes, slot, bytes, async (work) => {
            // A save would give a vault that nobody has accepted yet a record of its own.
            await refuseSuspect(homes, slot);
            return await withProgress("Stretching the passphrase anew…", work);
          })),
    );
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
  const { memoryMib, change: { backupsRewrapped, backupsRemoved, backupsFailed } } = restretched;
  const changed = backupsRewrapped > 0 ? `, and in ${count(backupsRewrapped, "backup")} too` : "";
  note(`The passphrase is now stretched with ${memoryMib} MiB, as that of a new vault${changed}: dearer to guess.`);
  if (backupsRemoved > 0) note(`Removed: ${count(backupsRemoved, "backup")} that could not be rewritten.`);
  if (backupsFailed > 0) warn(`${count(backupsFailed, "backup")} still open with less; see: tacit backup`);
}

/** A person is shown what the file holds and asked; a script names the file that was shown before. */
async function accept(invocation: Invocation, slot: ProvenSlot, shown: true | string): Promise<void> {
  const suspect = await judgeVault(invocation.homes, slot);
  if (suspect === null) {
    note("Nothing needs to be accepted: the vault is the newest that this machine has seen.");
    return;
  }
  suspectLines(suspect).forEach(note);
  const named = `tacit unlock --accept-rollback=${suspect.id}`;
  if (typeof shown === "string" && shown !== suspect.id) {
    throw new CommandError(
      "vault",
      `Cannot unlock: the vault file is ${suspect.id}, not the one that was named`,
      named,
    );
  }
  if (asksOnTerminal(invocation)) {
    if ((await ask(`Type "${WORD}" to take this file: `)).trim() !== WORD) {
      throw new CommandError("usage", "Cannot unlock: the vault file was not accepted", "tacit restore");
    }
  } else if (shown === true) {
    throw new CommandError("usage", "Cannot accept the vault: nobody can be asked, so the file must be named", named);
  }
  await acceptVault(invocation.homes, slot, suspect);
}

function suspectLines({ id, generation, seen, message, changed, difference, changedSince }: Suspect): string[] {
  return [
    `${message.replace(/^Cannot open vault: it/, "The vault")}.`,
    `The file is generation ${generation} (${id})${
      changed > 0 ? `, last changed ${showTime(changed)} (${showAge(changed)})` : ""
    }${seen > 0 ? `; the newest seen here is ${seen}` : ""}.`,
    ...(difference === null ? [] : ["Against the newest later copy:", ...differenceLines(difference)]),
    ...newerLines(changedSince),
    "Values that were replaced or removed since it was written come back with it.",
  ];
}
