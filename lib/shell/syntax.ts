/**
 * The shape of a bash command as this room reads it: words with their quoting, commands with their words.
 * Offsets are UTF-16 positions in the text that was read, `end` exclusive. docs/architecture.md, "Placeholders".
 */
import type { Placeholder } from "./placeholders.ts";

/** The quoting that holds where a piece stands; it decides how a reference must be written there. */
export type Quoting = "none" | "single" | "ansi" | "double" | "heredoc";

/** A stretch of a word. */
export type Piece =
  /** Plain characters; `value` is what bash makes of them, or null where that has no exact text. */
  | { kind: "text"; quoting: Quoting; start: number; end: number; value: string | null; escaped: boolean }
  /** A live placeholder; `afterBackslash` where the character before it is a backslash that stands for itself. */
  | { kind: "slot"; quoting: Quoting; start: number; end: number; name: string; afterBackslash: boolean }
  /** Anything bash expands. `pieces` are its operand's, `list` the commands it runs, `source` those in backticks. */
  | { kind: "expansion"; start: number; end: number; pieces: Piece[]; list: List | null; source: string | null };

/** One word; `elements` are those of an array literal after `NAME=`. */
export interface Word {
  start: number;
  end: number;
  pieces: Piece[];
  elements: Word[];
}

/** A here-document; the delimiter's offsets are those of its word after `<<`, the close's those of the last line. */
export interface Heredoc {
  delimiter: Word;
  text: string;
  quoted: boolean;
  stripTabs: boolean;
  bodyStart: number;
  bodyEnd: number;
  closeStart: number;
  closeEnd: number;
  pieces: Piece[];
}

export interface Redirect {
  operator: string;
  /** What stands before the operator: a number, `{name}` or nothing. */
  descriptor: string;
  target: Word | null;
  heredoc: Heredoc | null;
}

export interface Simple {
  kind: "simple";
  start: number;
  end: number;
  assignments: Word[];
  words: Word[];
  redirects: Redirect[];
}

/** `[[ … ]]` and `(( … ))`; operators of the first are words here, with their text. */
export interface Test {
  kind: "test";
  start: number;
  end: number;
  words: Word[];
  redirects: Redirect[];
}

/** Everything with commands inside: loops, branches, groups, subshells, functions. */
export interface Compound {
  kind: "compound";
  start: number;
  end: number;
  form: string;
  /** The variable of a `for` or `select`, else empty. */
  variable: string;
  /** Words of its head and case patterns. */
  words: Word[];
  bodies: List[];
  redirects: Redirect[];
}

export type Command = Simple | Test | Compound;

/** A pipeline and what follows it. */
export interface Item {
  stages: Command[];
  next: "" | ";" | "&" | "&&" | "||";
  /** Offset behind the separator. */
  end: number;
}

export interface List {
  items: Item[];
}

/** Raised where a command, or the place of a placeholder in it, cannot be read with certainty. */
export class Unprovable extends Error {
  /** The placeholder it is about, or null where it is about the command. */
  readonly placeholder: string | null;

  constructor(reason: string, placeholder: string | null = null) {
    super(reason);
    this.name = "Unprovable";
    this.placeholder = placeholder;
  }
}

/** A position in a text with what has been met so far. One per text; a here-document's body gets its own. */
export interface Reader {
  readonly text: string;
  readonly end: number;
  at: number;
  depth: number;
  /** Live placeholders by their start; each is one character to the grammar, whatever its braces would mean. */
  readonly slots: ReadonlyMap<number, Placeholder>;
  /** Here-documents whose bodies begin behind the next newline. */
  pending: Heredoc[];
  /** True for a script that some POSIX shell reads: what only bash knows is refused. */
  readonly posix: boolean;
  /** The grammar, handed down so that words can hold commands without an import cycle. */
  readonly readList: (reader: Reader, stop: readonly string[]) => List;
}

/** The grammar of commands as the reader of compounds needs it; handed over for the same reason. */
export interface Grammar {
  readCommand(reader: Reader): Command;
  readRedirects(reader: Reader): Redirect[];
  skipLines(reader: Reader): void;
}

// Deeper nesting than this is not written by hand; the bound keeps hostile text from exhausting the stack.
const DEPTH_LIMIT = 60;

/** `read` one level deeper. */
export function deeper<T>(reader: Reader, read: () => T): T {
  if (++reader.depth > DEPTH_LIMIT) throw new Unprovable("it is nested too deeply");
  const value = read();
  reader.depth--;
  return value;
}

/** The character at the position, or "" at the end. */
export function peek(reader: Reader, ahead = 0): string {
  return reader.at + ahead < reader.end ? reader.text.charAt(reader.at + ahead) : "";
}

/** True if `text` stands at the position. */
export function looksAt(reader: Reader, text: string): boolean {
  return reader.at + text.length <= reader.end && reader.text.startsWith(text, reader.at);
}
