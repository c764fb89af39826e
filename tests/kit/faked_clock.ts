/** A wall clock for real processes that the test sets at any time, by libfaketime; the steady clock goes on as it is. */
import { join } from "node:path";

/** Ten years of ordinary days, as libfaketime counts. */
export const TEN_YEARS_DAYS = 3650;

export class FakedClock {
  /** For the processes under this clock. */
  readonly env: Record<string, string>;
  readonly #file: string;

  constructor(library: string, directory: string) {
    this.#file = join(directory, "clock-offset");
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    this.set(0);
  }

  /** Sets the clock so many days ahead, or behind. */
  set(days: number): void {
    // In one step: a process that looks meanwhile finds the old file or the new one.
    Deno.writeTextFileSync(`${this.#file}.new`, `${days < 0 ? "" : "+"}${days * 86_400}\n`);
    Deno.renameSync(`${this.#file}.new`, this.#file);
  }
}

/** A clock whose setting lies in `directory`. Needs faketime. */
export async function fakedClock(directory: string): Promise<FakedClock> {
  // Where the library lies is known to its own program only.
  const { stdout } = await new Deno.Command("faketime", { args: ["-f", "+0", "printenv", "LD_PRELOAD"] }).output();
  return new FakedClock(new TextDecoder().decode(stdout).trim(), directory);
}
