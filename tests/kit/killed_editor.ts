/** Editors (plan_editor.ts) that are started ahead of their turn, since starting takes longer than living. */
import { toHex } from "../../lib/bytes.ts";
import type { OpenVault } from "./open_vault.ts";
import { scriptCommand } from "./script_command.ts";

/** No editor needs so long for a few saves, whatever else the machine does. */
const LIMIT_MS = 60_000;

/** One editor. */
export class KilledEditor {
  readonly #child: Deno.ChildProcess;

  constructor(v: OpenVault, saving: string, seed: number) {
    const keys = [v.home.dir, toHex(v.vault.vaultId), toHex(v.keys().prk)];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...scriptCommand("plan_editor.ts"), ...keys, saving, String(seed)],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /**
   * Lets it edit and kills it `ms` after its save number `acks`, or after the beginning where `acks` is 0; returns the
   * generations that it acknowledged.
   * @throws {Error} with what it printed, if it ended by itself.
   */
  async live(cycle: number, acks: number, ms: number): Promise<number[]> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(String(cycle)));
    await writer.close();
    const errors = new Response(this.#child.stderr).text();
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), LIMIT_MS);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let text = "";
    const lines = () => text.split("\n").slice(0, -1);
    const killWhenDue = () => {
      if (timer === undefined && lines().length >= acks) timer = setTimeout(() => this.#kill(), ms);
    };
    killWhenDue();
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      killWhenDue();
    }
    clearTimeout(limit);
    clearTimeout(timer);
    const { signal } = await this.#child.status;
    if (signal !== "SIGKILL" || lines().length < acks) {
      throw new Error(`Cannot go on: the editor ended by itself: ${await errors}`);
    }
    await errors;
    return lines().map(Number);
  }

  /** One that is not needed any more. */
  async dismiss(): Promise<void> {
    this.#kill();
    await Promise.all([this.#child.stdin.close().catch(() => {}), this.#child.stdout.cancel()]);
    await this.#child.stderr.cancel();
    await this.#child.status;
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it failed, and says why */ }
  }
}
