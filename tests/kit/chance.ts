/** Seeded randomness of a test: the same in each run, unless TACIT_SEED names another seed. The seed is printed. */
import { random } from "../placeholders/generator.ts";

/** Draws that follow from one seed. */
export class Chance {
  readonly seed: number;
  readonly #next: () => number;

  constructor(seed: number) {
    this.seed = seed;
    this.#next = random(seed);
  }

  /** A whole number from 0 to `n - 1`. */
  below(n: number): number {
    return Math.floor(this.#next() * n);
  }

  /** A number from 0 up to `most`, which is not reached. */
  upTo(most: number): number {
    return this.#next() * most;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new RangeError("Cannot pick: there is nothing to choose from");
    return picked;
  }
}

/** The chance of one test, its seed in the test's output. */
export function chanceOf(test: string): Chance {
  const seed = Number(Deno.env.get("TACIT_SEED") ?? 20261129);
  console.log(`${test}: seed ${seed}, another by TACIT_SEED`);
  return new Chance(seed);
}
