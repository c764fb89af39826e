/** Reads one word, and says what is known of its text. */
import { readAnsi, readBare, readDouble, readSingle } from "./quotes.ts";
import { DYNAMIC, type Spelling } from "./spelling.ts";
import { peek, type Piece, type Reader, Unprovable, type Word } from "./syntax.ts";

/** Characters that end a word outside quotes. */
const METACHARACTERS = " \t\n|&;()<>";

/** Skips blanks and line continuations, then a comment: whatever stands in one is no placeholder. */
export function skipBlanks(reader: Reader): void {
  for (;; reader.at++) {
    const c = peek(reader);
    if (c === "\\" && peek(reader, 1) === "\n") reader.at++;
    else if (c !== " " && c !== "\t") break;
  }
  if (peek(reader) !== "#") return;
  const newline = reader.text.indexOf("\n", reader.at);
  reader.at = newline < 0 || newline > reader.end ? reader.end : newline;
}

/** True if a word begins at the position. */
export function atWord(reader: Reader): boolean {
  const c = peek(reader);
  if (c === "<" || c === ">") return peek(reader, 1) === "(";
  return c !== "" && !METACHARACTERS.includes(c);
}

/**
 * The word at the position; `regex` reads the right side of `=~`, where parentheses group and bars are ordinary.
 * @throws {Unprovable} if there is none, or a parenthesis touches it (extended globs are off where commands run).
 */
export function readWord(reader: Reader, regex = false): Word {
  const start = reader.at;
  const pieces: Piece[] = [];
  let open = 0;
  while (reader.at < reader.end) {
    const c = peek(reader);
    if (c === "'") readSingle(reader, pieces);
    else if (c === '"') readDouble(reader, pieces);
    else if (c === "$" && peek(reader, 1) === "'") readAnsi(reader, pieces);
    else if (c === "$" && peek(reader, 1) === '"') {
      if (reader.posix) throw new Unprovable('$"…" is not understood by every sh');
      reader.at++;
      readDouble(reader, pieces);
    } else if (regex && (c === "(" || c === ")" || c === "|")) {
      open += c === "(" ? 1 : c === ")" ? -1 : 0;
      if (open < 0) throw new Unprovable("a regular expression has a parenthesis too many");
      pieces.push({ kind: "text", quoting: "none", start: reader.at, end: ++reader.at, value: null, escaped: false });
    } else if (atWord(reader)) readBare(reader, pieces);
    else break;
  }
  if (reader.at === start) throw new Unprovable("a word is missing");
  if (open > 0) throw new Unprovable("a regular expression has a space or an open parenthesis");
  return { start, end: reader.at, pieces, elements: [] };
}

/** The word as it was typed. */
export function rawOf(reader: { text: string }, word: { start: number; end: number }): string {
  return reader.text.slice(word.start, word.end);
}

/** The word's spelling; see `Spelling`. */
export function spell(text: string, word: Word): Spelling {
  const bare = word.pieces.map((p) => p.kind === "text" && p.quoting === "none" && !p.escaped ? p.value : "_").join("");
  // Globs and braces may change the whole word, a tilde only its beginning.
  const globs = word.elements.length > 0 || (bare !== "[" && (/[*?[]/.test(bare) || hasAlternatives(bare)));
  const tilde = /^~|^[A-Za-z_]\w*\+?=(.*:)?~/.test(bare);
  let spelled = globs || tilde ? DYNAMIC : "";
  for (const piece of word.pieces) {
    if (piece.kind === "slot") spelled += text.slice(piece.start, piece.end);
    else spelled += piece.kind === "expansion" || piece.value === null ? DYNAMIC : piece.value;
  }
  return globs ? spelled + DYNAMIC : spelled;
}

/** True if `bare` could be a brace expansion. */
function hasAlternatives(bare: string): boolean {
  const inside = bare.slice(bare.indexOf("{") + 1, bare.lastIndexOf("}"));
  return bare.includes("{") && (inside.includes(",") || inside.includes(".."));
}

/** Names of the placeholders in `pieces`; those in commands that the pieces run are not among them. */
export function slotsIn(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === "slot") return [piece.name];
    return piece.kind === "expansion" ? slotsIn(piece.pieces) : [];
  });
}
