/**
 * The one form of a wrapped call: `[cd DIR && ]TACIT [--home H] exec --ticket T -- 'COMMAND'`. Built here and known
 * again here, so that a command is never wrapped twice and a wrapped one is judged by what it runs.
 */
import { leadingCd } from "../shell/parts.ts";
import { shellQuote } from "../shell/quote.ts";

/** Whatever answered on the socket wrote it. */
const TICKET = /^[A-Za-z0-9_-]{1,64}$/;

/** The installed program with its leading arguments, as one shell text. */
export function programText(program: readonly string[]): string {
  return program.map((word) => /^[A-Za-z0-9_\/.:@%+=,-]+$/.test(word) ? word : shellQuote(word)).join(" ");
}

/**
 * `command` as a call of the runner; a leading `cd` stays in front, where the agent's shell sees it.
 * @throws {TypeError} on a NUL in the command, or a ticket that is more than one plain word: it stands outside quotes.
 */
export function wrapCommand(program: readonly string[], ticket: string, command: string): string {
  if (!TICKET.test(ticket)) throw new TypeError("Cannot wrap the command: the ticket is no ticket");
  const { prefix, rest } = leadingCd(command) ?? { prefix: "", rest: command };
  return `${prefix}${programText(program)} exec --ticket ${ticket} -- ${shellQuote(rest)}`;
}

/**
 * The command inside a wrapped call, its leading `cd` included. Null if `command` is no wrapped call; `opaque` if it
 * names the runner in some other form.
 */
export function unwrapCommand(program: readonly string[], command: string): { inner: string } | "opaque" | null {
  const { prefix, rest } = leadingCd(command) ?? { prefix: "", rest: command };
  const head = `${programText(program)} exec --ticket `;
  const match = rest.startsWith(head) ? /^[A-Za-z0-9_-]+ -- ('[\s\S]*')\s*$/.exec(rest.slice(head.length)) : null;
  const inner = match === null ? null : unquoted(match[1] ?? "");
  if (inner !== null) return { inner: prefix + inner };
  return /(^|[\s/'"\\])exec\s+(\S+\s+){0,8}--ticket/.test(command) ? "opaque" : null;
}

/** The text in one word of the form that `shellQuote` writes, or null. */
function unquoted(word: string): string | null {
  const text = word.slice(1, -1).replaceAll("'\\''", "'");
  return word.length >= 2 && shellQuote(text) === word ? text : null;
}
