/** `tacit unlock`: proves presence in this process and starts a fresh daemon with the key. docs/cli.md, "unlock". */
import { startDaemon } from "../lib/presence/start_daemon.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { readStatus, requireVault } from "./daemon_state.ts";
import { CommandError } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { type LifetimeFlags, readLifetime, showDeadlines } from "./lifetime.ts";
import { withPresence } from "./passphrase.ts";
import { answerEither, count, warn } from "./terminal.ts";

export interface UnlockOptions extends LifetimeFlags {
  /** Replace an unlocked daemon too. */
  again?: boolean;
}

export async function runUnlock(invocation: Invocation, options: UnlockOptions): Promise<number> {
  refuseUnderAgent("unlock");
  const { homes } = invocation;
  const lifetime = readLifetime(options);
  requireVault(homes);
  const before = await readStatus(homes);
  if (before?.state === "unlocked" && options.again !== true) {
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
  await withPresence(invocation, (slot, source) => startDaemon(homes, slot.keys, slot.epoch, lifetime, source));
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
  }, () => [
    `Unlocked: ${count(status.secrets, "secret")}; locks ${showDeadlines(status)}.`,
  ]);
  status.notes.forEach(warn);
  return 0;
}
