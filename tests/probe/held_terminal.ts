/** A command on a pseudo-terminal that stays where it is: at a prompt, with something typed. */
import type { ProbeUser, Start } from "./user.ts";

/** Longer than any derivation on a busy machine. */
const PATIENCE_MS = 60_000;

export class HeldTerminal {
  /** All that it showed so far. */
  screen = "";
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #copied: Promise<void>;
  #seen = 0;
  #ended = false;

  /** Starts `command` of `user` on a terminal of its own. */
  constructor(user: ProbeUser, command: string[], start: Start = {}) {
    const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    this.#child = user.startAny(["script", "-qefc", `exec ${quoted}`, "/dev/null"], start);
    this.#keys = this.#child.stdin.getWriter();
    void this.#child.stderr.cancel();
    this.#copied = this.#copy();
  }

  /** Waits until `text` is shown, after what was waited for before. */
  async shows(text: string): Promise<void> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
      const at = this.screen.indexOf(text, this.#seen);
      if (at >= 0) {
        this.#seen = at + text.length;
        // The terminal is switched just after the prompt is shown.
        await new Promise((resolve) => setTimeout(resolve, 80));
        return;
      }
      if (this.#ended) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`Cannot go on: the screen does not show "${text}" but: ${this.screen}`);
  }

  /** Types `text`, once the terminal shows `prompt`. */
  async type(prompt: string, text: string): Promise<void> {
    await this.shows(prompt);
    await this.#keys.write(new TextEncoder().encode(text));
  }

  /** Waits for the command's end by itself. */
  async ended(): Promise<number> {
    await this.#copied;
    await this.#keys.close().catch(() => {});
    return (await this.#child.status).code;
  }

  /** Hangs up. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended by itself */ }
    await this.ended();
  }

  async #copy(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) this.screen += decoder.decode(chunk, { stream: true });
    this.#ended = true;
  }
}
