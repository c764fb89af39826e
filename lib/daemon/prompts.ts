/**
 * Prompts that were stopped for a token-like text, so that the same prompt, sent again, passes: the person has seen the
 * warning. Kept as keyed hashes for two minutes.
 */
import { toHex } from "../bytes.ts";
import { hmacSha256, randomBytes } from "../crypto/hash.ts";
import { type Clock, Stopwatch } from "./clock.ts";

/** How long the second sending counts as an answer to the warning. */
export const PROMPT_REPEAT_MS = 2 * 60_000;
/** Prompts kept; the oldest makes room, and is warned about once more. */
const MAX_PROMPTS = 256;

/** Prompts that were warned about. */
export class Prompts {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #warned = new Map<string, Stopwatch>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True if this prompt was warned about within two minutes; that is then used up. Otherwise it counts as warned. */
  repeats(prompt: Uint8Array): boolean {
    const id = toHex(hmacSha256(this.#key, prompt));
    const warned = this.#warned.get(id);
    this.#warned.delete(id);
    if (warned !== undefined && warned.elapsed() < PROMPT_REPEAT_MS) return true;
    this.#warned.set(id, new Stopwatch(this.#clock));
    for (const oldest of this.#warned.keys()) {
      if (this.#warned.size <= MAX_PROMPTS) break;
      this.#warned.delete(oldest);
    }
    return false;
  }
}
