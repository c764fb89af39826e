/**
 * Which Deno does what: the project is developed, tested and bundled with one version and compiled with another.
 * docs/platforms.md, "Two versions of Deno", says why.
 */
import { fileURLToPath } from "node:url";

/** Runs every task; the README's commands name it. */
export const DEVELOPED_WITH = "2.9.6";

/** Runs inside the compiled program; the unit suite runs on it too. */
export const COMPILED_WITH = "2.7.11";

/** The top directory of the project, with a trailing slash. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

/** A finished child process, its streams decoded. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** The command line of Deno `COMPILED_WITH`: this very program if it is that version, else by way of npm. */
export function compiler(): [string, ...string[]] {
  if (Deno.version.deno === COMPILED_WITH) return [Deno.execPath()];
  return [Deno.build.os === "windows" ? "npx.cmd" : "npx", "-y", `deno@${COMPILED_WITH}`];
}

/**
 * What every Deno that is started here gets in its environment. Behind a company's own certificate authority Deno's
 * built-in list is not enough, and the older of the two versions has no other; the system's store is added, not swapped.
 */
export function denoEnvironment(): Record<string, string> {
  return { DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system", NO_COLOR: "1" };
}

/** Runs a command to its end and returns both streams; never throws for a non-zero status. */
export async function run(command: string[], options: Deno.CommandOptions = {}): Promise<Finished> {
  const [program, ...args] = command;
  if (program === undefined) throw new TypeError("Cannot run a command: it is empty");
  const output = await new Deno.Command(program, { ...options, args, stdin: "null", stdout: "piped", stderr: "piped" })
    .output();
  const decoder = new TextDecoder();
  return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

/** Where downloads that builds and tests make are kept between runs: never inside the project. */
export function cacheDirectory(): string {
  const base = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "."}/.cache`;
  return `${base}/tacit-build`;
}
