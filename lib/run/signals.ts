/**
 * Signals on their way through the runner: to the child while it lives, and to the runner itself once it has ended.
 *
 * Listening begins before the first one-shot file and before the child: the default would end this process on the spot,
 * and leave a value in a file, or a child to which nobody passes anything on.
 */
import { kill } from "./libc.ts";
import { send } from "./spawn.ts";

const FORWARDED: Partial<Record<Deno.Signal, number>> = Deno.build.os === "darwin"
  ? { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15, SIGUSR1: 30, SIGUSR2: 31 }
  : { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15, SIGUSR1: 10, SIGUSR2: 12 };

/** After the child's end: output that was not written so long after a signal has no reader, and the signal is obeyed. */
const PATIENCE_MS = 1_000;

/** Listens from its making until `stop`, and keeps this process alive as long. */
export class SignalRelay {
  readonly #terminal = Deno.stdin.isTerminal();
  readonly #listeners: [Deno.Signal, () => void][] = [];
  /** What came before there was a child. */
  readonly #early: number[] = [];
  #child: number | null = null;
  #cleanUp: (() => void) | null = null;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    for (const [name, number] of Object.entries(FORWARDED) as [Deno.Signal, number][]) {
      const listener = () => this.#take(name, number);
      Deno.addSignalListener(name, listener);
      this.#listeners.push([name, listener]);
    }
  }

  /** There is a child now. */
  started(pid: number): void {
    this.#child = pid;
    for (const number of this.#early.splice(0)) send(pid, number);
  }

  /**
   * The child has ended; its id may soon be another's. A signal now is for this process: it may be waiting for a reader
   * of its output, and then ends by that signal after `cleanUp`.
   */
  ended(cleanUp: () => void): void {
    this.#child = null;
    this.#cleanUp = cleanUp;
  }

  /** Signals have their default effect again. */
  stop(): void {
    clearTimeout(this.#patience);
    for (const [name, listener] of this.#listeners.splice(0)) Deno.removeSignalListener(name, listener);
  }

  #take(name: Deno.Signal, number: number): void {
    if (this.#cleanUp !== null) return this.#obey(this.#cleanUp, number);
    // What a terminal sends with a key reaches the whole foreground group, the child included.
    if (this.#terminal && (name === "SIGINT" || name === "SIGQUIT")) return;
    if (this.#child === null) this.#early.push(number);
    else send(this.#child, number);
  }

  /** Not at once: the same signal may have ended the child, whose last words are still to be written. */
  #obey(cleanUp: () => void, number: number): void {
    if (this.#patience !== undefined) return;
    const timer = setTimeout(() => {
      cleanUp();
      this.stop();
      kill(Deno.pid, number);
    }, PATIENCE_MS);
    Deno.unrefTimer(timer);
    this.#patience = timer;
  }
}
