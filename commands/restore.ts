/**
 * `tacit restore`: goes back to a copy of the vault. Everything is proven and shown first, what is replaced is kept, and
 * the way back is printed. docs/cli.md, "restore".
 */
import { escapeForDisplay } from "../lib/display.ts";
import { listCopies } from "../lib/presence/copies.ts";
import { closeSlot, type Proof, type ProofSource } from "../lib/presence/open_slot.ts";
import { prepareRestore, type RestorePlan, type RestoreView } from "../lib/presence/prepare_restore.ts";
import { PresenceError } from "../lib/presence/presence_error.ts";
import { performRestore, type RestoreOutcome, unlockRestored } from "../lib/presence/restore.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { copyTable, labelOf, LATEST, pathsOf, typed } from "./copy_list.ts";
import { CommandError, failureOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { documentOf, viewLines, warnOfSuspects } from "./restore_view.ts";
import { agreeToMemory, asksOnTerminal, provePassphrase, readRecoveryProof } from "./passphrase.ts";
import { answer, answerJson, ask, canAsk, count, hint, note, proposing, warn, withProgress } from "./terminal.ts";

export interface RestoreOptions {
  /** Prove yourself with the recovery code. */
  recovery?: boolean;
  /** Do not ask. */
  yes?: boolean;
  /** Show what would change, and change nothing. */
  dryRun?: boolean;
}

/** What a person types to go on: not a yes, which is typed without reading. */
const WORD = "restore";

export async function runRestore(
  invocation: Invocation,
  which: string | undefined,
  options: RestoreOptions,
): Promise<number> {
  refuseUnderAgent("restore");
  const asks = asksOnTerminal(invocation) && canAsk();
  const chosen = which ?? await askWhich(invocation, asks);
  if (!asks && options.yes !== true && options.dryRun !== true) {
    throw new CommandError(
      "usage",
      "Cannot restore: nobody can be asked to confirm",
      `tacit restore ${typed(chosen)} --dry-run shows what would change; tacit restore ${typed(chosen)} --yes does it`,
    );
  }
  const { plan, source } = await prove(invocation, chosen, options.recovery === true);
  try {
    const { view } = plan;
    if (options.dryRun === true || view.nothingToDo) return showOnly(invocation, view);
    viewLines(view).forEach(note);
    if (options.yes !== true && (await ask(`Type "${WORD}" to go on: `)).trim() !== WORD) {
      note("Nothing was changed.");
      return 0;
    }
    return await restore(invocation, plan, source);
  } finally {
    closeSlot(plan.slot);
  }
}

/** No answer means the newest, which is what a person wants who has just lost a vault. */
async function askWhich({ homes }: Invocation, asks: boolean): Promise<string> {
  const { copies } = listCopies(homes);
  if (copies.length === 0) return LATEST;
  if (!asks) {
    throw new CommandError("usage", "Cannot restore: it was not said which backup", `tacit restore ${LATEST}`);
  }
  copyTable(copies).forEach(note);
  const said = (await ask("Which one? (a generation, or a file; Enter for the newest that is whole) ")).trim();
  return said === "" ? LATEST : said;
}

async function prove(
  invocation: Invocation,
  which: string,
  byRecovery: boolean,
): Promise<{ plan: RestorePlan; source: ProofSource }> {
  const { homes } = invocation;
  const paths = pathsOf(which, listCopies(homes).copies);
  const options = { allowLargeMemory: !byRecovery && await agreeToMemories(invocation, paths[0]) };
  const open = (proof: Proof) =>
    withProgress("Deriving the key…", () => prepareRestore(homes, paths, which === LATEST, proof, options));
  if (!byRecovery) {
    const { opened, source } = await provePassphrase(invocation, open);
    return { plan: opened, source };
  }
  const proof = await readRecoveryProof(invocation);
  return { plan: await open(proof), source: proof.source };
}

/** The copy or the vault may be from elsewhere. What cannot be read asks for nothing. */
async function agreeToMemories(invocation: Invocation, copy: string | undefined): Promise<boolean> {
  for (const path of [copy, invocation.homes.vault]) {
    if (path === undefined) continue;
    try {
      if (await agreeToMemory(invocation, path)) return true;
    } catch (error) {
      if (!(error instanceof PresenceError)) throw error;
    }
  }
  return false;
}

async function restore(invocation: Invocation, plan: RestorePlan, source: ProofSource): Promise<number> {
  const { homes } = invocation;
  let done: RestoreOutcome;
  try {
    done = await performRestore(homes, plan);
  } catch (error) {
    note("The vault is as it was. If it was unlocked, it is locked now: tacit unlock");
    throw error;
  }
  const locked = await lockedReason(() => unlockRestored(homes, plan, source));
  const { copies } = listCopies(homes);
  const replaced = copies.find(({ path }) => path === done.replaced);
  const { present } = plan.view;
  const undo = replaced !== undefined && present !== null && "id" in present && present.complete
    ? `tacit restore ${typed(labelOf(replaced, copies))}`
    : null;
  if (invocation.json) {
    answerJson({
      restored: true,
      generation: done.generation,
      replaced: done.replaced,
      undo: undo === null ? null : proposing(undo),
      unlocked: locked === null,
      ...documentOf(plan.view),
    });
  } else {
    const { generation, secrets } = plan.view;
    answer(`Restored generation ${generation} as generation ${done.generation}: ${count(secrets, "secret")}.`);
    answer(locked === null ? "The vault is unlocked." : "The vault is locked.");
    if (undo !== null) answer(`To undo this: ${proposing(undo)}`);
    else if (done.replaced !== null) answer(`The damaged file is kept: ${escapeForDisplay(done.replaced)}`);
  }
  done.notes.forEach(warn);
  warnOfSuspects(plan.view);
  if (locked !== null) {
    warn(locked);
    hint("tacit unlock");
  }
  return 0;
}

async function lockedReason(start: () => Promise<void>): Promise<string | null> {
  try {
    await start();
    return null;
  } catch (error) {
    return failureOf(error).message;
  }
}

function showOnly(invocation: Invocation, view: RestoreView): number {
  if (invocation.json) answerJson({ restored: false, ...documentOf(view) });
  else {
    viewLines(view).forEach(answer);
    if (view.nothingToDo) answer("The vault holds all of this already: nothing to restore.");
  }
  return 0;
}
