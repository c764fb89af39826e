/** Loops, branches, groups, subshells, tests (bash manual, "Compound Commands"). */
import { readArithmetic } from "./quotes.ts";
import {
  type Command,
  type Compound,
  type Grammar,
  type List,
  looksAt,
  peek,
  type Reader,
  Unprovable,
  type Word,
} from "./syntax.ts";
import { atWord, rawOf, readWord, skipBlanks, slotsIn, spell } from "./words.ts";

/** The compound command at the position, or null if the word there begins none. */
export function readCompound(reader: Reader, reserved: string, grammar: Grammar): Command | null {
  const start = reader.at;
  if (looksAt(reader, "((")) {
    const pieces = [readArithmetic(reader, 2)];
    const word: Word = { start, end: reader.at, pieces, elements: [] };
    return { kind: "test", start, end: reader.at, words: [word], redirects: grammar.readRedirects(reader) };
  }
  const compound: Compound = {
    kind: "compound",
    start,
    end: start,
    form: reserved,
    variable: "",
    words: [],
    bodies: [],
    redirects: [],
  };
  if (peek(reader) === "(") {
    reader.at++;
    compound.form = "(";
    compound.bodies.push(body(reader, []));
    close(reader, ")");
  } else {
    if (reserved === "" || reserved === "in") return null;
    if (reader.posix && ["function", "select", "[["].includes(reserved)) {
      throw new Unprovable(`"${reserved}" is not understood by every sh`);
    }
    // In a sh without it, `time` is a program.
    if (reserved === "time") return null;
    if (reserved === "[[") {
      const words = readTest(reader);
      return { kind: "test", start, end: reader.at, words, redirects: grammar.readRedirects(reader) };
    }
    reader.at += reserved.length;
    skipBlanks(reader);
    readForm(reader, compound, grammar);
  }
  compound.end = reader.at;
  compound.redirects = grammar.readRedirects(reader);
  compound.end = Math.max(compound.end, reader.at);
  return compound;
}

function readForm(reader: Reader, compound: Compound, grammar: Grammar): void {
  const { bodies } = compound;
  switch (compound.form) {
    case "{":
      bodies.push(body(reader, ["}"]));
      return close(reader, "}");
    case "while":
    case "until":
      bodies.push(body(reader, ["do"]));
      return readLoopBody(reader, compound);
    case "if":
      for (let word = "if"; word !== "else";) {
        bodies.push(body(reader, ["then"]));
        close(reader, "then");
        bodies.push(body(reader, ["elif", "else", "fi"]));
        if (/^fi/.test(reader.text.slice(reader.at, reader.at + 2))) return close(reader, "fi");
        word = looksAt(reader, "else") ? "else" : "elif";
        close(reader, word);
      }
      bodies.push(body(reader, ["fi"]));
      return close(reader, "fi");
    case "for":
    case "select":
      return readFor(reader, compound, grammar);
    case "case":
      return readCase(reader, compound, grammar);
    case "function": {
      const name = readWord(reader);
      if (!/^[\w.:+@-]+$/.test(rawOf(reader, name))) throw new Unprovable("a function's name is not plain");
      skipBlanks(reader);
      if (/^\([ \t]*\)/.test(reader.text.slice(reader.at, reader.at + 99))) {
        reader.at = reader.text.indexOf(")", reader.at) + 1;
      }
      grammar.skipLines(reader);
      const command = grammar.readCommand(reader);
      if (command.kind === "simple") throw new Unprovable("a function's body is missing");
      bodies.push({ items: [{ stages: [command], next: "", end: reader.at }] });
      return;
    }
    default:
      throw new Unprovable(`an unexpected "${compound.form}" is in it`);
  }
}

/** At least one command up to a word of `stop`. */
function body(reader: Reader, stop: readonly string[]): List {
  const list = reader.readList(reader, stop);
  if (list.items.length === 0) throw new Unprovable("a command is missing");
  return list;
}

/** Takes the word or character that closes a construct. */
function close(reader: Reader, text: string): void {
  if (!looksAt(reader, text)) throw new Unprovable(`a "${text}" is missing`);
  reader.at += text.length;
}

function readLoopBody(reader: Reader, compound: Compound): void {
  close(reader, "do");
  compound.bodies.push(body(reader, ["done"]));
  close(reader, "done");
}

function readFor(reader: Reader, compound: Compound, grammar: Grammar): void {
  if (looksAt(reader, "((")) {
    throw new Unprovable("a loop of the form for ((…)) is not read");
  }
  const variable = readWord(reader);
  if (!/^[A-Za-z_]\w*$/.test(rawOf(reader, variable))) throw new Unprovable("a loop's variable is not plain");
  compound.variable = rawOf(reader, variable);
  grammar.skipLines(reader);
  if (/^in[ \t\n;]/.test(reader.text.slice(reader.at, reader.at + 3))) {
    reader.at += 2;
    for (skipBlanks(reader); atWord(reader); skipBlanks(reader)) compound.words.push(readWord(reader));
  }
  skipBlanks(reader);
  if (peek(reader) === ";") reader.at++;
  grammar.skipLines(reader);
  readLoopBody(reader, compound);
}

function readCase(reader: Reader, compound: Compound, grammar: Grammar): void {
  compound.words.push(readWord(reader));
  grammar.skipLines(reader);
  close(reader, "in");
  if (!/[\s#]/.test(peek(reader))) throw new Unprovable('an "in" is missing');
  for (;;) {
    grammar.skipLines(reader);
    if (/^esac(?![^\s;&|()<>])/.test(reader.text.slice(reader.at, reader.at + 5))) break;
    if (peek(reader) === "(") reader.at++;
    for (;;) {
      skipBlanks(reader);
      compound.words.push(readWord(reader));
      skipBlanks(reader);
      if (peek(reader) !== "|") break;
      reader.at++;
    }
    close(reader, ")");
    compound.bodies.push(reader.readList(reader, ["esac"]));
    const end = [";;&", ";;", ";&"].find((text) => looksAt(reader, text));
    if (end === undefined) {
      grammar.skipLines(reader);
      break;
    }
    if (reader.posix && end !== ";;") throw new Unprovable(`"${end}" is not understood by every sh`);
    reader.at += end.length;
  }
  close(reader, "esac");
}

// Both sides of these are arithmetic, and a value in arithmetic can run a command through a subscript.
const ARITHMETIC_TESTS = new Set(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"]);

/** The words of `[[ … ]]`, its operators included. */
function readTest(reader: Reader): Word[] {
  const words: Word[] = [];
  const spelled: string[] = [];
  reader.at += 2;
  for (let regex = false;;) {
    skipTestBlanks(reader);
    if (reader.at >= reader.end) throw new Unprovable("a [[ is not closed");
    const operator = regex ? undefined : ["&&", "||", "(", ")", "<", ">"].find((text) => looksAt(reader, text));
    if (operator !== undefined && !atWord(reader)) {
      reader.at += operator.length;
      continue;
    }
    const word = readWord(reader, regex);
    if (rawOf(reader, word) === "]]") break;
    if (peek(reader) === "(" || peek(reader) === ";") throw new Unprovable("a pattern in [[ has a parenthesis");
    words.push(word);
    spelled.push(spell(reader.text, word));
    regex = rawOf(reader, word) === "=~";
  }
  words.forEach((word, i) => {
    const slot = slotsIn(word.pieces)[0];
    if (slot === undefined) return;
    const [before, after] = [spelled[i - 1] ?? "", spelled[i + 1] ?? ""];
    if (ARITHMETIC_TESTS.has(before) || ARITHMETIC_TESTS.has(after) || before === "-v" || before === "-R") {
      throw new Unprovable("it stands in arithmetic or a variable's name; compare text with =", slot);
    }
  });
  return words;
}

/** Newlines may stand between the parts of `[[`. */
function skipTestBlanks(reader: Reader): void {
  for (skipBlanks(reader); peek(reader) === "\n"; skipBlanks(reader)) {
    if (reader.pending.length > 0) throw new Unprovable("a here-document's body begins inside [[");
    reader.at++;
  }
}
