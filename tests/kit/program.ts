/** How tests start tacit: the compiled program where one is given, else from source. */
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Path of the compiled program under test, or null while tests run from source. */
export function testBinary(): string | null {
  const given = Deno.env.get("TACIT_TEST_BINARY");
  return given === undefined || given === "" ? null : Deno.realPathSync(given);
}

/** The command line of tacit, arguments to be appended. */
export function tacitCommand(): [string, ...string[]] {
  const binary = testBinary();
  if (binary !== null) return [binary];
  return [Deno.execPath(), "run", "-A", "--no-prompt", "--config", `${ROOT}deno.json`, `${ROOT}main.ts`];
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** What to give a program that is run to its end. */
export interface Run {
  env: Record<string, string>;
  cwd: string;
  stdin?: Uint8Array | string;
  /** Milliseconds after which it is killed (default 30 s): no test may hang the suite. */
  limit?: number;
  /** Another user to run it as, which only root may ask for. */
  uid?: number;
}

/** Runs a command in exactly the given environment and returns both streams; never throws for its status. */
export async function runProgram(command: string[], options: Run): Promise<Ended> {
  const [program, ...args] = command;
  if (program === undefined) throw new TypeError("Cannot run a command: it is empty");
  const child = new Deno.Command(program, {
    args,
    cwd: options.cwd,
    env: options.env,
    clearEnv: true,
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), options.limit ?? 120_000);
  try {
    const [output] = await Promise.all([child.output(), feed(child.stdin, options.stdin ?? "")]);
    const decoder = new TextDecoder();
    return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** A program that does not read its input may be gone before all of it is written; that is its right. */
async function feed(stdin: WritableStream<Uint8Array>, input: Uint8Array | string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch {
    // Its status and output tell.
  }
}
