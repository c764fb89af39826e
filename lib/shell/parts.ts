/**
 * What a command runs, as text: for matching an agent's permission rules against the command that the agent wrote,
 * and for keeping a leading `cd` outside a wrapper. Both answer null where the text cannot be read with certainty.
 */
import { parseCommand } from "./grammar.ts";
import { readingOf } from "./readings.ts";
import { isDynamic, programName } from "./spelling.ts";
import { type List, type Simple, Unprovable } from "./syntax.ts";
import { namesInPieces, visitCommands, visitExpansions } from "./walk.ts";
import { rawOf, spell } from "./words.ts";

/** `cd DIR && rest`; `prefix + rest` is the command. */
export interface LeadingCd {
  /** Everything before `rest`, byte for byte. */
  prefix: string;
  /** The directory after quote removal. A leading `~/` (or `~`) is the shell's home; a quoted tilde comes as `./~`. */
  dir: string;
  rest: string;
}

/**
 * The leading `cd` of `command`, if DIR is static and all the rest depends on it: a list with `;`, `&`, `||` or
 * several lines would go on after a `cd` that failed. `cd -`, options and `~user` are not taken apart.
 */
export function leadingCd(command: string): LeadingCd | null {
  const list = parsed(command);
  const [first, ...others] = list?.items ?? [];
  const [cd] = first?.stages ?? [];
  if (list === null || first?.next !== "&&" || first.stages.length !== 1 || cd?.kind !== "simple") return null;
  // `! cd x && y` and `time cd x && y` begin before the command does.
  if (/\S/.test(command.slice(0, cd.start).replaceAll("\\\n", ""))) return null;
  if (others.some((item, i) => item.next !== (i < others.length - 1 ? "&&" : ""))) return null;
  const [name, ...operands] = cd.words;
  if (name === undefined || rawOf({ text: command }, name) !== "cd") return null;
  if (cd.assignments.length > 0 || cd.redirects.length > 0) return null;
  if (operands.length === 2 && rawOf({ text: command }, operands[0] ?? name) === "--") operands.shift();
  const [operand] = operands;
  if (operand === undefined || operands.length !== 1 || namesInPieces(operand.pieces).length > 0) return null;
  const raw = rawOf({ text: command }, operand);
  const home = /^~(\/|$)/.test(raw);
  const spelled = spell(command, operand);
  const dir = home ? spelled.replace("\0", "") : spelled;
  if (dir === "" || isDynamic(dir) || dir.startsWith("-")) return null;
  const end = first.end + (/^(?:[ \t\n]|\\\n)*/.exec(command.slice(first.end))?.[0].length ?? 0);
  return {
    prefix: command.slice(0, end),
    dir: !home && dir.startsWith("~") ? `./${dir}` : dir,
    rest: command.slice(end),
  };
}

/**
 * Every simple command of `command`, as typed: of lists, pipelines, loops, functions, subshells and substitutions,
 * behind wrappers (`timeout 5 curl x` gives that and `curl x`), and in scripts given literally to a shell or `eval`.
 * A command with assignments before it is there twice, with them and without: a rule that forbids must see the
 * name, a rule that allows must cover the whole. A quoted name (`'rm' x`, `r\m x`) is written without its quotes.
 * Comments and the bodies of here-documents are not in the text. Null where the text, or what it would run
 * (`$x y`, `eval "$x"`, `bash -c "$x"`), is not certain.
 */
export function commandParts(command: string): string[] | null {
  try {
    const parts: string[] = [];
    collect(command, parts, 0);
    return [...new Set(parts)];
  } catch {
    return null;
  }
}

/** The parsed command with every `{{NAME}}` taken for a placeholder, or null. */
function parsed(command: string): List | null {
  try {
    return parseCommand(command, () => true);
  } catch {
    return null;
  }
}

// As deep as the rewrite follows.
const SCRIPT_LEVELS = 5;

function collect(text: string, parts: string[], level: number): void {
  if (level > SCRIPT_LEVELS) throw new Unprovable("it is nested too deeply");
  visitCommands(parseCommand(text, () => true), (command) => {
    visitExpansions(command, (piece) => {
      // With an unknown name the braces are bash's own, and one of them ends the expansion.
      if (piece.list === null && namesInPieces(piece.pieces).length > 0) throw new Unprovable("a ${…} may end earlier");
      if (piece.source !== null) collect(piece.source, parts, level + 1);
    });
    if (command.kind === "simple") collectSimple(text, command, parts, level);
    else if (command.kind === "test") parts.push(text.slice(command.start, command.end));
  });
}

function collectSimple(text: string, command: Simple, parts: string[], level: number): void {
  const [name] = command.words;
  const whole = text.slice(command.start, command.end);
  if (name === undefined) {
    parts.push(whole);
    return;
  }
  const words = command.words.map((word) => spell(text, word));
  if (name.start > command.start) parts.push(whole);
  for (let at: number | null = 0; at !== null;) {
    const word: Simple["words"][number] = command.words[at] ?? name;
    const spelled = words[at] ?? "";
    if (programName(spelled) === null) throw new Unprovable("a command's name is not written out");
    const typed = isDynamic(spelled) ? rawOf({ text }, word) : spelled;
    parts.push(typed + text.slice(word.end, command.end));
    at = readingOf(words, at).inner;
  }
  const reading = readingOf(words);
  const script = reading.script === null ? undefined : words[reading.script.index];
  if (script !== undefined) return collect(script, parts, level + 1);
  const last = programName(words[reading.inner ?? 0]);
  const code = words.slice((reading.inner ?? 0) + 1);
  if (last === "eval" || last === "trap") {
    const source = last === "eval" ? code.join(" ") : code.find((word) => !word.startsWith("-")) ?? "";
    if (isDynamic(source)) throw new Unprovable("what it runs is not written out");
    collect(source, parts, level + 1);
  }
  const shell = reading.reads === '"$TOKEN"';
  if (shell && code.some((word) => /^-\w*c/.test(word))) throw new Unprovable("what it runs is not written out");
  const heredoc = command.redirects.find((redirect) => redirect.heredoc !== null)?.heredoc;
  if (shell && reading.stdin !== "data" && heredoc) {
    if (!heredoc.quoted) throw new Unprovable("what it runs is not written out");
    collect(text.slice(heredoc.bodyStart, heredoc.bodyEnd), parts, level + 1);
  }
}
