/** Here-documents: the operator's word, and the bodies behind the next newline (bash manual, "Here Documents"). */
import { readInDouble, takeSlot } from "./quotes.ts";
import { type Heredoc, type Reader, Unprovable, type Word } from "./syntax.ts";

/** The here-document that `delimiter` announces, to be filled when its body is reached. */
export function announceHeredoc(reader: Reader, delimiter: Word, stripTabs: boolean): Heredoc {
  let text = "";
  let quoted = false;
  for (const piece of delimiter.pieces) {
    if (piece.kind === "slot") throw new Unprovable("it stands in a here-document's delimiter", piece.name);
    if (piece.kind === "expansion" || piece.value === null || piece.value.includes("$")) {
      throw new Unprovable("a here-document's delimiter is not plain text");
    }
    // A continued line inside the delimiter is no quoting, but not worth the doubt.
    if (piece.escaped && piece.value === "" && piece.quoting === "none") {
      throw new Unprovable("a here-document's delimiter is not plain text");
    }
    quoted ||= piece.quoting !== "none" || piece.escaped;
    text += piece.value;
  }
  if (text.includes("\n")) throw new Unprovable("a here-document's delimiter has a newline");
  const nowhere = { bodyStart: 0, bodyEnd: 0, closeStart: 0, closeEnd: 0 };
  const heredoc: Heredoc = { delimiter, text, quoted, stripTabs, ...nowhere, pieces: [] };
  reader.pending.push(heredoc);
  return heredoc;
}

/** Reads the bodies that begin at the position, which is just behind a newline. */
export function readHeredocs(reader: Reader): void {
  const heredocs = reader.pending;
  reader.pending = [];
  for (const heredoc of heredocs) {
    findBody(reader, heredoc);
    const body: Reader = { ...reader, at: heredoc.bodyStart, end: heredoc.bodyEnd, pending: [] };
    while (body.at < body.end) {
      if (!heredoc.quoted) readInDouble(body, "heredoc", heredoc.pieces);
      else if (!takeSlot(body, "heredoc", heredoc.pieces)) body.at++;
    }
  }
}

/** Sets the offsets of `heredoc` and moves behind its last line. */
function findBody(reader: Reader, heredoc: Heredoc): void {
  heredoc.bodyStart = reader.at;
  for (let continued = false; reader.at < reader.end;) {
    const newline = reader.text.indexOf("\n", reader.at);
    const lineEnd = newline < 0 || newline >= reader.end ? reader.end : newline;
    const typed = reader.text.slice(reader.at, lineEnd);
    const line = heredoc.stripTabs ? typed.replace(/^\t+/, "") : typed;
    const closes = line === heredoc.text;
    // Bash joins continued lines before it looks for the delimiter.
    if (closes && continued) throw new Unprovable("a continued line in a here-document looks like its end");
    if (closes) {
      heredoc.bodyEnd = heredoc.closeStart = reader.at;
      reader.at = heredoc.closeEnd = lineEnd;
      if (reader.at < reader.end) reader.at++;
      return;
    }
    const backslashes = /\\*$/.exec(typed)?.[0].length ?? 0;
    const continues = !heredoc.quoted && backslashes % 2 === 1;
    if (continues && heredoc.text.startsWith(line.slice(0, -1))) {
      throw new Unprovable("a continued line in a here-document looks like its end");
    }
    continued = continues;
    reader.at = Math.min(reader.end, lineEnd + 1);
  }
  throw new Unprovable("a here-document is not closed");
}
