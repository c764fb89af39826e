/**
 * Turns each live placeholder of a bash command into a reference to an environment variable, such that the command
 * does what it would do if the value had been typed there as one literal string. docs/architecture.md, "Placeholders".
 *
 * Rules: the value is never in the text; what is not certain is refused, never guessed; a placeholder in a comment is
 * none; where a word is code of another language (lib/shell/interpreters.ts) a value could become code: refused.
 */
import { CODE_VARIABLES } from "./interpreters.ts";
import { parseCommand } from "./grammar.ts";
import { findPlaceholders } from "./placeholders.ts";
import { readingOf } from "./readings.ts";
import { applyEdits, type Edit, heredocEdits, referenceFor, scriptEdit } from "./references.ts";
import { isDynamic, programName, type Reading, type Spelling } from "./spelling.ts";
import {
  type Command,
  type Compound,
  type List,
  type Piece,
  type Redirect,
  type Simple,
  Unprovable,
} from "./syntax.ts";
import { namesInCommand, namesInList, namesInRedirect, namesInWord, visitCommands } from "./walk.ts";
import { rawOf, spell } from "./words.ts";

/** The rewritten command with the names it now refers to, in order; or why it cannot be proven. */
export type Rewrite =
  | { ok: true; command: string; names: string[] }
  | { ok: false; code: "unprovable_context"; name: string; message: string };

// A script in a script in a script: each level adds a level of quotes, and nobody writes five.
const SCRIPT_LEVELS = 5;

/**
 * Rewrites `command` for bash. Placeholders whose name is not `known` are text. `variable` gives the environment
 * variable of a name; the caller runs the result with those variables set to the values, which hold no NUL.
 * Never throws on any command.
 */
export function rewriteCommand(
  command: string,
  known: (name: string) => boolean,
  variable: (name: string) => string,
): Rewrite {
  const first = findPlaceholders(command).find((placeholder) => known(placeholder.name))?.name;
  try {
    if (first === undefined) {
      if (command.includes("\0")) throw new Unprovable("it has a control character");
      return { ok: true, command, names: [] };
    }
    return { ok: true, ...rewriteScript(command, { known, variable, posix: false, level: 0 }) };
  } catch (error) {
    const refusal = error instanceof Unprovable ? error : new Unprovable("it is nested too deeply");
    const name = refusal.placeholder ?? first ?? "";
    const message = refusal.placeholder === null
      ? `Cannot rewrite the command: ${refusal.message}; write it more simply, with each placeholder in a plain argument`
      : `Cannot place "{{${name}}}": ${refusal.message}`;
    return { ok: false, code: "unprovable_context", name, message };
  }
}

interface Options {
  known: (name: string) => boolean;
  variable: (name: string) => string;
  posix: boolean;
  level: number;
}

/** What the walk through one script needs and collects. */
interface Work extends Options {
  text: string;
  edits: Edit[];
  slots: { start: number; name: string }[];
}

interface Rewritten {
  command: string;
  names: string[];
}

function rewriteScript(text: string, options: Options): Rewritten {
  if (options.level > SCRIPT_LEVELS) throw new Unprovable("it is nested too deeply");
  const list = parseCommand(text, options.known, options.posix);
  const names = namesInList(list);
  for (const name of names) {
    // An assignment to it or `unset` would put something else in the value's place.
    if (text.includes(options.variable(name))) {
      throw new Unprovable(`the command uses ${options.variable(name)}, which is reserved for it`, name);
    }
  }
  if (names[0] !== undefined) refuseAttributes(text, list, names[0]);
  const work: Work = { ...options, text, edits: [], slots: [] };
  rewriteList(work, list, []);
  const ordered = work.slots.sort((a, b) => a.start - b.start).map((slot) => slot.name);
  return { command: applyEdits(text, work.edits), names: [...new Set(ordered)] };
}

/** Integers and name references calculate with, or look up, whatever is assigned to them from then on. */
function refuseAttributes(text: string, list: List, name: string): void {
  visitCommands(list, (command) => {
    if (command.kind !== "simple") return;
    const words = command.words.map((word) => spell(text, word));
    const at = words.findIndex((word) => !/^(builtin|command)$/.test(word));
    if (!/^(declare|typeset|local|export|readonly)$/.test(words[at] ?? "")) return;
    if (words.slice(at + 1).some((word) => /^[-+]\w*[in]/.test(word) || word.startsWith("\0"))) {
      throw new Unprovable("a variable of the command is declared an integer or a name, which evaluates values", name);
    }
  });
}

/** `fed` names the placeholders that may reach the list's standard input. */
function rewriteList(work: Work, list: List, fed: readonly string[]): void {
  for (const item of list.items) {
    let upstream = [...fed];
    for (const stage of item.stages) {
      rewriteStage(work, stage, upstream);
      upstream = [...upstream, ...namesInCommand(stage)];
    }
  }
}

function rewriteStage(work: Work, command: Command, upstream: readonly string[]): void {
  const inputs = command.redirects.filter(isInput);
  const fed = inputs.length > 0 ? inputs.flatMap(namesInRedirect) : upstream;
  const done = command.kind === "simple" ? rewriteSimple(work, command, fed, inputs) : new Set<unknown>();
  if (command.kind === "compound") rewriteLoop(work, command, fed);
  // `>( … )` reads what this command writes.
  const outward = [...upstream, ...namesInCommand(command)];
  const pieces = (all: readonly Piece[]): void => rewritePieces(work, all, fed, outward);
  const words = command.kind === "simple" ? [...command.assignments, ...command.words] : command.words;
  for (const word of words) {
    if (done.has(word)) continue;
    pieces(word.pieces);
    for (const element of word.elements) pieces(element.pieces);
  }
  for (const redirect of command.redirects) {
    if (done.has(redirect)) continue;
    if (redirect.target !== null) {
      const name = namesInWord(redirect.target)[0];
      if (name !== undefined && redirect.operator.endsWith("&")) {
        throw new Unprovable("it stands where a file descriptor's number is expected", name);
      }
      pieces(redirect.target.pieces);
    }
    const { heredoc } = redirect;
    if (heredoc === null) continue;
    if (heredoc.quoted && heredoc.pieces.length > 0) {
      work.edits.push(...heredocEdits(work.text, heredoc, work.variable));
      for (const slot of heredoc.pieces) if (slot.kind === "slot") work.slots.push(slot);
    } else pieces(heredoc.pieces);
  }
}

function isInput(redirect: Redirect): boolean {
  return /^<($|<|>)/.test(redirect.operator) && (redirect.descriptor === "" || redirect.descriptor === "0");
}

function rewriteLoop(work: Work, command: Compound, fed: readonly string[]): void {
  const name = command.words.flatMap(namesInWord)[0];
  if (name !== undefined && CODE_VARIABLES.test(command.variable)) refuseVariable(command.variable, name);
  for (const body of command.bodies) rewriteList(work, body, fed);
}

function refuseVariable(variable: string, name: string): never {
  throw new Unprovable(`the variable ${variable} decides what runs; use another one`, name);
}

/** Checks a simple command's words; returns what it rewrote itself. */
function rewriteSimple(work: Work, command: Simple, fed: readonly string[], inputs: Redirect[]): Set<unknown> {
  const done = new Set<unknown>();
  for (const assignment of command.assignments) {
    const variable = /^\w+/.exec(rawOf(work, assignment))?.[0] ?? "";
    const name = namesInWord(assignment)[0];
    if (name !== undefined && CODE_VARIABLES.test(variable)) refuseVariable(variable, name);
  }
  if (command.words.length === 0) return done;
  const spelled = command.words.map((word) => spell(work.text, word));
  const reading = readingOf(spelled);
  command.words.forEach((word, i) => {
    const name = namesInWord(word)[0];
    if (name === undefined) return;
    const assigned = /^(\w+)\+?=/.exec(spelled[i] ?? "")?.[1] ?? "";
    if (CODE_VARIABLES.test(assigned)) refuseVariable(assigned, name);
    if (reading.code.has(i)) refuseCode(reading, spelled, i, name);
    if (reading.script?.index !== i) return;
    const script = followScript(work, rawOf(work, word), spelled[i] ?? "", reading.script.posix, name);
    work.edits.push(scriptEdit(word, script.command));
    for (const found of script.names) work.slots.push({ start: word.start, name: found });
    done.add(word);
  });
  if (reading.stdin !== "data" && fed[0] !== undefined) {
    done.add(rewriteInput(work, reading, inputs, fed[0]));
  }
  return done;
}

/** The rewritten script of a shell that is given it as a word or here-document. */
function followScript(work: Work, raw: string, script: Spelling, posix: boolean, name: string): Rewritten {
  const live = (text: string) => findPlaceholders(text).map((found) => found.name).filter(work.known).join();
  // Quotes inside the braces would make a placeholder that nobody saw in the text.
  if (isDynamic(script) || live(raw) !== live(script)) {
    throw new Unprovable("the script that a shell gets is not written out in one literal", name);
  }
  return rewriteScript(script, { ...work, posix, level: work.level + 1 });
}

/** A shell's script in a here-document with a quoted delimiter is a literal; any other code on stdin is refused. */
function rewriteInput(work: Work, reading: Reading, inputs: readonly Redirect[], name: string): Redirect {
  const [input, another] = inputs;
  const heredoc = input?.heredoc ?? null;
  const follows = reading.stdin === "bash" || reading.stdin === "posix";
  if (!follows || input === undefined || another !== undefined || !heredoc?.quoted || heredoc.stripTabs) {
    throw new Unprovable(
      `it reaches the standard input of ${reading.program}, which runs what it reads; ${elsewhere(reading, name)}`,
      name,
    );
  }
  const { bodyStart: start, bodyEnd: end } = heredoc;
  const body = work.text.slice(start, end);
  const { command: text, names } = followScript(work, body, body, reading.stdin === "posix", name);
  if (text.split("\n").includes(heredoc.text)) throw new Unprovable("a here-document's end is not certain", name);
  work.edits.push({ start, end, text });
  for (const found of names) work.slots.push({ start, name: found });
  return input;
}

function refuseCode(reading: Reading, words: readonly Spelling[], index: number, name: string): never {
  if (index === 0 || index === reading.inner) throw new Unprovable("it stands in a command's name", name);
  if (programName(words[0]) === null) {
    throw new Unprovable("the command's name is not written out, so it may run its words as code; write it out", name);
  }
  throw new Unprovable(
    `it stands where ${reading.program} takes code or a name to evaluate, and a value could run there; ` +
      elsewhere(reading, name),
    name,
  );
}

function elsewhere(reading: Reading, name: string): string {
  const { program, reads } = reading;
  if (reads.startsWith("standard input")) return `hand it over on ${reads.replace("NAME", name)}`;
  if (reads === "") return "hand it over in the environment, as in TOKEN={{NAME}} COMMAND …".replace("NAME", name);
  return `hand it over in the environment, as in TOKEN={{${name}}} ${program} …, and read it there as ${
    reads.replace("NAME", name)
  }`;
}

function rewritePieces(work: Work, pieces: readonly Piece[], fed: readonly string[], outward: readonly string[]): void {
  for (const piece of pieces) {
    if (piece.kind === "slot") {
      work.edits.push({ start: piece.start, end: piece.end, text: referenceFor(piece, work.variable(piece.name)) });
      work.slots.push(piece);
    } else if (piece.kind === "expansion") {
      rewritePieces(work, piece.pieces, fed, outward);
      const writes = work.text.charAt(piece.start) === ">";
      if (piece.list !== null) rewriteList(work, piece.list, writes ? outward : fed);
    }
  }
}
