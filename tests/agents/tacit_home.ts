/**
 * tacit as a user would set it up, in one clean home: init, add, install, and then whatever state a scenario wants.
 * The passphrase comes from a file beside the searched tree, the value through a pipe; neither is ever in an argv.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { CleanHome } from "../kit/clean_home.ts";
import { type Ended, runProgram, tacitCommand } from "../kit/program.ts";
import { SECRET, type State } from "./scenario.ts";

/** Milliseconds after which the secret of the state `expired` has expired; `--expires 1s` and some air. */
const EXPIRY_PASSED = 1500;

export class TacitHome {
  readonly #user: CleanHome;
  readonly passphrase: string = `test ${randomBytes(12).toString("hex")} phrase`;

  constructor(user: CleanHome) {
    this.#user = user;
  }

  /** Path of the program that `install` put into place. */
  get program(): string {
    return join(this.#user.tacit, "bin", "tacit");
  }

  /** From nothing to `state`, hooks installed for the agent. */
  async prepare(state: State, value: string): Promise<void> {
    await Deno.writeTextFile(join(this.#user.aside, "passphrase"), `${this.passphrase}\n`, { mode: 0o600 });
    const expires = state === "expired" ? ["--expires", "1s"] : [];
    const use = state === "sealed" ? ["--host", "api.example.com"] : ["--inject", "env"];
    // The least memory that `init` accepts: the derivation's cost is not what is tested here.
    await this.#must(["init", "--no-recovery", "--kdf-memory", "64", ...PASSPHRASE]);
    await this.#must(["add", SECRET, ...use, ...expires, ...PASSPHRASE], value);
    await this.#must(["install", "claude-code", "--yes", "--settings", join(this.#user.home, ".claude/settings.json")]);
    if (state === "expired") await new Promise((done) => setTimeout(done, EXPIRY_PASSED));
    if (state === "locked") await this.#must(["lock"]);
    if (state === "no daemon" || state === "never unlocked") await this.killDaemon();
    if (state === "never unlocked") await this.#startWithoutKey();
    if (state === "binary missing") await Deno.remove(this.program);
  }

  /** Ends this home's daemon, and no other process: the home's path, which no other run has, is in its arguments. */
  async killDaemon(): Promise<void> {
    for (const pid of this.#daemons()) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It ended meanwhile.
      }
    }
    for (let i = 0; i < 100 && this.#daemons().length > 0; i++) await new Promise((done) => setTimeout(done, 20));
  }

  async #startWithoutKey(): Promise<void> {
    const [program, ...args] = this.#command(["daemon"]);
    // Its own session, as at login: it outlives this call and is found again by its arguments.
    new Deno.Command("setsid", {
      args: ["--fork", program ?? "", ...args],
      env: this.#user.env,
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn().unref();
    for (let i = 0; i < 100; i++) {
      const status = await this.#run(["status", "--json"]);
      if (/never_unlocked|never unlocked/.test(status.stdout)) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("Cannot start a daemon without a key: it does not answer");
  }

  #daemons(): number[] {
    const found: number[] = [];
    for (const entry of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(entry.name)) continue;
      try {
        const words = Deno.readTextFileSync(`/proc/${entry.name}/cmdline`).split("\0");
        if (words.includes("daemon") && words.includes(this.#user.tacit)) found.push(Number(entry.name));
      } catch {
        // It ended meanwhile, or is not ours to look at.
      }
    }
    return found;
  }

  async #must(args: string[], stdin = ""): Promise<void> {
    const ended = await this.#run(args, stdin);
    if (ended.code !== 0) {
      throw new Error(`Cannot run "tacit ${args.join(" ")}": status ${ended.code}: ${ended.stderr}${ended.stdout}`);
    }
  }

  #run(args: string[], stdin = ""): Promise<Ended> {
    const passphrase = join(this.#user.aside, "passphrase");
    // Descriptor 3 is opened by the shell: no passphrase in argv, none in the environment.
    const command = ["/bin/sh", "-c", `exec 3<"$0"; exec "$@"`, passphrase, ...this.#command(args)];
    return runProgram(command, { cwd: this.#user.home, env: this.#user.env, stdin });
  }

  #command(args: string[]): string[] {
    return [...tacitCommand(), "--home", this.#user.tacit, ...args];
  }
}

const PASSPHRASE = ["--passphrase-fd", "3"];
