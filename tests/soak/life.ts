/** What goes on in a soaked home: edits by a person with presence, uses, hooks, scrubbing. Each throws if it fails. */
import { createHash } from "node:crypto";
import { utf8 } from "../../lib/bytes.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { widen } from "../../lib/presence/challenge.ts";
import type { NewSecret, WideningRequest } from "../../lib/protocol/messages.ts";
import { type OpenedSlot, openWithPassphrase } from "../../lib/vault/slots.ts";
import { newCanary } from "../kit/canary.ts";
import type { SeededHome } from "../kit/seeded_home.ts";

export class Life {
  readonly homes: Homes;
  /** What each secret holds now. */
  readonly values = new Map<string, string>();
  /** How often each thing was done. */
  readonly done: Record<string, number> = {};
  readonly #home: SeededHome;
  readonly #slot: OpenedSlot;

  constructor(home: SeededHome, slot: OpenedSlot) {
    this.homes = homesOf(home.tacitHome);
    this.#home = home;
    this.#slot = slot;
  }

  /** Derives the key once; each change proves it anew. */
  static async begin(home: SeededHome): Promise<Life> {
    const passphrase = utf8(await Deno.readTextFile(home.proof[1] ?? ""));
    return new Life(home, await openWithPassphrase(homesOf(home.tacitHome).vault, passphrase));
  }

  async add(name: string, replace: boolean): Promise<void> {
    const value = newCanary();
    await this.#change({ verb: "add", secrets: [newSecret(name, value, replace)] }, utf8(value));
    this.values.set(name, value);
  }

  async describe(name: string, description: string): Promise<void> {
    await this.#change({ verb: "edit", name, changes: { description } });
  }

  async remove(name: string): Promise<void> {
    await this.#change({ verb: "remove", names: [name] });
    this.values.delete(name);
  }

  /** A whole `tacit run`, whose child says what arrived without saying it. */
  async arrives(name: string): Promise<boolean> {
    const script = `printf %s "$${name}" | sha256sum`;
    const ran = await this.#home.tacit(["run", "--secret", name, "--", "sh", "-c", script]);
    const expected = createHash("sha256").update(this.values.get(name) ?? "").digest("hex");
    return ran.code === 0 && ran.stdout.startsWith(expected);
  }

  async use(name: string): Promise<void> {
    if (!await this.arrives(name)) throw new Error(`Cannot use "${name}": its value did not arrive`);
    this.#count("run");
  }

  /** A tool call with a placeholder, whose ticket nobody redeems. */
  async hook(name: string): Promise<void> {
    const event = {
      hook_event_name: "PreToolUse",
      session_id: "soak",
      cwd: this.#home.work,
      tool_name: "Bash",
      tool_use_id: `c${this.done["hook"] ?? 0}`,
      tool_input: { command: `curl -H "Authorization: Bearer {{${name}}}" http://127.0.0.1:9/` },
    };
    const ran = await this.#home.tacit(["hook", "claude-code"], { stdin: JSON.stringify(event) });
    if (ran.code !== 0 || !ran.stdout.includes("exec --ticket")) throw new Error("Cannot go on: no ticket was given");
    this.#count("hook");
  }

  /** Near a megabyte of log with one value in it. */
  async scrub(name: string): Promise<void> {
    const value = this.values.get(name) ?? "";
    const ran = await this.#home.tacit(["scrub"], { stdin: `${"a line of a log\n".repeat(50_000)}${value}\n` });
    if (ran.code !== 0 || ran.stdout.includes(value)) throw new Error("Cannot go on: a value passed the scrubber");
    this.#count("scrub");
  }

  async #change(message: WideningRequest, attachment?: Uint8Array): Promise<void> {
    await widen(this.homes, this.#slot.keys, message, attachment);
    this.#count(message.verb);
  }

  #count(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1;
  }
}

function newSecret(name: string, value: string, replace: boolean): NewSecret {
  return {
    ...{ name, kind: "token", tags: [], description: "", provider: null, destinations: [], positions: [] },
    ...{ modes: ["env"], agents: [], projects: [], confirm: "never", expires: null, weak: false, replace },
    length: utf8(value).length,
  };
}
