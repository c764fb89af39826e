/**
 * Chance in tests: one seed for all of it, the same in every run unless told otherwise, so that a run that failed can
 * be had again and a pass does not hang on luck. `deno task explore` draws a fresh one.
 *
 *   TACIT_TEST_SEED=N        the seed, for fast-check and for `chance`
 *   TACIT_TEST_PATH=…        with it: the counter-example that fast-check named, for one test run by --filter
 *
 * Keys, nonces and the hash keys of search tables are still drawn by the program itself, which nobody may seed.
 */
import fc from "fast-check";

/** The day on which it became fixed; nothing else speaks for this number. */
const USUAL_SEED = 20261122;

/** The seed of this run, 32 bits. */
export const SEED: number = seedFrom(Deno.env.get("TACIT_TEST_SEED"));

const path = Deno.env.get("TACIT_TEST_PATH");
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED, ...(path === undefined ? {} : { path }) });

export { fc };

/** Numbers in [0, 1) (the mulberry32 recurrence); `label` keeps the draws of two tests apart. */
export function chance(label: string): () => number {
  let state = SEED;
  for (const character of label) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seedFrom(text: string | undefined): number {
  if (text === undefined) return USUAL_SEED;
  if (!/^-?\d{1,10}$/.test(text)) throw new TypeError("Cannot seed the tests: TACIT_TEST_SEED is not a number");
  return Number(text) >>> 0;
}
