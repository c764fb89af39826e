/** Reads what stands between quotes, and dollar expansions, as bash does (bash manual, "Quoting", "Shell Expansions"). */
import { decodeAnsi } from "./ansi.ts";
import { deeper, looksAt, peek, type Piece, type Quoting, type Reader, Unprovable } from "./syntax.ts";

/** Adds the live placeholder at the position to `pieces`, if there is one. */
export function takeSlot(reader: Reader, quoting: Quoting, pieces: Piece[]): boolean {
  const slot = reader.slots.get(reader.at);
  if (slot === undefined) return false;
  const last = pieces.at(-1);
  const afterBackslash = last?.kind === "text" && last.end === slot.start && !last.escaped &&
    reader.text.charAt(slot.start - 1) === "\\";
  pieces.push({ kind: "slot", quoting, start: slot.start, end: slot.end, name: slot.name, afterBackslash });
  reader.at = slot.end;
  return true;
}

/** Adds the characters from the position up to `end`, which mean `value`. */
export function takeText(
  reader: Reader,
  quoting: Quoting,
  pieces: Piece[],
  end: number,
  value: string | null,
  escaped = false,
): void {
  const last = pieces.at(-1);
  const joins = last?.kind === "text" && last.quoting === quoting && last.end === reader.at && !last.escaped &&
    !escaped && last.value !== null && value !== null;
  if (joins) [last.end, last.value] = [end, last.value + value];
  else pieces.push({ kind: "text", quoting, start: reader.at, end, value, escaped });
  reader.at = end;
}

/** `'…'`, from the opening quote. */
export function readSingle(reader: Reader, pieces: Piece[]): void {
  const close = reader.text.indexOf("'", reader.at + 1);
  if (close < 0 || close >= reader.end) throw new Unprovable("a single quote is not closed");
  // The opening quote is a piece of its own, so that an empty string still counts as quoted text.
  takeText(reader, "single", pieces, reader.at + 1, "", true);
  let from = reader.at;
  for (; reader.at < close;) {
    if (reader.slots.has(reader.at)) {
      const slotAt = reader.at;
      reader.at = from;
      if (slotAt > from) takeText(reader, "single", pieces, slotAt, reader.text.slice(from, slotAt), true);
      takeSlot(reader, "single", pieces);
      from = reader.at;
    } else reader.at++;
  }
  reader.at = from;
  if (close > from) takeText(reader, "single", pieces, close, reader.text.slice(from, close), true);
  reader.at = close + 1;
}

/** `$'…'`, from the dollar sign. */
export function readAnsi(reader: Reader, pieces: Piece[]): void {
  if (reader.posix) throw new Unprovable("$'…' is not understood by every sh");
  takeText(reader, "ansi", pieces, reader.at + 2, "", true);
  for (;;) {
    if (reader.at >= reader.end) throw new Unprovable("a $'…' string is not closed");
    if (takeSlot(reader, "ansi", pieces)) continue;
    const c = peek(reader);
    if (c === "'") break;
    if (c !== "\\") {
      takeText(reader, "ansi", pieces, reader.at + 1, c);
      continue;
    }
    const { length, value } = decodeAnsi(reader.text.slice(reader.at, Math.min(reader.end, reader.at + 10)));
    const slot = reader.slots.get(reader.at + length) ?? reader.slots.get(reader.at + length - 1);
    // `\x{`, `\c{` and `\{` would take the first brace into the escape.
    if (slot !== undefined && (value === null || slot.start < reader.at + length)) {
      throw new Unprovable("a backslash stands before it; remove the backslash", slot.name);
    }
    if (value === "\0") throw new Unprovable("a $'…' string has a NUL");
    takeText(reader, "ansi", pieces, reader.at + length, value, true);
  }
  reader.at++;
}

/** `"…"`, from the opening quote. */
export function readDouble(reader: Reader, pieces: Piece[]): void {
  takeText(reader, "double", pieces, reader.at + 1, "", true);
  while (peek(reader) !== '"') {
    if (reader.at >= reader.end) throw new Unprovable("a double quote is not closed");
    readInDouble(reader, "double", pieces);
  }
  reader.at++;
}

/** One step inside double quotes or an unquoted here-document: there only `\`, `$` and backtick are special. */
export function readInDouble(reader: Reader, quoting: "double" | "heredoc", pieces: Piece[]): void {
  if (takeSlot(reader, quoting, pieces)) return;
  const c = peek(reader);
  if (c === "`") return readBackticks(reader, quoting, pieces);
  if (c === "$" && readDollar(reader, quoting, pieces)) return;
  if (c === "\\") {
    const next = peek(reader, 1);
    if (next === "\n") return takeText(reader, quoting, pieces, reader.at + 2, "", true);
    if (next !== "" && ("\\$`".includes(next) || (next === '"' && quoting === "double"))) {
      return takeText(reader, quoting, pieces, reader.at + 2, next, true);
    }
  }
  takeText(reader, quoting, pieces, reader.at + 1, c);
}

/** A `$` expansion of any kind; false if this dollar sign stands for itself. */
export function readDollar(reader: Reader, quoting: Quoting, pieces: Piece[]): boolean {
  const start = reader.at;
  const slot = reader.slots.get(start + 1);
  if (slot !== undefined) throw new Unprovable('a "$" stands before it; quote the dollar sign', slot.name);
  const next = peek(reader, 1);
  if (next === "\\" && peek(reader, 2) === "\n") throw new Unprovable("a line continuation follows a dollar sign");
  if (next === "[") throw new Unprovable("$[…] arithmetic is not read");
  if (next === "(") {
    const piece = looksAt(reader, "$((") ? readArithmetic(reader, 3) : readSubstitution(reader);
    pieces.push(piece);
    return true;
  }
  if (next === "{") {
    pieces.push(deeper(reader, () => readParameter(reader, quoting)));
    return true;
  }
  const name = /[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]/y;
  name.lastIndex = start + 1;
  const match = name.exec(reader.text);
  if (match === null || start + 1 >= reader.end) return false;
  reader.at = Math.min(reader.end, start + 1 + match[0].length);
  pieces.push({ kind: "expansion", start, end: reader.at, pieces: [], list: null, source: null });
  return true;
}

/** `$(…)`, `<(…)`, `>(…)`: from the character before the parenthesis. */
export function readSubstitution(reader: Reader): Piece {
  const start = reader.at;
  // A body that begins outside and a newline inside would make the order of here-documents a guess.
  const outer = reader.pending;
  reader.pending = [];
  reader.at += 2;
  const list = deeper(reader, () => reader.readList(reader, []));
  if (peek(reader) !== ")") throw new Unprovable("a substitution is not closed");
  if (reader.pending.length > 0) throw new Unprovable("a here-document in a substitution has no body");
  if (outer.length > 0 && reader.text.slice(start, reader.at).includes("\n")) {
    throw new Unprovable("a substitution of several lines follows a here-document's operator");
  }
  reader.pending = outer;
  reader.at++;
  return { kind: "expansion", start, end: reader.at, pieces: [], list, source: null };
}

/** Backticks: found by their end; a placeholder inside is refused, since each level of them needs its own escapes. */
export function readBackticks(reader: Reader, quoting: Quoting, pieces: Piece[]): void {
  const start = reader.at;
  let body = "";
  for (reader.at++; peek(reader) !== "`"; reader.at++) {
    if (reader.at >= reader.end) throw new Unprovable("a backtick is not closed");
    const slot = reader.slots.get(reader.at);
    if (slot !== undefined) throw new Unprovable("it stands in backticks; write $(…) instead", slot.name);
    const next = peek(reader, 1);
    const escapes = quoting === "double" ? '$`\\"' : "$`\\";
    if (peek(reader) === "\\" && next !== "" && escapes.includes(next)) reader.at++;
    body += peek(reader);
  }
  reader.at++;
  pieces.push({ kind: "expansion", start, end: reader.at, pieces: [], list: null, source: body });
}

/**
 * `$((…))` or `((…))`, `skip` characters long at its opening. Bash takes it for arithmetic if its parentheses close
 * in one `))`; anything else is a guess between that and nested subshells.
 */
export function readArithmetic(reader: Reader, skip: number): Piece {
  if (reader.posix && skip === 2) throw new Unprovable("((…)) is not understood by every sh");
  const start = reader.at;
  const pieces: Piece[] = [];
  reader.at += skip;
  for (let open = 0;;) {
    if (reader.at >= reader.end) throw new Unprovable("arithmetic is not closed");
    const slot = reader.slots.get(reader.at);
    if (slot !== undefined) {
      throw new Unprovable("it stands in arithmetic, where a value could run commands", slot.name);
    }
    const c = peek(reader);
    if (c === ")" && open === 0) break;
    if (c === "'" || c === '"' || c === "\\") throw new Unprovable("arithmetic has quotes");
    if (c === "(") open++;
    if (c === ")") open--;
    if (c === "$" || c === "`") readInDouble(reader, "double", pieces);
    else reader.at++;
  }
  if (!looksAt(reader, "))")) throw new Unprovable('"((" may be arithmetic or a subshell');
  refuseSlots(pieces, "it stands in arithmetic, where a value could run commands");
  reader.at += 2;
  return { kind: "expansion", start, end: reader.at, pieces, list: null, source: null };
}

const PARAMETER = /[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]/y;

/** `${…}`: first name and subscript, then an operator, then its operand up to the first brace that closes. */
function readParameter(reader: Reader, quoting: Quoting): Piece {
  const start = reader.at;
  const pieces: Piece[] = [];
  reader.at += 2;
  if ((looksAt(reader, "#") || looksAt(reader, "!")) && /[A-Za-z0-9_@*]/.test(peek(reader, 1))) reader.at++;
  PARAMETER.lastIndex = reader.at;
  const name = PARAMETER.exec(reader.text);
  if (name === null) throw new Unprovable("a ${…} has no name that bash knows");
  reader.at += name[0].length;
  if (peek(reader) === "[") readSubscript(reader, pieces);
  const operator = /:?[-=+?]|##?|%%?|\/[/#%]?|\^\^?|,,?|:|@/y;
  operator.lastIndex = reader.at;
  const found = operator.exec(reader.text)?.[0] ?? "";
  reader.at += found.length;
  if (found === "" && peek(reader) !== "}") throw new Unprovable("a ${…} has no operator that bash knows");
  const isWord = /^:?[-=+?]$/.test(found);
  const operand: Piece[] = [];
  while (peek(reader) !== "}") {
    if (reader.at >= reader.end) throw new Unprovable("a ${…} is not closed");
    readInOperand(reader, quoting, isWord, operand);
  }
  if (!isWord) refuseSlots(operand, "it stands in a pattern or position of ${…}; put it in a variable first");
  pieces.push(...operand);
  reader.at++;
  return { kind: "expansion", start, end: reader.at, pieces, list: null, source: null };
}

/** `[…]` behind a name; quotes in it are left to the reader of another day. */
function readSubscript(reader: Reader, pieces: Piece[]): void {
  for (reader.at++; peek(reader) !== "]";) {
    const c = peek(reader);
    if (c === "" || "'\"\\[`".includes(c)) throw new Unprovable("an array subscript has quotes or brackets");
    if (c === "$") readInDouble(reader, "double", pieces);
    else if (takeSlot(reader, "double", pieces)) continue;
    else reader.at++;
  }
  refuseSlots(pieces, "it stands in an array subscript, where a value could run commands");
  reader.at++;
}

/** One step of the operand of `${…}`, of a word or a pattern. */
function readInOperand(reader: Reader, quoting: Quoting, isWord: boolean, pieces: Piece[]): void {
  const c = peek(reader);
  if (quoting === "heredoc" && (c === "'" || c === '"')) throw new Unprovable("a ${…} in a here-document has quotes");
  if (c === '"') return deeper(reader, () => readDouble(reader, pieces));
  if (quoting === "none") {
    if (c === "'") return readSingle(reader, pieces);
    if (c === "$" && peek(reader, 1) === "'") return readAnsi(reader, pieces);
    return readBare(reader, pieces);
  }
  if (c === "$" && (peek(reader, 1) === "'" || peek(reader, 1) === '"')) {
    throw new Unprovable("a quoted ${…} has a quote behind a dollar sign");
  }
  // Bash pairs it when it looks for the brace and takes it for itself when it expands.
  if (c === "'" && isWord) throw new Unprovable("a quoted ${…} has a single quote");
  if (c === "'") return readSingle(reader, pieces);
  if (c === "\\" && peek(reader, 1) === "}") return takeText(reader, "double", pieces, reader.at + 2, "}", true);
  readInDouble(reader, quoting === "heredoc" ? "heredoc" : "double", pieces);
}

/** One step outside quotes, other than a quote itself. */
export function readBare(reader: Reader, pieces: Piece[]): void {
  if (takeSlot(reader, "none", pieces)) return;
  const c = peek(reader);
  if (c === "`") return readBackticks(reader, "none", pieces);
  if (c === "$" && readDollar(reader, "none", pieces)) return;
  if ((c === "<" || c === ">") && peek(reader, 1) === "(") {
    if (reader.posix) throw new Unprovable("process substitution is not understood by every sh");
    pieces.push(readSubstitution(reader));
    return;
  }
  if (c !== "\\") return takeText(reader, "none", pieces, reader.at + 1, c);
  const slot = reader.slots.get(reader.at + 1);
  if (slot !== undefined) throw new Unprovable("a backslash stands before it; remove the backslash", slot.name);
  const next = peek(reader, 1);
  if (next === "") throw new Unprovable("it ends in a backslash");
  takeText(reader, "none", pieces, reader.at + 2, next === "\n" ? "" : next, true);
}

/** @throws {Unprovable} with `reason` if a placeholder is anywhere in `pieces`, commands in them excepted. */
function refuseSlots(pieces: Piece[], reason: string): void {
  for (const piece of pieces) {
    if (piece.kind === "slot") throw new Unprovable(reason, piece.name);
    if (piece.kind === "expansion") refuseSlots(piece.pieces, reason);
  }
}
