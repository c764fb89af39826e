/** Chance that can be repeated: the same seed, target and number of an input always give the same input. */
import { random } from "../placeholders/generator.ts";

/** Draws from one source of chance. */
export class Dice {
  readonly #next: () => number;

  /** `seed` is taken modulo 2³². */
  constructor(seed: number) {
    this.#next = random(seed);
  }

  /** The dice of input `number` of a target: what is drawn for one input changes nothing for the next. */
  static of(seed: number, target: string, number: number): Dice {
    let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
    for (const c of target) mixed = Math.imul(mixed ^ c.charCodeAt(0), 0x01000193);
    return new Dice(mixed ^ Math.imul(number, 0x27d4eb2f));
  }

  /** A whole number from 0 to `n` − 1. */
  below(n: number): number {
    return Math.floor(this.#next() * n);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of `from`. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError("Cannot pick from an empty list");
    return from[this.below(from.length)] as T;
  }

  /** `n` random bytes. */
  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
}
