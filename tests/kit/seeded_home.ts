/** A throw-away user with a vault, a running daemon and made-up secrets, set up through the program itself. */
import { join } from "node:path";
import { type CleanHome, cleanHome } from "./clean_home.ts";
import { endProcessesOf } from "./processes.ts";
import { type Ended, type Run, runProgram, tacitCommand } from "./program.ts";

export interface SeededHome extends Omit<CleanHome, "tacit"> {
  /** The directory given with `--home`. */
  tacitHome: string;
  /** Runs `tacit --home … args` as this user. */
  tacit(args: string[], options?: Partial<Run>): Promise<Ended>;
  /** The command line of tacit on this home, arguments to be appended. */
  command: string[];
  /** `--passphrase-file …`, for verbs that need presence. */
  proof: string[];
  /** Stores a secret; `flags` as for `tacit add`. */
  add(name: string, value: string, flags?: string[]): Promise<void>;
  daemonPid(): Promise<number>;
  /** Ends the daemon and removes everything. */
  end(): Promise<void>;
}

/** Lays out the user and makes the vault, with the smallest key derivation that `init` allows. */
export async function seededHome(): Promise<SeededHome> {
  const user = await cleanHome();
  const passphrase = join(user.aside, "passphrase");
  await Deno.writeTextFile(passphrase, "made-up passphrase for a test", { mode: 0o600 });
  const proof = ["--passphrase-file", passphrase];
  const command = [...tacitCommand(), "--home", user.tacit];
  const env = { ...user.env, ...runtimeEnvironment() };
  const tacit = (args: string[], options: Partial<Run> = {}) =>
    runProgram([...command, ...args], { cwd: user.work, ...options, env: { ...env, ...options.env } });
  await must(tacit(["init", ...proof, "--no-recovery", "--kdf-memory", "64"]));
  const daemonPid = async () => JSON.parse((await must(tacit(["status", "--json"]))).stdout).pid as number;
  return {
    ...user,
    tacitHome: user.tacit,
    env,
    tacit,
    command,
    proof,
    daemonPid,
    async add(name, value, flags = ["--inject", "env"]) {
      await must(tacit(["add", name, ...flags, ...proof], { stdin: value }));
    },
    async end() {
      // Gone before its files are: a daemon on its way out still writes.
      await endProcessesOf(user.tacit);
      await user.remove();
    },
  };
}

/** What a runtime from source needs to find its package cache; nothing once compiled. */
function runtimeEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  const cache = Deno.env.get("DENO_DIR") ?? defaultCache();
  if (cache !== null) kept["DENO_DIR"] = cache;
  return kept;
}

function defaultCache(): string | null {
  const home = Deno.env.get("HOME");
  return home === undefined ? null : join(Deno.env.get("XDG_CACHE_HOME") ?? join(home, ".cache"), "deno");
}

async function must(running: Promise<Ended>): Promise<Ended> {
  const ended = await running;
  if (ended.code !== 0) throw new Error(`Cannot set up: status ${ended.code}: ${ended.stderr}`);
  return ended;
}
