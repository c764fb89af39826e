/**
 * Time as the daemon uses it. Expiry is judged by the latest time ever seen, so that a clock set back revives nothing;
 * waits and deadlines run on whichever of two clocks is ahead, so that neither sleep nor a clock set back extends them.
 *
 * The floor is kept in two files under a MAC of the key tree (lib/vault/clock.ts), and beside them the audit log's last
 * line counts. What it
 * cannot know is time that passed while no daemon ran. A clock set years ahead by mistake expires what it would have
 * expired; `tacit edit NAME --expires` renews it.
 */
import type { Homes } from "../paths.ts";
import { readSeen, seenIsSound, writeSeen } from "../vault/clock.ts";
import type { KeyTree } from "../vault/key_tree.ts";

/** The floor is written again after it rose by so much: one small write a minute at most. */
const FLOOR_STEP_MS = 60_000;

const DAY_MS = 86_400_000;

/** The machine's two clocks. */
export interface Clock {
  /** Unix milliseconds; a person may set it. */
  wall(): number;
  /** Milliseconds since some start; never set, stands still while the machine sleeps. */
  steady(): number;
}

/** The real clocks. */
export const systemClock: Clock = { wall: () => Date.now(), steady: () => performance.now() };

/** Measures a wait that neither sleep nor a set clock can extend. */
export class Stopwatch {
  readonly #clock: Clock;
  #wall = 0;
  #steady = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.restart();
  }

  /** Begins anew. */
  restart(): void {
    this.#wall = this.#clock.wall();
    this.#steady = this.#clock.steady();
  }

  /** Milliseconds since the start, by the clock that is further ahead. */
  elapsed(): number {
    return Math.max(this.#clock.wall() - this.#wall, this.#clock.steady() - this.#steady);
  }
}

/** The latest time that was ever seen. */
export class ClockFloor {
  readonly #homes: Homes;
  readonly #clock: Clock;
  #floor = 0;
  #saved = 0;

  constructor(homes: Homes, clock: Clock) {
    this.#homes = homes;
    this.#clock = clock;
  }

  /** Unix milliseconds, never earlier than any time that was seen before. */
  now(): number {
    this.#floor = Math.max(this.#floor, this.#clock.wall());
    return this.#floor;
  }

  /** Takes note of a time that was seen, and vouched for, elsewhere. */
  raise(time: number): void {
    if (Number.isSafeInteger(time)) this.#floor = Math.max(this.#floor, time);
  }

  /**
   * As `raise`, for a time that anyone of this user could have written, such as an unkeyed line of the audit log: it
   * counts for a day beyond the present at most, so that no forged line expires everything for ever.
   */
  raiseWithin(time: number): void {
    this.raise(Math.min(time, this.#clock.wall() + DAY_MS));
  }

  /** Reads what an earlier daemon saw; false if there is a record of it that `keys` did not write. */
  load(keys: KeyTree): boolean {
    const seen = readSeen(this.#homes, keys);
    if (seen !== null) {
      this.raise(seen);
      this.#saved = seen;
    }
    return seenIsSound(this.#homes, keys);
  }

  /** Writes the floor if it rose far enough, or whenever `always`. A full disk is no reason to stop. */
  save(keys: KeyTree, always: boolean): void {
    const time = Math.floor(this.now());
    if (!always && time < this.#saved + FLOOR_STEP_MS) return;
    try {
      this.#saved = writeSeen(this.#homes, keys, time);
    } catch { /* the floor in memory and the audit log still hold */ }
  }
}
