/**
 * `tacit completions SHELL` prints a script; the script asks the hidden `tacit complete -- WORDS…` at each Tab.
 * Words are handed over as they are, never evaluated: a `$(…)` in the line does not run. Names of secrets come from a
 * running daemon, within a bounded time. docs/cli.md, "completions".
 */
import { ask } from "../lib/client/client.ts";
import type { Homes } from "../lib/paths.ts";
import { CommandError, EXIT } from "./exit_codes.ts";
import { answer } from "./terminal.ts";

/** What a verb accepts, as far as completion needs it. */
export interface VerbOutline {
  readonly name: string;
  readonly flags: readonly FlagOutline[];
  /** What its arguments are. */
  readonly operands: "names" | "files" | "none" | readonly string[];
}

export interface FlagOutline {
  /** With its dashes. */
  readonly flag: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

// Someone waits at a prompt.
const WAIT_MS = 300;

/**
 * @throws {CommandError} for a shell that is not known.
 */
export function runCompletions(shell: string): number {
  const script = SCRIPTS[shell];
  if (script === undefined) {
    throw new CommandError(
      "usage",
      `Cannot write completions: the shell is not bash, zsh or fish`,
      "tacit completions bash",
    );
  }
  answer(script.trim());
  return EXIT.ok.code;
}

/** Prints what may stand in the place of the last of `words`, one a line; nothing if files are meant. Never fails. */
export async function runComplete(
  homes: (home?: string) => Homes,
  verbs: readonly VerbOutline[],
  words: string[],
): Promise<number> {
  try {
    const named = words.indexOf("--home") + 1;
    const found = await candidates(verbs, words, () => namesOf(homes(named > 0 ? words[named] : undefined)));
    for (const candidate of found) answer(candidate);
  } catch { /* a Tab that finds nothing stays silent */ }
  return EXIT.ok.code;
}

/** Pure but for `names`, which is asked only where names are meant. */
export async function candidates(
  verbs: readonly VerbOutline[],
  words: readonly string[],
  names: () => Promise<string[]>,
): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  if (before.includes("--")) return [];
  const verb = verbs.find(({ name }) => before.some((word, i) => word === name && before[i - 1] !== "--home"));
  const starting = (all: readonly string[]) => all.filter((word) => word.startsWith(current)).sort();
  const flags = verb?.flags ?? [];
  const pending = flags.find(({ flag, takesValue }) => takesValue && flag === before.at(-1));
  if (pending !== undefined) return pending.flag === "--secret" ? starting(await names()) : starting(pending.choices);
  if (verb === undefined) return starting(verbs.map(({ name }) => name));
  if (current.startsWith("-")) return starting(flags.map(({ flag }) => flag));
  if (verb.operands === "names") return starting((await names()).filter((name) => !before.includes(name)));
  return typeof verb.operands === "string" ? [] : starting(verb.operands);
}

async function namesOf(homes: Homes): Promise<string[]> {
  const { message } = await ask(homes, { verb: "list" }, undefined, { timeoutMs: WAIT_MS });
  return (message["secrets"] as { name: string }[]).map(({ name }) => name);
}

const SCRIPTS: Record<string, string> = {
  bash: `
# bash completion for tacit; load with: source <(tacit completions bash)
_tacit() {
  local IFS=$'\\n'
  COMPREPLY=($(tacit complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tacit tacit
`,
  zsh: `
#compdef tacit
# zsh completion for tacit; load with: source <(tacit completions zsh)
_tacit() {
  local -a found
  found=("\${(@f)$(tacit complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _tacit tacit
`,
  fish: `
# fish completion for tacit; load with: tacit completions fish | source
function __tacit_complete
    set -l words (commandline -opc)
    tacit complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c tacit -a '(__tacit_complete)'
`,
};
