/** Runs one target on its corpus and then on changed inputs, until time or number is up or something is found. */
import { Dice } from "./dice.ts";
import { joined, mutate } from "./mutate.ts";
import { describe, type Target } from "./target.ts";

/** When a campaign ends, and who watches. */
export interface Limits {
  seed: number;
  /** Milliseconds; up to four times as many if until then not everything was reached that the target names. */
  ms?: number;
  /** Changed inputs; whichever of the two comes first. */
  inputs?: number;
  /** Called before each execution: whoever watches from outside knows from it what a process hung or died of. */
  before?(input: Uint8Array): void;
  /** Called once a quarter of the time is over. */
  warm?(): void;
}

/** An input that broke a promise. */
export interface Found {
  /** `-1` for an unchanged corpus entry. */
  number: number;
  what: string;
  input: Uint8Array;
}

/** What a campaign came to. */
export interface Result {
  inputs: number;
  ms: number;
  outcomes: Record<string, number>;
  found: Found | null;
  /** What is wrong with the corpus itself. */
  corpus: string[];
  /** Outcomes that the target names and no input had. */
  unreached: string[];
}

/** Executions that making a finding smaller may take. */
const MOST_TRIALS = 400;
const MOST_TRIAL_MS = 5_000;

/** One campaign. Never throws because of what the target does. */
export async function campaign(target: Target, limits: Limits): Promise<Result> {
  const started = performance.now();
  const outcomes: Record<string, number> = {};
  const result: Result = { inputs: 0, ms: 0, outcomes, found: null, corpus: [], unreached: [] };
  if (target.corpus.length === 0) result.corpus.push("the corpus is empty");
  for (const entry of target.corpus) {
    const outcome = await execute(target, joined(entry.pieces), -1, limits, result);
    if (outcome !== null && !outcome.startsWith(entry.gives)) {
      result.corpus.push(`"${entry.name}" gives "${outcome}" in place of "${entry.gives}"`);
    }
  }
  const { seed, ms = Infinity, inputs = Infinity } = limits;
  const unreached = () => target.reaches.filter((outcome) => outcomes[outcome] === undefined);
  let warm = false;
  for (let number = 0; number < inputs && result.found === null && target.corpus.length > 0; number++) {
    // The clock is asked seldom: many targets take microseconds.
    const elapsed = number % 16 === 0 ? performance.now() - started : 0;
    if (elapsed >= ms && (elapsed >= 4 * ms || unreached().length === 0)) break;
    if (!warm && elapsed >= ms / 4) limits.warm?.();
    warm ||= elapsed >= ms / 4;
    const dice = Dice.of(seed, target.name, number);
    const entry = dice.pick(target.corpus);
    const varied = target.vary !== undefined && dice.oneIn(2) ? target.vary(entry, dice) : null;
    const input = varied?.slice(0, target.maxBytes) ?? mutate(entry, target, dice);
    const outcome = await execute(target, input, number, limits, result);
    if (outcome !== null) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    result.inputs++;
  }
  result.ms = performance.now() - started;
  result.unreached = unreached();
  if (result.found !== null) result.found = await smaller(target, result.found, limits);
  return result;
}

async function execute(
  target: Target,
  input: Uint8Array,
  number: number,
  limits: Limits,
  result: Result,
): Promise<string | null> {
  limits.before?.(input);
  // A target that changes its input must not change what is reported.
  const own = input.slice();
  try {
    const outcome = target.run(own);
    return typeof outcome === "string" ? outcome : await outcome;
  } catch (error) {
    result.found ??= { number, what: describe(error), input };
    return null;
  }
}

/** The same fault in fewer bytes: ever shorter stretches are left out as long as it stays. */
async function smaller(target: Target, found: Found, limits: Limits): Promise<Found> {
  const started = performance.now();
  let best = found;
  let trials = 0;
  for (let length = Math.ceil(found.input.length / 2); length >= 1; length = length >> 1) {
    for (let at = 0; at < best.input.length;) {
      if (++trials > MOST_TRIALS || performance.now() - started > MOST_TRIAL_MS) return best;
      const input = new Uint8Array([...best.input.subarray(0, at), ...best.input.subarray(at + length)]);
      limits.before?.(input);
      const what = await faultOf(target, input);
      if (what !== null && sameFault(what, found.what)) best = { ...best, what, input };
      else at += length;
    }
  }
  return best;
}

async function faultOf(target: Target, input: Uint8Array): Promise<string | null> {
  try {
    await target.run(input.slice(), true);
    return null;
  } catch (error) {
    return describe(error);
  }
}

/** Numbers and quoted parts of a message may differ. */
function sameFault(a: string, b: string): boolean {
  const plain = (text: string) => text.replace(/"[^"]*"|\d+/g, "…").slice(0, 80);
  return plain(a) === plain(b);
}
