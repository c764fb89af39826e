/** The fuzzers have teeth: each finds a fault that is put in on purpose, in a few hundred inputs. */
import assert from "node:assert/strict";
import { answerHook } from "../../commands/hook.ts";
import { utf8 } from "../../lib/bytes.ts";
import * as deciding from "../../lib/grant/decide.ts";
import * as destinations from "../../lib/grant/destination.ts";
import type { Grant } from "../../lib/grant/grant.ts";
import * as validating from "../../lib/grant/validate.ts";
import * as msgpack from "../../lib/msgpack.ts";
import * as framing from "../../lib/protocol/frame.ts";
import * as parsing from "../../lib/protocol/parse.ts";
import * as parts from "../../lib/shell/parts.ts";
import * as rewriting from "../../lib/shell/rewrite.ts";
import { VaultError } from "../../lib/vault/fault.ts";
import * as headers from "../../lib/vault/header.ts";
import * as records from "../../lib/vault/record.ts";
import * as states from "../../lib/vault/state.ts";
import * as values from "../../lib/vault/value.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { campaign } from "./campaign.ts";
import { framesTarget } from "./frames.ts";
import { grantsTarget } from "./grants.ts";
import { hookTarget } from "./hook.ts";
import { checksOf } from "./main.ts";
import { msgpackTarget } from "./msgpack.ts";
import { rewriteTarget } from "./rewrite.ts";
import type { Target } from "./target.ts";
import { vaultTarget } from "./vault.ts";
import { watch } from "./watch.ts";

const INPUTS = 300;
const VAULT = { ...headers, ...states, ...values };
const REWRITE = { ...rewriting, ...parts };
const FRAMES = { ...framing, ...parsing };
const GRANTS = { ...validating, ...deciding, ...destinations, ...records };

/** Runs each target for a moment; what it finds must be `expected`, null for nothing. */
async function findings(cases: [name: string, make: () => Target, expected: RegExp | null][]): Promise<void> {
  for (const [name, make, expected] of cases) {
    const target = make();
    try {
      const { found, corpus, inputs } = await campaign(target, { seed: 1, inputs: INPUTS });
      if (expected === null) {
        assert.deepEqual([found?.what, corpus, inputs], [undefined, [], INPUTS], name);
      } else assert.match(found?.what ?? `nothing in ${inputs} inputs`, expected, name);
    } finally {
      await target.close?.();
    }
  }
}

Deno.test("fuzzing finds a vault that is read without proof, and an error of the runtime", async () => {
  const after = (bytes: Uint8Array, keys: Parameters<typeof states.readState>[1]) => {
    const state = states.readState(bytes, keys);
    return state.tornAt === null ? state : { ...state, generation: state.generation + 1 };
  };
  const sloppy = (file: Uint8Array) => {
    new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(60);
    return headers.parseHeader(file);
  };
  const swallowing = (bytes: Uint8Array, keys: Parameters<typeof states.readState>[1]) => {
    try {
      return states.readState(bytes, keys);
    } catch (cause) {
      if ((cause as VaultError).fault !== "CORRUPT_FRAME") throw cause;
      const native = new TypeError("Cannot read properties of undefined (reading 'length')");
      throw new VaultError("CORRUPT_FRAME", "Cannot open vault: damaged", undefined, { cause: native });
    }
  };
  await findings([
    ["as it is", vaultTarget, null],
    [
      "a torn frame is taken",
      () => vaultTarget({ ...VAULT, readState: after }),
      /^Finding: A state was read that nobody/,
    ],
    ["no length check", () => vaultTarget({ ...VAULT, parseHeader: sloppy }), /^RangeError/],
    [
      "a runtime's error passes for ours",
      () => vaultTarget({ ...VAULT, readState: swallowing }),
      /error of the runtime/,
    ],
    [
      "a value without its seal",
      () => vaultTarget({ ...VAULT, openValue: (_keys, _context, _address, blob) => blob.slice(24, -16) }),
      /A value was opened that nobody sealed/,
    ],
  ]);
});

Deno.test("fuzzing finds MessagePack that is read loosely", async () => {
  const loose = (fault: string) => (bytes: Uint8Array) => {
    try {
      return msgpack.decode(bytes);
    } catch (error) {
      if ((error as Error).message.includes(fault)) return null;
      throw error;
    }
  };
  const unbounded = (bytes: Uint8Array) => {
    // What it would take for so many values.
    if (bytes[0] === 0xdd && bytes.length > 4) new Float64Array(2 ** 20 * new DataView(bytes.buffer).getUint32(1));
    return msgpack.decode(bytes);
  };
  await findings([
    ["as it is", msgpackTarget, null],
    ["bytes after the end", () => msgpackTarget({ ...msgpack, decode: loose("after the end") }), /not written back/],
    ["not canonical", () => msgpackTarget({ ...msgpack, decode: loose("canonical") }), /not written back/],
    ["a length that is believed", () => msgpackTarget({ ...msgpack, decode: unbounded }), /^RangeError/],
  ]);
});

Deno.test("fuzzing finds a hook that throws, that lets a value pass, prints one, or allows a call", async () => {
  const none = { stdout: "", stderr: "", status: 0 };
  const allow = { hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "allow" } };
  const throwing: typeof answerHook = async (options, text, variable, ask) => {
    JSON.parse(text ?? "");
    return await answerHook(options, text, variable, ask);
  };
  const printing: typeof answerHook = async (options, text, variable, ask) => {
    const given = await answerHook(options, text, variable, ask);
    return given.status === 2 ? { ...given, stderr: `tacit: Cannot read ${text?.slice(0, 2000)}.\n` } : given;
  };
  await findings([
    ["as it is", hookTarget, null],
    ["silent", () => hookTarget({ answerHook: () => Promise.resolve(none) }), /A value in a call passes/],
    ["throwing", () => hookTarget({ answerHook: throwing }), /^SyntaxError/],
    [
      "allowing",
      () => hookTarget({ answerHook: () => Promise.resolve({ ...none, stdout: `${JSON.stringify(allow)}\n` }) }),
      /shape that the agent does not know/,
    ],
    ["printing", () => hookTarget({ answerHook: printing }), /prints a value|says something else/],
  ]);
});

Deno.test("fuzzing finds a rewrite that forgets a placeholder, changes more than it should, or throws", async () => {
  type Rewrite = typeof rewriting.rewriteCommand;
  const changing = (change: (text: string) => string): Rewrite => (command, known, variable) => {
    const result = rewriting.rewriteCommand(command, known, variable);
    return result.ok && result.names.length > 0 ? { ...result, command: change(result.command) } : result;
  };
  const forgetful: Rewrite = (command, known, variable) => {
    const result = rewriting.rewriteCommand(command, known, variable);
    return result.ok ? { ...result, command } : result;
  };
  const throwing: Rewrite = (command, known, variable) => {
    if (/\|\s*$/.test(command)) throw new RangeError("Maximum call stack size exceeded");
    return rewriting.rewriteCommand(command, known, variable);
  };
  const withBroken = (broken: Partial<typeof REWRITE>) => rewriteTarget({ ...REWRITE, ...broken }, false);
  const doubled = (text: string) => text.replace("${V_A}", "${V_A}${V_A}");
  await findings([
    ["as it is", rewriteTarget, null],
    ["forgetful", () => withBroken({ rewriteCommand: forgetful }), /has no reference/],
    ["doubling", () => withBroken({ rewriteCommand: changing(doubled) }), /do not add up/],
    [
      "a blank more",
      () => withBroken({ rewriteCommand: changing((t) => `${t} x`) }),
      /Something besides/,
    ],
    ["throwing", () => withBroken({ rewriteCommand: throwing }), /^RangeError/],
    [
      "a prefix that is none",
      () => withBroken({ leadingCd: (text) => ({ prefix: "cd x &&", dir: "x", rest: text }) }),
      /leading cd/,
    ],
  ]);
});

Deno.test("fuzzing finds frames that depend on how they are cut, and requests that are not judged", async () => {
  class Hasty extends framing.FrameReader {
    constructor(read: (p: Uint8Array) => Promise<number | null>) {
      // A read that brings less than was asked for counts as all there is.
      super(async (p) => await read(p) === null ? null : p.length);
    }
  }
  const trusting = (message: Record<string, unknown>) => {
    const { agent } = message["caller"] as { agent: string };
    return { verb: "status" as const, agent };
  };
  await findings([
    ["as it is", framesTarget, null],
    ["hasty", () => framesTarget({ ...FRAMES, FrameReader: Hasty }), /Another cut|cannot be written/],
    ["trusting", () => framesTarget({ ...FRAMES, parseUseRequest: trusting }), /^TypeError/],
    [
      "unbounded",
      () => framesTarget({ ...FRAMES, parseUseRequest: (message) => message as { verb: "status" } }),
      /Finding|TypeError/,
    ],
  ]);
});

Deno.test("fuzzing finds a grant that is believed, and a use that it does not say", async () => {
  const widely = (d: Parameters<typeof destinations.destinationCovers>[0], request: destinations.Request) =>
    destinations.destinationCovers({ ...d, paths: [] }, request);
  await findings([
    ["as it is", grantsTarget, null],
    ["believed", () => grantsTarget({ ...GRANTS, validateGrant: (given) => given as Grant }), /Finding|TypeError/],
    ["all allowed", () => grantsTarget({ ...GRANTS, decideUse: () => ({ ok: true }) }), /A use is allowed/],
    ["paths forgotten", () => grantsTarget({ ...GRANTS, destinationCovers: widely }), /destination covers/],
    [
      "newer fields skipped",
      () => grantsTarget({ ...GRANTS, recordFromPackable: (value) => records.recordFromPackable(value, true) }),
      /does not know was skipped/,
    ],
  ]);
});

Deno.test("an empty corpus fails, and so does one that no longer gets inside", async () => {
  const target = msgpackTarget();
  const empty = await campaign({ ...target, corpus: [] }, { seed: 1, inputs: 5 });
  assert.deepEqual(empty.corpus, ["the corpus is empty"]);
  const pieces = [utf8("not MessagePack")];
  const blunt = await campaign({ ...target, corpus: [{ name: "x", pieces, gives: "read" }] }, { seed: 1, inputs: 5 });
  assert.match(blunt.corpus.join(), /"x" gives/);
  const memory = { live: 1, resident: 1, peak: 1 };
  for (const result of [empty, blunt]) {
    const report = { ...result, found: null, unreached: [], corpusSize: 0, warm: null, end: memory };
    assert.equal(checksOf({ name: "x", report, lost: null }).filter((fault) => fault !== null).length, 1);
    const grown = { ...report, corpus: [], warm: memory, end: { ...memory, live: 2 ** 30 } };
    assert.deepEqual(checksOf({ name: "x", report: grown, lost: null }), [null, null, null, "memory grows"]);
  }
});

Deno.test("the same seed gives the same inputs, and what is found is made smaller", async () => {
  const seen: string[][] = [];
  for (const seed of [5, 5, 6]) {
    const inputs: string[] = [];
    const run = (input: Uint8Array) => {
      inputs.push(input.join());
      return "read";
    };
    await campaign({ ...msgpackTarget(), run }, { seed, inputs: 50 });
    seen.push(inputs.slice(-50));
  }
  assert.deepEqual(seen[0], seen[1]);
  assert.notDeepEqual(seen[0], seen[2]);
  const allergic = (input: Uint8Array) => {
    if (input.includes(0xc1)) throw new TypeError("c1 is not a function");
    return "read";
  };
  const { found } = await campaign({ ...msgpackTarget(), run: allergic }, { seed: 1, inputs: 1000 });
  assert.deepEqual(found?.input, Uint8Array.of(0xc1));
});

const HANGS = "a hang and a death are found, with the input they happened at";
// Elsewhere a hang is told by the clock, which takes minutes.
Deno.test({ name: HANGS, ...leftOut(NOT_LINUX), fn: hangs });

async function hangs(): Promise<void> {
  const directory = Deno.makeTempDirSync();
  const child = `${directory}/child.ts`;
  const body = (end: string) =>
    `Deno.writeFileSync(Deno.args[3] + "/trace", Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0xab, 0xcd)); ${end}`;
  try {
    const cases = [
      ["for (;;);", 1500, /takes longer/],
      ['Deno.kill(Deno.pid, "SIGKILL");', 60_000, /ended with SIGKILL/],
    ] as const;
    for (const [end, hangMs, expected] of cases) {
      Deno.writeTextFileSync(child, body(end));
      const watched = await watch("x", 1, 1, { child, hangMs });
      assert.match(watched.lost?.what ?? "nothing", expected);
      assert.equal(watched.lost?.hex, "abcd");
      assert.equal(checksOf(watched).length, 1);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
