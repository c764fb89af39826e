/**
 * Time as the daemon uses it. Expiry is judged by the latest time ever seen, so that a clock set back revives nothing;
 * waits and deadlines run on whichever of two clocks is ahead, so that neither sleep nor a clock set back extends them.
 *
 * The floor is kept in a file under a MAC of the key tree, and beside it the audit log's last line counts. What it
 * cannot know is time that passed while no daemon ran. A clock set years ahead by mistake expires what it would have
 * expired; `tacit edit NAME --expires` renews it.
 */
import { concat, toHex, u64, utf8 } from "../bytes.ts";
import { equalConstantTime, hmacSha256 } from "../crypto/hash.ts";

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
  readonly #path: string;
  readonly #clock: Clock;
  #floor = 0;
  #saved = 0;

  constructor(path: string, clock: Clock) {
    this.#path = path;
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

  /** Reads what an earlier daemon saw; false if there is a file that `key` did not write. */
  load(key: Uint8Array): boolean {
    let text: string;
    try {
      text = Deno.readTextFileSync(this.#path);
    } catch {
      return true;
    }
    const match = /^(\d{1,15}) ([0-9a-f]{64})\n$/.exec(text);
    const time = Number(match?.[1]);
    if (match === null || !equalConstantTime(utf8(macOf(key, time)), utf8(match[2] ?? ""))) return false;
    this.raise(time);
    this.#saved = time;
    return true;
  }

  /** Writes the floor if it rose far enough, or whenever `always`. A full disk is no reason to stop. */
  save(key: Uint8Array, always: boolean): void {
    const time = Math.floor(this.now());
    if (!always && time < this.#saved + FLOOR_STEP_MS) return;
    const temporary = `${this.#path}.${Deno.pid}`;
    try {
      Deno.writeTextFileSync(temporary, `${time} ${macOf(key, time)}\n`, { mode: 0o600 });
      Deno.renameSync(temporary, this.#path);
      this.#saved = time;
    } catch { /* the floor in memory and the audit log still hold */ }
  }
}

function macOf(key: Uint8Array, time: number): string {
  return toHex(hmacSha256(key, concat(utf8("asv1/clock"), u64(time))));
}
