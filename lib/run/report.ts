/** Runs a command with a fill, and reports its ending to the daemon and to the shell. */
import type { Homes } from "../paths.ts";
import type { Caller } from "../protocol/messages.ts";
import { runCommand } from "./child.ts";
import { InjectionError } from "./environment.ts";
import { type Fill, finish } from "./fill.ts";
import { SpawnError } from "./spawn.ts";

/** Exit statuses of a shell for a program that cannot be run, and ours when tacit itself failed. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;
const OWN_FAILURE = 125;

/** Labels for the stream's own session entry; the use itself was audited with the ticket's labels. */
const RUNNER: Caller = { agent: null, session: null, project: null, cwd: null };

/**
 * Runs `argv` with every value of `fill` in the variables that `place` names for it, and resolves to the exit status that
 * this process should have.
 */
export async function runFilled(
  homes: Homes,
  argv: string[],
  fill: Fill,
  place: (name: string, mode: "env" | "file") => string[],
  env: Record<string, string> = Deno.env.toObject(),
): Promise<number> {
  const started = performance.now();
  const injections = fill.values.flatMap(({ secret, mode }) =>
    place(secret.name, mode).map((variable) => ({ secret, mode, variable }))
  );
  let status = OWN_FAILURE;
  try {
    const ending = await runCommand({ argv, env, injections, homes, use: fill.use, caller: RUNNER });
    status = ending.status;
  } catch (error) {
    if (error instanceof SpawnError) status = error.notFound ? NOT_FOUND : NOT_RUNNABLE;
    else if (!(error instanceof InjectionError)) throw error;
    console.error(`tacit: error: ${error.message}`);
    if (error instanceof InjectionError) console.error(`tacit: hint: ${error.hint}`);
  }
  await finish(homes, fill.use, status, performance.now() - started);
  return status;
}
