/**
 * The daemon behind a fuzzed hook: what the hook asks goes through the real frames and the real reading of requests,
 * and what it is answered comes from a few values and plain replacement.
 */
import { utf8 } from "../../lib/bytes.ts";
import type { Answer, Ask } from "../../lib/hooks/daemon.ts";
import { encodeFrame, FrameReader } from "../../lib/protocol/frame.ts";
import { parseUseRequest } from "../../lib/protocol/parse.ts";
import { REFUSALS } from "../../lib/protocol/refusals.ts";
import { rewriteCommand } from "../../lib/shell/rewrite.ts";
import { describe } from "./target.ts";

/** The same in every run, since a saved input must find them again. */
export const VALUES: Record<string, string> = {
  FIRST_TOKEN: "kzFuzzFirst/0123456789+abcdef=",
  SECOND_TOKEN: "kzFuzzSecond_ZYXWVUTSRQPONMLK",
};

/** What the daemon is like. */
export const DAEMON_STATES = ["unlocked", "away", "locked", "never_unlocked", "confused", "refusing"] as const;
export type DaemonStateHere = typeof DAEMON_STATES[number];

/**
 * An answer for every question. `chance` chooses among the answers of a confused or refusing daemon; `unread` is told
 * of a question that the real one would not read.
 */
export function askStub(state: DaemonStateHere, chance: number, unread: (fault: string) => void): Ask {
  return async (request, attachment = new Uint8Array(0)) => {
    const fault = await faultOf(request, attachment);
    if (fault !== null) {
      unread(fault);
      return refused("bad_request");
    }
    if (state === "away") return { kind: "unreachable" };
    if (state === "refusing") return refused(REFUSALS[chance % REFUSALS.length] ?? "internal");
    if (state === "confused") return confused(chance);
    const off = state === "never_unlocked";
    switch (request.verb) {
      case "session":
        return ok({ state, names: off ? [] : Object.keys(VALUES), scrubbing: !off });
      case "list":
        if (off) return refused("never_unlocked");
        return ok({
          secrets: Object.keys(VALUES).map((name) => ({ name, grant: { modes: ["env"] }, expired: false })),
        });
      case "scrub":
        return off ? ok({ lengths: request.lengths, names: [] }, attachment) : scrubbed(request.lengths, attachment);
      case "prompt":
        return !off && namesIn(textOf(attachment)).length > 0 ? refused("prompt_has_value") : ok({});
      case "prepare":
        return prepared(state, request.lengths, request.command, attachment);
      default:
        return ok({});
    }
  };
}

/** The fault of a question that the daemon would not read, or null: whatever an agent sent, there is none. */
async function faultOf(request: object, attachment: Uint8Array): Promise<string | null> {
  try {
    const bytes = encodeFrame(request, attachment);
    let at = 0;
    const reader = new FrameReader((into) => {
      const n = Math.min(into.length, bytes.length - at);
      into.set(bytes.subarray(at, at += n));
      return Promise.resolve(n === 0 ? null : n);
    });
    const frame = await reader.next();
    parseUseRequest(frame?.message ?? {}, frame?.attachment.length ?? 0);
    return null;
  } catch (error) {
    return describe(error);
  }
}

function prepared(
  state: DaemonStateHere,
  lengths: readonly number[],
  command: number | null,
  attachment: Uint8Array,
): Answer {
  const leaves = leavesOf(lengths, attachment);
  if (state !== "never_unlocked" && leaves.some((leaf) => namesIn(leaf).length > 0)) return refused("literal_value");
  const nothing = { ticket: null, names: [], passed_marker: false };
  if (command === null) return ok(nothing);
  const text = leaves[command] ?? "";
  if (state !== "unlocked") {
    return /\{\{[A-Z]/.test(text) ? refused(state === "locked" ? state : "never_unlocked") : ok(nothing);
  }
  const rewrite = rewriteCommand(text, (name) => Object.hasOwn(VALUES, name), (name) => `TACIT_VALUE_${name}`);
  if (!rewrite.ok) return refused(rewrite.code);
  return ok({ ...nothing, ticket: rewrite.names.length > 0 ? "TICKET0123456789" : null, names: rewrite.names });
}

function scrubbed(lengths: readonly number[], attachment: Uint8Array): Answer {
  const leaves = leavesOf(lengths, attachment);
  const names = [...new Set(leaves.flatMap(namesIn))];
  const clean = leaves.map((leaf) => {
    let text = leaf;
    for (const [name, value] of Object.entries(VALUES)) text = text.replaceAll(value, `[REDACTED:${name}]`);
    return utf8(text);
  });
  const joined = new Uint8Array(clean.reduce((n, leaf) => n + leaf.length, 0));
  let at = 0;
  for (const leaf of clean) {
    joined.set(leaf, at);
    at += leaf.length;
  }
  return ok({ lengths: clean.map((leaf) => leaf.length), names }, joined);
}

/** Answers that no daemon of ours gives. */
function confused(chance: number): Answer {
  const answers: Answer[] = [
    ok({}),
    ok({ lengths: "three", names: 5, ticket: 7, secrets: null, state: [] }),
    ok({ lengths: [-1], names: [null, {}], ticket: "$(touch x)", secrets: [null, 4, { name: 5 }, {}] }),
    ok({ lengths: [1e9], names: ["__proto__"], ticket: "a'b", secrets: {} }, utf8("x")),
    ok({ lengths: [], names: {}, ticket: "", secrets: [{ name: "{{X}}", grant: null, expired: "no" }] }, utf8("stray")),
    ok({ lengths: [0.5, NaN], names: [], ticket: "x".repeat(100_000), secrets: [[]] }),
  ];
  return answers[chance % answers.length] ?? ok({});
}

function leavesOf(lengths: readonly number[], attachment: Uint8Array): string[] {
  let at = 0;
  return lengths.map((length) => textOf(attachment.subarray(at, at += length)));
}

function namesIn(text: string): string[] {
  return Object.keys(VALUES).filter((name) => text.includes(VALUES[name] ?? "?"));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function ok(message: Record<string, unknown>, attachment: Uint8Array = new Uint8Array(0)): Answer {
  return { kind: "ok", message: { ok: true, ...message }, attachment };
}

function refused(code: typeof REFUSALS[number]): Answer {
  return { kind: "refused", code, message: `Cannot do this: ${code}`, hint: "tacit unlock" };
}
