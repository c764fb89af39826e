/** Goes through everything a command holds: its words, what they expand, what here-documents hold. */
import type { Command, List, Piece, Redirect, Word } from "./syntax.ts";

/** Names of all placeholders in `pieces`, those in commands that they run included. */
export function namesInPieces(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === "slot") return [piece.name];
    if (piece.kind === "text") return [];
    return [...namesInPieces(piece.pieces), ...(piece.list === null ? [] : namesInList(piece.list))];
  });
}

/** Names of all placeholders in `word`, in order. */
export function namesInWord(word: Word): string[] {
  return [...namesInPieces(word.pieces), ...word.elements.flatMap(namesInWord)];
}

/** Names of all placeholders in what `redirect` names or holds. */
export function namesInRedirect(redirect: Redirect): string[] {
  const target = redirect.target === null ? [] : namesInWord(redirect.target);
  return redirect.heredoc === null ? target : [...target, ...namesInPieces(redirect.heredoc.pieces)];
}

/** Names of all placeholders in `command`. */
export function namesInCommand(command: Command): string[] {
  const names = [...wordsOf(command).flatMap(namesInWord), ...command.redirects.flatMap(namesInRedirect)];
  return command.kind === "compound" ? [...names, ...command.bodies.flatMap(namesInList)] : names;
}

/** Names of all placeholders in `list`. */
export function namesInList(list: List): string[] {
  return list.items.flatMap((item) => item.stages.flatMap(namesInCommand));
}

/** The words of `command` itself, assignments first. */
export function wordsOf(command: Command): Word[] {
  return command.kind === "simple" ? [...command.assignments, ...command.words] : command.words;
}

/** Calls `visit` for every command of `list`, inner ones included, in the order of the text. */
export function visitCommands(list: List, visit: (command: Command) => void): void {
  const pieces = (all: readonly Piece[]): void => {
    for (const piece of all) {
      if (piece.kind !== "expansion") continue;
      pieces(piece.pieces);
      if (piece.list !== null) visitCommands(piece.list, visit);
    }
  };
  const word = (one: Word): void => {
    pieces(one.pieces);
    one.elements.forEach(word);
  };
  for (const command of list.items.flatMap((item) => item.stages)) {
    visit(command);
    wordsOf(command).forEach(word);
    for (const redirect of command.redirects) {
      if (redirect.target !== null) word(redirect.target);
      if (redirect.heredoc !== null) pieces(redirect.heredoc.pieces);
    }
    if (command.kind === "compound") command.bodies.forEach((body) => visitCommands(body, visit));
  }
}

/** Calls `visit` for every expansion in `command`'s own words and redirections, at any depth of operands. */
export function visitExpansions(command: Command, visit: (piece: Piece & { kind: "expansion" }) => void): void {
  const pieces = (all: readonly Piece[]): void => {
    for (const piece of all) {
      if (piece.kind !== "expansion") continue;
      visit(piece);
      pieces(piece.pieces);
    }
  };
  const word = (one: Word): void => {
    pieces(one.pieces);
    one.elements.forEach(word);
  };
  wordsOf(command).forEach(word);
  for (const redirect of command.redirects) {
    if (redirect.target !== null) word(redirect.target);
    if (redirect.heredoc !== null) pieces(redirect.heredoc.pieces);
  }
}
