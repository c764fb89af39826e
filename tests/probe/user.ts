/**
 * A user without rights who has a home, an unlocked daemon and secrets, all through the compiled program. Root's rights
 * would hide the truth, so where the tests run as root everything of this user runs under another uid.
 */
import { join } from "node:path";
import { homesOf } from "../../lib/paths.ts";
import { formsOf, searchBytes, searchTree } from "../kit/canary.ts";
import { endProcessesOf, processesOf } from "../kit/processes.ts";
import { type Ended, runProgram, testBinary } from "../kit/program.ts";
import { removeOneShot } from "../kit/tmp_home.ts";

const ROOT = Deno.uid() === 0;
/** Whose home it is; `nobody` is in every user database. */
export const USER = ROOT ? 65534 : Deno.uid() ?? 0;
/** Another user of the machine, whom no database knows. */
export const STRANGER = 64111;

/** Nothing of it stands in the program itself, which is searched too where it is read. */
export const PASSPHRASE = "mossy kettle 7 lantern";

/** Why another user cannot be played here, or null. */
export const NO_STRANGER = ROOT ? null : "only root can start processes of two users";

/** How a program of the user is started. */
export interface Start {
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
  /** Another user than the home's. */
  uid?: number;
  /** Give `--passphrase-file`. */
  proof?: boolean;
}

export class ProbeUser {
  /** Everybody may pass, nobody may list. */
  readonly base: string;
  readonly home: string;
  readonly work: string;
  readonly tmp: string;
  /** What is not searched: the passphrase's file, logs of traps. */
  readonly aside: string;
  readonly program: string;
  readonly env: Record<string, string>;
  /** Stands in front of every command line of tacit. */
  prefix: string[] = [];
  readonly #passphrase: string;

  constructor() {
    const binary = testBinary();
    if (binary === null) {
      throw new Error("Cannot probe: tests/probe needs the compiled program, so run: deno task probe");
    }
    this.base = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "tacit-probe-" }));
    Deno.chmodSync(this.base, 0o711);
    const at = (name: string) => join(this.base, name);
    [this.home, this.work, this.tmp, this.aside] = [at("t"), at("work"), at("tmp"), at("aside")];
    for (const path of [this.home, this.work, this.tmp, this.aside]) this.directory(path);
    this.program = at("tacit");
    linkOrCopy(binary, this.program);
    this.#passphrase = join(this.aside, "passphrase");
    this.write(this.#passphrase, `${PASSPHRASE}\n`);
    this.env = {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: this.work,
      TMPDIR: this.tmp,
      LANG: "C.UTF-8",
      TERM: "xterm",
      SHELL: "/bin/sh",
    };
  }

  /** With a vault and an unlocked daemon. */
  static async unlocked(): Promise<ProbeUser> {
    const user = new ProbeUser();
    try {
      await user.must(["init", "--no-recovery", "--kdf-memory", "64"], { proof: true });
    } catch (error) {
      await user[Symbol.asyncDispose]();
      throw error;
    }
    return user;
  }

  /** Makes a directory of the user's, 0700. */
  directory(path: string): void {
    Deno.mkdirSync(path, { mode: 0o700 });
    this.own(path, 0o700);
  }

  /** Writes a file of the user's, 0600. */
  write(path: string, text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    Deno.writeFileSync(path, bytes, { mode: 0o600 });
    this.own(path, 0o600);
  }

  /** Gives what was made at `path` to the user. */
  own(path: string, mode: number): void {
    Deno.chmodSync(path, mode);
    if (ROOT) Deno.chownSync(path, USER, USER);
  }

  /** The command line for `args` on this home. */
  command(args: string[], proof = false): string[] {
    const proven = proof ? ["--passphrase-file", this.#passphrase] : [];
    return [...this.prefix, this.program, "--home", this.home, ...proven, ...args];
  }

  /** Runs `tacit args` on this home to its end. */
  async run(args: string[], start: Start = {}): Promise<Ended> {
    return await this.runAny(this.command(args, start.proof), start);
  }

  /** Runs any command of the user to its end. */
  async runAny(command: string[], { env, cwd, stdin, uid = USER }: Start = {}): Promise<Ended> {
    return await runProgram(command, {
      env: { ...this.env, ...env },
      cwd: cwd ?? this.work,
      ...(stdin !== undefined && { stdin }),
      ...(ROOT && { uid }),
      limit: 60_000,
    });
  }

  /** Starts `tacit args` on this home and leaves it running; its standard input is a pipe that stays open. */
  start(args: string[], start: Start = {}): Deno.ChildProcess {
    return this.startAny(this.command(args, start.proof), start);
  }

  startAny(command: string[], { env, cwd, uid = USER }: Start = {}): Deno.ChildProcess {
    const [program = "", ...args] = command;
    return new Deno.Command(program, {
      args,
      env: { ...this.env, ...env },
      clearEnv: true,
      cwd: cwd ?? this.work,
      ...(ROOT && { uid, gid: uid }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async must(args: string[], start: Start = {}): Promise<Ended> {
    const ended = await this.run(args, start);
    if (ended.code !== 0) {
      throw new Error(`Cannot prepare the probe: ${args[0]} ended with ${ended.code}: ${ended.stderr}`);
    }
    return ended;
  }

  async store(name: string, value: string): Promise<void> {
    await this.must(["add", name, "--inject", "env", "--inject", "file"], { proof: true, stdin: value });
  }

  async daemonPid(): Promise<number> {
    return JSON.parse((await this.must(["status", "--json"])).stdout).pid as number;
  }

  /** The process of this program and `home` among whose arguments `word` is; waits until there is one. */
  async processWith(word: string, home = this.home): Promise<number> {
    for (let i = 0; i < 500; i++) {
      for (const pid of processesOf(home)) {
        const [program, ...words] = argumentsOf(pid);
        if (program === this.program && words.includes(word)) return pid;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`Cannot find the process: none of this home has the argument "${word}"`);
  }

  /** Where one-shot files lie. */
  get oneShot(): string {
    return oneShotOf(this.home, USER);
  }

  /** Where `secrets` occur, in any form: in what was shown, and in every file below home, work and tmp. */
  async leaks(secrets: Record<string, string>, ...shown: string[]): Promise<string[]> {
    const text = new TextEncoder().encode(shown.join("\n"));
    const places: string[] = Object.entries(secrets).flatMap(([name, secret]) =>
      searchBytes(text, formsOf(secret)).map((form) => `${name} is shown as ${form}`)
    );
    for (const tree of [this.home, this.work, this.tmp, ...(isDirectory(this.oneShot) ? [this.oneShot] : [])]) {
      const hits = await searchTree(tree, secrets);
      places.push(...hits.map((hit) => `${hit.canary} in ${tree}/${hit.file} as ${hit.form}`));
    }
    return places;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!await endProcessesOf(this.home)) throw new Error("Cannot end the probe: a process had to be killed");
    } finally {
      Deno.removeSync(this.base, { recursive: true });
      removeOneShot({ ...homesOf(this.home), oneShot: this.oneShot });
    }
  }
}

/** Where one-shot files of `uid` lie: the name holds the user's id, and ours is another one. */
export function oneShotOf(home: string, uid: number): string {
  return homesOf(home).oneShot.replace(`/tacit-${Deno.uid()}-`, `/tacit-${uid}-`);
}

/** The arguments of a process; none if it has gone. */
export function argumentsOf(pid: number): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
  } catch {
    return [];
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** A place that every user can reach; the program is large, and mostly on the same file system. */
function linkOrCopy(from: string, to: string): void {
  try {
    Deno.linkSync(from, to);
  } catch {
    Deno.copyFileSync(from, to);
  }
  Deno.chmodSync(to, 0o755);
}
