/**
 * `tacit import FILE`: the values of a `.env` file, all or none, with names shown and one question. With `--rewrite`
 * the file then refers to them. docs/cli.md, "import".
 */
import { replaceFile } from "../lib/atomic_file.ts";
import { addSecrets, type SecretLabels } from "../lib/client/admin.ts";
import { type EnvFileIntake, valuesFromEnvFile } from "../lib/client/intake.ts";
import { escapeForDisplay } from "../lib/display.ts";
import type { ProvenSlot } from "../lib/presence/open_slot.ts";
import { shellQuote } from "../lib/shell/quote.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { readSecrets, requireUnlocked } from "./daemon_state.ts";
import { CommandError, failureOf } from "./exit_codes.ts";
import { isTracked } from "./git_index.ts";
import { ENV_PROMISE, type GrantFlags, readGrantFlags } from "./grant_options.ts";
import type { Invocation } from "./invocation.ts";
import { asksOnTerminal, hardenForSecrets, withPresence } from "./passphrase.ts";
import { answer, answerJson, canAsk, confirm, count, hint, note, warn } from "./terminal.ts";

export interface ImportOptions extends GrantFlags {
  yes?: boolean;
  rewrite?: boolean;
  replace?: boolean;
  weak?: boolean;
}

// Names and grants of one request fit into its JSON; a file with more is no `.env`.
const MAX_SECRETS = 500;

export async function runImport(invocation: Invocation, path: string, options: ImportOptions): Promise<number> {
  refuseUnderAgent("import", ".env");
  const choice = readGrantFlags(options);
  await requireUnlocked(invocation.homes, `import "${path}"`);
  hardenForSecrets();
  const file = valuesFromEnvFile(path);
  try {
    const names = file.values.names;
    if (names.length === 0) {
      throw new CommandError("usage", `Cannot import "${path}": it holds no value`, "lines look like NAME=value");
    }
    if (names.length > MAX_SECRETS) {
      throw new CommandError("usage", `Cannot import "${path}": it holds more than ${MAX_SECRETS} values`, "split it");
    }
    await refuseTaken(invocation, names, options.replace === true);
    const labels: SecretLabels = {
      kind: choice.kind ?? "token",
      tags: choice.tags ?? [],
      description: choice.description ?? "",
      provider: null,
      destinations: choice.destinations ?? [],
      positions: [],
      // The values are environment variables already; hosts seal them as everywhere.
      modes: choice.modes ?? ["env"],
      agents: choice.agents ?? [],
      projects: choice.projects ?? [],
      confirm: choice.confirm ?? "never",
      expires: choice.expires ?? null,
      weak: options.weak === true,
      replace: options.replace === true,
    };
    showPlan(path, file, labels);
    if (options.yes !== true && !await agreed(invocation, path, names.length)) {
      note("Nothing was imported.");
      return 0;
    }
    const { stored, weak, notes } = await withPresence(
      invocation,
      (slot) => storeAll(invocation, slot, file, labels),
    );
    const rewritten = options.rewrite === true && stored.length > 0 && rewrite(path, file, stored);
    report(invocation, path, { stored, weak, notes, rewritten });
    return 0;
  } finally {
    file.wipe();
  }
}

/**
 * One request, so that all or none are stored. Values that are too weak to be scrubbed (`PORT=3000`, `DEBUG=true`) are
 * settings more often than secrets: they are left out and named, unless `--weak` takes them too.
 */
async function storeAll(
  invocation: Invocation,
  slot: ProvenSlot,
  file: EnvFileIntake,
  labels: SecretLabels,
): Promise<{ stored: string[]; weak: string[]; notes: string[] }> {
  const weak: string[] = [];
  while (file.values.names.length > 0) {
    const stored = file.values.names;
    try {
      const { notes } = await addSecrets(invocation.homes, slot, file.values, labels);
      return { stored, weak, notes };
    } catch (error) {
      const failure = failureOf(error);
      const name = /^Cannot store "([A-Z][A-Z0-9_]*)"/.exec(failure.message)?.[1];
      if (failure.code !== "weak_value" || name === undefined || !stored.includes(name)) throw error;
      weak.push(name);
      file.values.drop(name);
    }
  }
  return { stored: [], weak, notes: [] };
}

async function refuseTaken(invocation: Invocation, names: string[], replace: boolean): Promise<void> {
  if (replace) return;
  const known = new Set((await readSecrets(invocation.homes, "import secrets")).map((secret) => secret.name));
  const taken = names.filter((name) => known.has(name));
  if (taken.length === 0) return;
  throw new CommandError(
    "name",
    `Cannot import ${taken.join(", ")}: ${
      taken.length === 1 ? "there is a secret of this name" : "there are secrets of these names"
    }; nothing was imported`,
    "--replace takes the file's values for them",
  );
}

function showPlan(path: string, file: EnvFileIntake, labels: SecretLabels): void {
  const names = file.values.names.map((name) => {
    const key = file.keys.get(name);
    return key === undefined || key === name ? name : `${name} (${escapeForDisplay(key)})`;
  });
  note(`${count(names.length, "value")} in ${escapeForDisplay(path)}: ${names.join(", ")}`);
  const use = labels.modes.map((mode) => mode === "sealed" ? "sealed to the named hosts" : `${mode}: ${ENV_PROMISE}`);
  note(`Use: ${use.join("; ")}`);
  if (file.skipped.length > 0) {
    note(`Left alone, empty or a reference: ${file.skipped.map(escapeForDisplay).join(", ")}`);
  }
  if (isTracked(Deno.realPathSync(path))) {
    warn(
      `${escapeForDisplay(path)} is tracked by git: its history has the values; replace them at their providers`,
    );
  }
  if (file.literalDollar.length > 0) {
    warn(`$ is taken as it stands, nothing is expanded, in: ${file.literalDollar.join(", ")}`);
  }
}

async function agreed(invocation: Invocation, path: string, n: number): Promise<boolean> {
  if (!asksOnTerminal(invocation) || !canAsk()) {
    throw new CommandError(
      "usage",
      `Cannot import "${path}": nobody can be asked to confirm`,
      `tacit import ${shellQuote(path)} --yes`,
    );
  }
  return await confirm(`Import ${n === 1 ? "it" : `these ${n}`}?`);
}

/** The secrets are stored by now: a file that cannot be rewritten is a warning. */
function rewrite(path: string, file: EnvFileIntake, stored: string[]): boolean {
  const real = Deno.realPathSync(path);
  if (!file.unchanged(real)) {
    warn(`${escapeForDisplay(path)} was changed meanwhile and is left as it is`);
    return false;
  }
  const bytes = file.rewritten(stored);
  try {
    const { mode } = Deno.statSync(real);
    replaceFile(real, bytes);
    // The umask of a hardened process would have taken from the mode.
    if (mode !== null && Deno.build.os !== "windows") Deno.chmodSync(real, mode & 0o777);
  } catch {
    warn(`${escapeForDisplay(path)} cannot be written and is left as it is`);
    return false;
  } finally {
    bytes.fill(0);
  }
  return true;
}

function report(
  invocation: Invocation,
  path: string,
  result: { stored: string[]; weak: string[]; notes: string[]; rewritten: boolean },
): void {
  const { stored, weak, notes, rewritten } = result;
  if (invocation.json) answerJson({ stored, left_weak: weak, rewritten, notes });
  else {
    stored.forEach((name) => answer(`Stored ${name}`));
    if (rewritten) {
      answer(
        `Rewrote ${escapeForDisplay(path)}: it now refers to ${stored.length === 1 ? "it" : "them"} as tacit://NAME`,
      );
    }
    notes.forEach(note);
  }
  if (weak.length > 0) {
    note(
      `Left in the file, too short or too common to be found in output: ${weak.join(", ")}.`,
    );
    hint(`if one of them is a secret: tacit import ${shellQuote(path)} --weak`);
  }
  if (rewritten) {
    note("Copies may live on in editors' undo files, backups and shell history.");
    hint(`use it with: tacit run --env-file ${shellQuote(path)} -- command`);
  } else if (stored.length > 0) {
    note(`${escapeForDisplay(path)} still holds the values; --rewrite puts references in their place.`);
  }
}
