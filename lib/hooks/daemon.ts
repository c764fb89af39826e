/** The daemon as the hooks see it: one question, one of three answers, never an exception. */
import type { RefusalCode } from "../protocol/refusals.ts";
import type { UseRequest } from "../protocol/messages.ts";
import { utf8 } from "../bytes.ts";
import { findPlaceholders } from "../shell/placeholders.ts";

/** What came of a question. `unreachable` covers every way of getting no answer. */
export type Answer =
  | { kind: "ok"; message: Record<string, unknown>; attachment: Uint8Array }
  | { kind: "refused"; code: RefusalCode; message: string; hint: string }
  | { kind: "unreachable" };

/** Asks the daemon; does not throw. */
export type Ask = (request: UseRequest, attachment?: Uint8Array) => Promise<Answer>;

/** Text of leaves in one request; an attachment holds 16 MiB. */
export const MAX_BATCH_BYTES = 15 * 1024 * 1024;
/** Leaves in one request, so that their lengths fit a frame's JSON (256 KiB). */
export const MAX_BATCH_LEAVES = 20_000;

/** Leaves as they travel. */
export interface Packed {
  lengths: number[];
  bytes: Uint8Array;
}

/** `leaves` one after the other as UTF-8. */
export function pack(leaves: readonly string[]): Packed {
  const parts = leaves.map(utf8);
  const bytes = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { lengths: parts.map((part) => part.length), bytes };
}

/**
 * The leaves of an attachment.
 * @throws {RangeError} if `lengths` do not fit it.
 */
export function unpack(lengths: unknown, bytes: Uint8Array): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const sizes = Array.isArray(lengths) ? lengths as unknown[] : [];
  let at = 0;
  const leaves = sizes.map((size) => {
    if (typeof size !== "number" || !(size >= 0) || at + size > bytes.length) {
      throw new RangeError("Cannot read the daemon's answer: lengths beyond its text");
    }
    return decoder.decode(bytes.subarray(at, at += size));
  });
  if (at !== bytes.length) throw new RangeError("Cannot read the daemon's answer: text beyond its lengths");
  return leaves;
}

/** The strings of a reply's field; anything else counts as none. */
export function namesOf(message: Record<string, unknown>, field = "names"): string[] {
  const names = message[field];
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
}

/** True if `text` has something of a placeholder's form, whether or not the vault knows it. */
export function looksLive(text: string): boolean {
  return findPlaceholders(text).length > 0;
}

/** A refusal as one text for an agent: what is wrong, then what a person can do. */
export function explain(message: string, hint: string): string {
  const sentence = /[.?!]$/.test(message) ? message : `${message}.`;
  return hint === "" ? `tacit: ${sentence}` : `tacit: ${sentence} What helps: ${hint}`;
}

/** The denial where a value is needed and no daemon answers; `unlock` is the command for the person. */
export function unreachable(unlock: string): string {
  return explain(
    "Cannot use a secret: the tacit daemon is not reachable",
    `ask the person to run \`${unlock}\` in a terminal of their own, then try again`,
  );
}
