/** How a reference to a variable is written in each quoting, so that its content stays one literal string. */
import { shellQuote } from "./quote.ts";
import { type Heredoc, type Piece, Unprovable, type Word } from "./syntax.ts";

/** A stretch of the command's text and what replaces it. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

type Slot = Piece & { kind: "slot" };

/** The reference that stands for `slot`. */
export function referenceFor(slot: Slot, variable: string): string {
  // A backslash that stood for itself before a brace would escape the dollar sign.
  const backslash = slot.afterBackslash ? "\\" : "";
  switch (slot.quoting) {
    case "none":
      return `"\${${variable}}"`;
    case "double":
    case "heredoc":
      return `${backslash}\${${variable}}`;
    case "single":
      return `'"\${${variable}}"'`;
    case "ansi":
      return `'"\${${variable}}"$'`;
  }
}

/**
 * Edits for a here-document whose delimiter is quoted: nothing is expanded in it, so the delimiter loses its quotes
 * and the body gets a backslash wherever an unquoted body would expand or drop something.
 */
export function heredocEdits(text: string, heredoc: Heredoc, variable: (name: string) => string): Edit[] {
  let body = "";
  let from = heredoc.bodyStart;
  for (const piece of heredoc.pieces) {
    if (piece.kind !== "slot") continue;
    body += escapeBody(text.slice(from, piece.start)) + `\${${variable(piece.name)}}`;
    from = piece.end;
  }
  body += escapeBody(text.slice(from, heredoc.bodyEnd));
  const delimiter = plainDelimiter(heredoc.text, body);
  const { start, end } = heredoc.delimiter;
  return [
    { start, end, text: delimiter },
    { start: heredoc.bodyStart, end: heredoc.bodyEnd, text: body },
    { start: heredoc.closeStart, end: heredoc.closeEnd, text: delimiter },
  ];
}

function escapeBody(text: string): string {
  return text.replace(/[\\$`]/g, "\\$&");
}

/** `wanted` where it can stand without quotes, else a word that is no line of `body`. */
function plainDelimiter(wanted: string, body: string): string {
  const lines = new Set(body.split("\n").map((line) => line.replace(/^\t+/, "")));
  for (let n = 0, word = wanted;; word = `TACIT_END_${n++}`) {
    if (/^[A-Za-z_]\w*$/.test(word) && !lines.has(word)) return word;
  }
}

/** The edit that puts a rewritten script in the place of the word that held the script. */
export function scriptEdit(word: Word, script: string): Edit {
  return { start: word.start, end: word.end, text: shellQuote(script) };
}

/**
 * `text` with all `edits` made.
 * @throws {Unprovable} if two of them overlap.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let from = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < from) throw new Unprovable("two constructs of it overlap");
    result += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return result + text.slice(from);
}
