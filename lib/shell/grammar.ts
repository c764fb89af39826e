/**
 * Reads lists, pipelines and simple commands (bash manual, "Shell Commands"). It accepts less than bash does: what it
 * is not certain of raises `Unprovable`, since a wrong reading would put a value where a program runs it.
 */
import { readCompound } from "./compounds.ts";
import { announceHeredoc, readHeredocs } from "./heredocs.ts";
import { findPlaceholders, type Placeholder } from "./placeholders.ts";
import {
  type Command,
  deeper,
  type Grammar,
  type List,
  looksAt,
  peek,
  type Reader,
  type Redirect,
  type Simple,
  Unprovable,
  type Word,
} from "./syntax.ts";
import { atWord, rawOf, readWord, skipBlanks, spell } from "./words.ts";

const GRAMMAR: Grammar = { readCommand, readRedirects, skipLines };

/**
 * The commands of `text`. Placeholders for which `live` holds are words' characters of their own; others are text.
 * @throws {Unprovable} where the text cannot be read with certainty.
 */
export function parseCommand(text: string, live: (name: string) => boolean, posix = false): List {
  // Bash uses these two bytes for marks of its own; a NUL cannot reach it.
  if (["\0", "\x01", "\x7f"].some((control) => text.includes(control))) {
    throw new Unprovable("it has a control character");
  }
  const slots = new Map<number, Placeholder>();
  for (const found of findPlaceholders(text)) if (live(found.name)) slots.set(found.start, found);
  const reader: Reader = { text, end: text.length, at: 0, depth: 0, slots, pending: [], posix, readList };
  const list = readList(reader, []);
  if (reader.at < reader.end) throw new Unprovable(`an unexpected "${peek(reader)}" is in it`);
  if (reader.pending.length > 0) throw new Unprovable("a here-document has no body");
  return list;
}

/** Commands up to one of the reserved words `stop`, a parenthesis that closes, a `;;`, or the end. */
function readList(reader: Reader, stop: readonly string[]): List {
  const list: List = { items: [] };
  for (;;) {
    skipLines(reader);
    if (reader.at >= reader.end || peek(reader) === ")" || looksAt(reader, ";;") || looksAt(reader, ";&")) break;
    if (stop.includes(reservedAt(reader))) break;
    const stages = readPipeline(reader);
    const next = readSeparator(reader);
    list.items.push({ stages, next, end: reader.at });
    if (next === "&&" || next === "||") {
      skipLines(reader);
      if (reader.at >= reader.end || !(atWord(reader) || "(<>&".includes(peek(reader)))) {
        throw new Unprovable(`nothing follows "${next}"`);
      }
      if (stop.includes(reservedAt(reader))) throw new Unprovable(`nothing follows "${next}"`);
    } else if (next === "" && peek(reader) !== "\n") break;
  }
  return list;
}

/** Newlines with the here-documents that begin behind them, blanks and comments. */
function skipLines(reader: Reader): void {
  for (skipBlanks(reader); peek(reader) === "\n"; skipBlanks(reader)) {
    reader.at++;
    if (reader.pending.length > 0) readHeredocs(reader);
  }
}

function readSeparator(reader: Reader): "" | ";" | "&" | "&&" | "||" {
  skipBlanks(reader);
  if (looksAt(reader, ";;") || looksAt(reader, ";&")) return "";
  for (const separator of ["&&", "||", ";", "&"] as const) {
    if (!looksAt(reader, separator)) continue;
    reader.at += separator.length;
    refuseSplitOperator(reader);
    return separator;
  }
  return "";
}

/** A continued line between two operator characters joins them to another operator. */
function refuseSplitOperator(reader: Reader): void {
  if (looksAt(reader, "\\\n") && "&|;<>(".includes(peek(reader, 2) || " ")) {
    throw new Unprovable("a line is continued inside an operator");
  }
}

function readPipeline(reader: Reader): Command[] {
  const stages: Command[] = [];
  for (;;) {
    for (let word = reservedAt(reader); word === "!" || word === "time"; word = reservedAt(reader)) {
      if (word === "time" && reader.posix) break;
      if (stages.length > 0) throw new Unprovable(`"${word}" stands inside a pipeline`);
      reader.at += word.length;
      skipBlanks(reader);
      if (word === "time" && /^-p[ \t]/.test(reader.text.slice(reader.at, reader.at + 3))) {
        reader.at += 2;
        skipBlanks(reader);
      }
    }
    stages.push(deeper(reader, () => readCommand(reader)));
    skipBlanks(reader);
    if (!looksAt(reader, "|") || looksAt(reader, "||")) return stages;
    reader.at++;
    if (looksAt(reader, "&")) {
      if (reader.posix) throw new Unprovable('"|&" is not understood by every sh');
      reader.at++;
    }
    refuseSplitOperator(reader);
    skipLines(reader);
  }
}

const RESERVED = new Set(
  "if then else elif fi do done case esac while until for select function { } ! [[ time coproc in".split(" "),
);

/** The reserved word at the position, or "". */
export function reservedAt(reader: Reader): string {
  const word = /[a-z]+|[{}!]|\[\[/y;
  word.lastIndex = reader.at;
  const found = word.exec(reader.text)?.[0] ?? "";
  const after = peek(reader, found.length);
  // A placeholder behind it makes another word of it.
  if (!RESERVED.has(found) || reader.slots.has(reader.at) || !(after === "" || " \t\n|&;()<>".includes(after))) {
    // `i\⏎f` is `if` to bash.
    if (looksAt({ ...reader, at: reader.at + found.length }, "\\\n") && found !== "") {
      const following = peek(reader, found.length + 2);
      if (following !== "" && !" \t\n".includes(following)) throw new Unprovable("a line is continued inside a word");
    }
    return "";
  }
  return found;
}

function readCommand(reader: Reader): Command {
  return readCompound(reader, reservedAt(reader), GRAMMAR) ?? readSimple(reader);
}

// Their arguments are read as assignments, so a parenthesis may follow the equals sign.
const DECLARERS = new Set(["declare", "typeset", "local", "export", "readonly"]);

const ASSIGNMENT = /^[A-Za-z_]\w*(?:\[(?:[\w@*$+-]+|"[^"\\`$]*"|'[^']*')\])?\+?=/;

function readSimple(reader: Reader): Command {
  const start = reader.at;
  const simple: Simple = { kind: "simple", start, end: start, assignments: [], words: [], redirects: [] };
  for (;;) {
    skipBlanks(reader);
    const redirect = readRedirect(reader);
    if (redirect !== null) {
      simple.redirects.push(redirect);
      simple.end = reader.at;
      continue;
    }
    if (!atWord(reader)) break;
    const word = readWord(reader);
    const declares = DECLARERS.has(spell(reader.text, simple.words[0] ?? word));
    const assigns = refuseOddSubscript(reader, word) && (simple.words.length === 0 || declares);
    if (peek(reader) === "(" && word.pieces.length > 0) {
      if (!assigns || !/=$/.test(rawOf(reader, word))) {
        if (simple.words.length + simple.assignments.length + simple.redirects.length > 0) {
          throw new Unprovable('an unexpected "(" is in it');
        }
        return readFunction(reader, word, start);
      }
      readElements(reader, word);
      if (atWord(reader)) throw new Unprovable("text follows an array's last parenthesis");
    }
    if (assigns && simple.words.length === 0) simple.assignments.push(word);
    else simple.words.push(word);
    simple.end = reader.at;
    if (looksAt(reader, "(") || (/\\\n$/.test(rawOf(reader, word)) && "<>(".includes(peek(reader) || " "))) {
      throw new Unprovable('an unexpected "(" or continued line is in it');
    }
    if (simple.words.length === 1 && rawOf(reader, word).includes("\\\n")) {
      throw new Unprovable("a line is continued inside a command's name");
    }
    const first = simple.words.length === 1 && simple.words[0] === word;
    if (first && simple.assignments.length + simple.redirects.length === 0) {
      const after = /[ \t]*\(/y;
      after.lastIndex = reader.at;
      if (after.test(reader.text)) return readFunction(reader, word, start);
    }
  }
  if (simple.end === start) throw new Unprovable("a command is missing");
  return simple;
}

/** True if `word` is an assignment. A subscript with spaces or quotes would split into words in another way. */
function refuseOddSubscript(reader: Reader, word: Word): boolean {
  const raw = rawOf(reader, word);
  if (ASSIGNMENT.test(raw)) return true;
  if (/^[A-Za-z_]\w*\[/.test(raw) && (!raw.includes("]") || /\]\+?=/.test(raw))) {
    throw new Unprovable("an array subscript is not plain");
  }
  return false;
}

/** The elements of `NAME=( … )`. */
function readElements(reader: Reader, word: Word): void {
  if (reader.posix) throw new Unprovable("arrays are not understood by every sh");
  reader.at++;
  for (skipLines(reader); peek(reader) !== ")"; skipLines(reader)) {
    const element = readWord(reader);
    const raw = rawOf(reader, element);
    if (raw.startsWith("[") && !/^\[[\w@$-]+\]\+?=/.test(raw)) throw new Unprovable("an array subscript is not plain");
    word.elements.push(element);
  }
  reader.at++;
  word.end = reader.at;
}

/** `NAME () compound`, from behind the name. */
function readFunction(reader: Reader, name: Word, start: number): Command {
  skipBlanks(reader);
  if (!/^[\w.:+@-]+$/.test(rawOf(reader, name)) || !/^\([ \t]*\)/.test(reader.text.slice(reader.at, reader.at + 99))) {
    throw new Unprovable('an unexpected "(" is in it');
  }
  reader.at = reader.text.indexOf(")", reader.at) + 1;
  skipLines(reader);
  const body = readCompound(reader, reservedAt(reader), GRAMMAR);
  if (body === null) throw new Unprovable("a function's body is missing");
  const item = { stages: [body], next: "" as const, end: reader.at };
  const bodies = [{ items: [item] }];
  return { kind: "compound", start, end: reader.at, form: "function", variable: "", words: [], bodies, redirects: [] };
}

/** The redirections behind a compound command. */
function readRedirects(reader: Reader): Redirect[] {
  const redirects: Redirect[] = [];
  for (skipBlanks(reader);; skipBlanks(reader)) {
    const redirect = readRedirect(reader);
    if (redirect === null) return redirects;
    redirects.push(redirect);
  }
}

const REDIRECT = /([0-9]+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\()|&>>|&>)/y;

function readRedirect(reader: Reader): Redirect | null {
  REDIRECT.lastIndex = reader.at;
  const match = REDIRECT.exec(reader.text);
  if (match === null || reader.at + match[0].length > reader.end) return null;
  const [all, descriptor = "", operator = ""] = match;
  // `2&>x` is a word and an operator.
  if (operator.startsWith("&") && descriptor !== "") return null;
  if (reader.posix && (operator === "<<<" || operator.startsWith("&") || descriptor.startsWith("{"))) {
    throw new Unprovable(`"${operator}" is not understood by every sh`);
  }
  reader.at += all.length;
  refuseSplitOperator(reader);
  if (peek(reader) === "(") throw new Unprovable('an unexpected "(" is in it');
  skipBlanks(reader);
  const target = readWord(reader);
  if (peek(reader) === "(") throw new Unprovable('an unexpected "(" is in it');
  if (operator !== "<<" && operator !== "<<-") return { operator, descriptor, target, heredoc: null };
  return { operator, descriptor, target: null, heredoc: announceHeredoc(reader, target, operator === "<<-") };
}
