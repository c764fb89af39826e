/**
 * Runs tacit as its user does, compiled or from source (tests/kit/program.ts). Each test gets a home of its own, an
 * environment without the tester's, and a passphrase on descriptor 3.
 */
import { join } from "node:path";
import { homesOf } from "../../lib/paths.ts";
import { formsOf, searchBytes } from "../kit/canary.ts";
import { endProcessesOf } from "../kit/processes.ts";
import { tacitCommand } from "../kit/program.ts";
import { removeOneShot } from "../kit/tmp_home.ts";

export const PASSPHRASE = "correct horse 7 battery";

/** What a run left behind. */
export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
  ms: number;
}

export interface RunOptions {
  stdin?: string | Uint8Array;
  /** Lines on descriptor 3; null for none and no `--passphrase-fd`. */
  passphrase?: string | null;
  env?: Record<string, string>;
  cwd?: string;
}

/** What a child needs to run at all; no agent marker, no TACIT_HOME. */
export function plainEnvironment(): Record<string, string> {
  const env: Record<string, string> = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", TERM: "xterm", LANG: "C.UTF-8" };
  for (const name of ["HOME", "DENO_DIR", "XDG_CACHE_HOME", "DENO_TLS_CA_STORE"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  // The runtime's own caches complain on stderr when many tests share them; not our subject.
  return { ...env, DENO_CACHE_DB_MODE: "disabled", NO_COLOR: "1" };
}

/** A home in a directory that is removed, with its daemon, at the end of the test. */
export class TestHome {
  readonly base: string;
  readonly dir: string;

  constructor() {
    this.base = Deno.makeTempDirSync({ prefix: "tacit-cli-" });
    this.dir = join(this.base, "home");
  }

  /** Makes a home with a vault and an unlocked daemon. */
  static async initialised(): Promise<TestHome> {
    const home = new TestHome();
    try {
      await home.#must(["init", "--no-recovery", "--kdf-memory", "64"]);
    } catch (error) {
      // It may have started a daemon before it failed, and nobody else would end that.
      await home[Symbol.asyncDispose]();
      throw error;
    }
    return home;
  }

  /** The full command line for `args`. */
  command(args: string[]): string[] {
    return [...tacitCommand(), "--home", this.dir, ...args];
  }

  async run(args: string[], options: RunOptions = {}): Promise<Ran> {
    const passphrase = options.passphrase === undefined ? PASSPHRASE : options.passphrase;
    const given = join(this.base, `given-${crypto.randomUUID()}`);
    let command = this.command(args);
    if (passphrase !== null) {
      Deno.writeTextFileSync(given, `${passphrase}\n`);
      const end = args.indexOf("--");
      const at = command.length - (end === -1 ? 0 : args.length - end);
      const flagged = [...command.slice(0, at), "--passphrase-fd", "3", ...command.slice(at)];
      command = ["bash", "-c", 'f="$1"; shift; exec "$@" 3<"$f"', "-", given, ...flagged];
    }
    try {
      return await runCommand(command, { ...options, cwd: options.cwd ?? this.base });
    } finally {
      if (passphrase !== null) Deno.removeSync(given);
    }
  }

  /** Stores a secret for env. */
  async store(name: string, value: string): Promise<void> {
    await this.#must(["add", name, "--inject", "env"], { stdin: value });
  }

  async #must(args: string[], options: RunOptions = {}): Promise<void> {
    const ran = await this.run(args, options);
    if (ran.status !== 0) throw new Error(`Cannot prepare the test: ${args[0]} said ${ran.stderr}`);
  }

  /** Where `secrets` occur in `shown` or in any file of the home, in any form that is looked for. */
  leaks(secrets: Record<string, string>, ...shown: string[]): string[] {
    const places: [string, Uint8Array][] = [["shown", new TextEncoder().encode(shown.join("\n"))]];
    const visit = (dir: string) => {
      for (const entry of Deno.readDirSync(dir)) {
        const path = join(dir, entry.name);
        if (entry.isDirectory) visit(path);
        else if (entry.isFile) places.push([path, Deno.readFileSync(path)]);
      }
    };
    visit(this.dir);
    return Object.entries(secrets).flatMap(([name, secret]) => {
      const forms = formsOf(secret);
      return places.flatMap(([place, bytes]) =>
        searchBytes(bytes, forms).map((form) => `${name} in ${place} as ${form}`)
      );
    });
  }

  /** Ends every process of this home, and waits until they have gone. */
  async stop(): Promise<void> {
    if (await endProcessesOf(this.dir)) return;
    throw new Error("Cannot end the test: its daemon did not stop when asked, and was killed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      Deno.removeSync(this.base, { recursive: true });
      removeOneShot(homesOf(this.dir));
    }
  }
}

/** Runs any command to its end. */
export async function runCommand(command: string[], options: RunOptions = {}): Promise<Ran> {
  const [program = "", ...args] = command;
  const started = performance.now();
  const child = new Deno.Command(program, {
    args,
    env: { ...plainEnvironment(), ...options.env },
    clearEnv: true,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    const bytes = typeof options.stdin === "string" ? new TextEncoder().encode(options.stdin) : options.stdin;
    // A program that refuses before it reads closes the pipe.
    await writer.write(bytes).then(() => writer.close()).catch(() => {});
  }
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr), ms: performance.now() - started };
}
