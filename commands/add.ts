/**
 * `tacit add NAME…`: values by hidden prompt, or one value by pipe, stored under one proof of presence. Nothing is
 * asked of a person before it is clear that the answer can be used. docs/cli.md, "add".
 */
import { addSecrets, type SecretLabels } from "../lib/client/admin.ts";
import { InboundValues, stdinIsPiped, valueFromPipe, valueFromPrompt } from "../lib/client/intake.ts";
import { showDestination } from "../lib/grant/destination.ts";
import { isName } from "../lib/names.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { readSecrets, requireUnlocked } from "./daemon_state.ts";
import { CommandError, failureOf } from "./exit_codes.ts";
import { ENV_PROMISE, type GrantChoice, type GrantFlags, readGrantFlags, SEALED_YET } from "./grant_options.ts";
import type { Invocation } from "./invocation.ts";
import { asksOnTerminal, hardenForSecrets, withPresence } from "./passphrase.ts";
import { readNewNames, valueInArguments } from "./secret_names.ts";
import { answer, answerJson, ask, canAsk, confirm, note } from "./terminal.ts";

export interface AddOptions extends GrantFlags {
  weak?: boolean;
  replace?: boolean;
  keepNewline?: boolean;
  /** Exists only to be refused with the safe command. */
  value?: string | true;
}

export async function runAdd(invocation: Invocation, words: string[], options: AddOptions): Promise<number> {
  refuseUnderAgent("add", "NAME");
  if (options.value !== undefined) throw valueInArguments(words.find(isName) ?? "NAME");
  const names = readNewNames(words);
  const choice = readGrantFlags(options);
  const piped = stdinIsPiped() && invocation.passphraseFd !== 0;
  if (piped && names.length > 1) {
    throw new CommandError(
      "usage",
      `Cannot store ${names.length} secrets from one pipe: it is one value`,
      `tacit add ${names[0]} < file`,
    );
  }
  await requireUnlocked(invocation.homes, `add ${names.join(", ")}`);
  const fresh = await newAmong(invocation, names, choice, options.replace === true);
  if (fresh.length > 0 && choice.modes === undefined) Object.assign(choice, await askForModes(invocation, fresh));
  const labels = labelsOf(fresh, choice, options);
  hardenForSecrets();
  const stored: string[] = [];
  const values = new InboundValues();
  try {
    // A pipe is read before the passphrase is asked: whoever writes into it must not wait for a person.
    if (piped) await valueFromPipe(values, names[0] ?? "", options.keepNewline === true);
    const notes = await withPresence(invocation, async (slot) => {
      const notes = new Set<string>();
      for (const name of names) {
        if (!piped) await valueFromPrompt(values, name, `Value of ${name}: `);
        const result = await storeOne(
          name,
          labels,
          options,
          (asked) => addSecrets(invocation.homes, slot, values, asked),
        );
        result.notes.forEach((text) => notes.add(text));
        values.drop(name);
        stored.push(name);
        if (!invocation.json) answer(`Stored ${name} (${fresh.includes(name) ? describe(labels) : "new value"})`);
      }
      return [...notes];
    });
    if (invocation.json) answerJson({ stored, notes });
    else notes.forEach(note);
    if (labels.modes.includes("sealed")) note(`Note: ${SEALED_YET}.`);
    else if (asksOnTerminal(invocation)) note(`An agent uses it by writing {{${names[0]}}} in a command.`);
    return 0;
  } finally {
    values.wipe();
  }
}

/** A weak value is explained; a person may insist, a script says `--weak`. */
async function storeOne(
  name: string,
  labels: SecretLabels,
  options: AddOptions,
  store: (labels: SecretLabels) => Promise<{ notes: string[] }>,
): Promise<{ notes: string[] }> {
  try {
    return await store(labels);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code !== "weak_value" || options.weak === true || !canAsk()) throw error;
    note(failure.message);
    if (!await confirm("Store it all the same, marked as weak?")) throw error;
    const { notes } = await store({ ...labels, weak: true });
    // Why it is weak was said a moment ago.
    return { notes: notes.filter((text) => !text.startsWith(`${name}: `)) };
  }
}

/** Which of `names` are new. Replacing keeps what a secret may be used for, so flags would be lost on it. */
async function newAmong(
  invocation: Invocation,
  names: string[],
  choice: GrantChoice,
  replace: boolean,
): Promise<string[]> {
  const known = new Set((await readSecrets(invocation.homes, "add secrets")).map((secret) => secret.name));
  const taken = names.find((name) => known.has(name));
  if (taken !== undefined && !replace) {
    throw new CommandError(
      "name",
      `Cannot add "${taken}": there is a secret of this name`,
      `tacit add ${taken} --replace`,
    );
  }
  if (taken !== undefined && Object.keys(choice).length > 0) {
    throw new CommandError(
      "usage",
      `Cannot replace "${taken}" and change its grant at once: replacing keeps the rest as it is`,
      `tacit add ${taken} --replace, and: tacit edit ${taken} …`,
    );
  }
  return names.filter((name) => !known.has(name));
}

function labelsOf(names: string[], choice: GrantChoice, options: AddOptions): SecretLabels {
  const labels: SecretLabels = {
    kind: choice.kind ?? "token",
    tags: choice.tags ?? [],
    description: choice.description ?? "",
    provider: null,
    destinations: choice.destinations ?? [],
    positions: [],
    modes: choice.modes ?? [],
    agents: choice.agents ?? [],
    projects: choice.projects ?? [],
    confirm: choice.confirm ?? "never",
    expires: choice.expires ?? null,
    weak: options.weak === true,
    replace: options.replace === true,
  };
  if (labels.modes.includes("sealed") && labels.destinations.length === 0) {
    throw new CommandError(
      "usage",
      `Cannot seal "${names[0]}": a sealed secret needs the hosts that may receive it`,
      `tacit add ${names[0]} --host api.example.com`,
    );
  }
  return labels;
}

async function askForModes(
  invocation: Invocation,
  names: string[],
): Promise<Pick<GrantChoice, "modes" | "destinations">> {
  const subject = names.length === 1 ? names[0] : `${names.length} secrets`;
  const missing = new CommandError(
    "usage",
    `Cannot add ${subject}: it is not said how it may be used`,
    `tacit add ${names.join(" ")} --inject env   (${ENV_PROMISE}), or --host api.example.com`,
  );
  if (!asksOnTerminal(invocation) || !canAsk()) throw missing;
  note(`How may ${subject} be used?`);
  note(`  1  env: commands get it as a variable; ${ENV_PROMISE}`);
  note("  2  sealed: it goes only to hosts that you name, past the command (not usable yet in this version)");
  const reply = await ask("Choose 1 or 2: ");
  if (reply === "1" || reply === "env") return { modes: ["env"] };
  if (reply !== "2" && reply !== "sealed") throw missing;
  const hosts = (await ask("Hosts, such as api.github.com: ")).split(/[\s,]+/).filter((host) => host !== "");
  if (hosts.length === 0) throw missing;
  const { destinations, modes } = readGrantFlags({ host: hosts });
  return { ...(destinations && { destinations }), ...(modes && { modes }) };
}

function describe(labels: SecretLabels): string {
  return labels.modes.map((mode) =>
    mode === "sealed" ? `sealed to ${labels.destinations.map(showDestination).join(", ")}` : `${mode}: ${ENV_PROMISE}`
  )
    .join("; ");
}
