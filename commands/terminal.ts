/**
 * The only file that speaks to people. Its rules:
 * stdout carries what was asked for, stderr everything else; text of foreign origin is escaped before it is printed;
 * no colour, no control sequences; a closed pipe is not an error. docs/cli.md, "Streams".
 */
import { escapeForDisplay } from "../lib/display.ts";
import { hasTerminal, readVisible } from "../lib/tty.ts";
import { EXIT, failureOf } from "./exit_codes.ts";

let json = false;
let home: string | null = null;

/** From here on answers and errors are JSON (`--json`). */
export function answerInJson(): void {
  json = true;
}

/** From here on the commands that hints propose name this home, as `--home` named it. */
export function hintsForHome(chosen: string): void {
  home = chosen;
}

/** `text` with every proposed command made to work on the home in question. */
export function proposing(text: string): string {
  if (home === null) return text;
  const option = /^[A-Za-z0-9/._-]+$/.test(home) ? home : `'${home.replaceAll("'", `'\\''`)}'`;
  return text.replace(/\btacit (?=[a-z])/g, `tacit --home ${option} `);
}

/** A proposed next step, on stderr. */
export function hint(text: string): void {
  note(`tacit: hint: ${escapeForDisplay(proposing(text))}`);
}

/** One line of the answer, on stdout. */
export function answer(line: string): void {
  write(Deno.stdout, `${line}\n`);
}

/** The whole answer as one JSON document, on stdout. */
export function answerJson(document: unknown): void {
  write(Deno.stdout, `${JSON.stringify(document, null, 2)}\n`);
}

/** Help as the parser formats it, on stdout. */
export function printHelp(text: string): void {
  write(Deno.stdout, text);
}

/** Either form of an answer. Lines must be escaped where they carry foreign text; JSON escapes itself. */
export function answerEither(document: unknown, lines: () => string[]): void {
  if (json) answerJson(document);
  else lines().forEach(answer);
}

/** Something worth knowing that was not asked for, on stderr. */
export function note(line: string): void {
  write(Deno.stderr, `${line}\n`);
}

/** A warning, on stderr. */
export function warn(line: string): void {
  note(`tacit: warning: ${line}`);
}

/**
 * Prints a thrown thing as error and hint and returns the exit code for it. With `--json`, stdout carries the same as
 * `{"error": {code, message, hint, exit}}`.
 */
export function reportError(error: unknown): number {
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.ok.code;
  const failure = failureOf(error);
  const { code } = EXIT[failure.exit];
  note(`tacit: error: ${escapeForDisplay(failure.message)}`);
  if (failure.hint !== "") hint(failure.hint);
  if (json) {
    const { message } = failure;
    answerJson({ error: { code: failure.code, message, hint: proposing(failure.hint), exit: code } });
  }
  return code;
}

/**
 * Runs `work` while the terminal says that a second will pass; silent where stderr is not a terminal.
 */
export async function withProgress<T>(text: string, work: () => Promise<T>): Promise<T> {
  if (!Deno.stderr.isTerminal()) return await work();
  write(Deno.stderr, text);
  try {
    return await work();
  } finally {
    write(Deno.stderr, `\r${" ".repeat(text.length)}\r`);
  }
}

/** True if a person can be asked something. */
export function canAsk(): boolean {
  return Deno.stderr.isTerminal() && hasTerminal();
}

/**
 * Asks a yes-or-no question on the terminal; anything but `y` or `yes` is no.
 * @throws {NoTerminalError} without a terminal.
 */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await readVisible(`${question} [y/N] `));
}

/** Asks for a line of text on the terminal. */
export async function ask(question: string): Promise<string> {
  return await readVisible(question);
}

/** Rows under a header in columns two blanks apart; cells are escaped here. The last column is not padded. */
export function table(header: string[], rows: string[][]): string[] {
  const cells = [header, ...rows.map((row) => row.map(escapeForDisplay))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  return cells.map((row) =>
    row.map((cell, column) => column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  );
}

/** `name: value` lines with the values in one column; values are escaped here. */
export function properties(pairs: [name: string, value: string][]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 1;
  return pairs.map(([name, value]) => `${`${name}:`.padEnd(width)} ${escapeForDisplay(value)}`);
}

/** `n thing` or `n things`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

/** A moment as `2026-03-01 14:05` in local time. */
export function showTime(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}
