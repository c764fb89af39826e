/** Runs a command with a fill, and reports its ending to the daemon. */
import type { Homes } from "../paths.ts";
import type { Caller } from "../protocol/messages.ts";
import { OutputError, runCommand } from "./child.ts";
import { InjectionError } from "./environment.ts";
import { type Fill, finish } from "./fill.ts";
import { SpawnError } from "./spawn.ts";

/** Exit statuses of a shell for a program that cannot be run, and ours when tacit itself failed. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;
const OWN_FAILURE = 125;

/** Labels for the stream's own session entry; the use itself was audited with the ticket's labels. */
const RUNNER: Caller = { agent: null, session: null, project: null, cwd: null };

/** The exit status to leave with; `fault` says why the command could not be run, or its output not written. */
export interface Outcome {
  status: number;
  fault: SpawnError | InjectionError | OutputError | null;
}

/**
 * Runs `argv` with every value of `fill` in the variables that `place` names for it, and resolves to how it went.
 */
export async function runFilled(
  homes: Homes,
  argv: string[],
  fill: Fill,
  place: (name: string, mode: "env" | "file") => string[],
  env: Record<string, string> = Deno.env.toObject(),
): Promise<Outcome> {
  const started = performance.now();
  const injections = fill.values.flatMap(({ secret, mode }) =>
    place(secret.name, mode).map((variable) => ({ secret, mode, variable }))
  );
  const outcome: Outcome = { status: OWN_FAILURE, fault: null };
  try {
    outcome.status = (await runCommand({ argv, env, injections, homes, caller: RUNNER })).status;
  } catch (error) {
    const known = error instanceof SpawnError || error instanceof InjectionError || error instanceof OutputError;
    if (!known) throw error;
    outcome.fault = error;
    // A command that succeeded and could not say so has not succeeded for whoever reads it.
    if (error instanceof OutputError && error.status !== 0) outcome.status = error.status;
    if (error instanceof SpawnError) outcome.status = error.notFound ? NOT_FOUND : NOT_RUNNABLE;
  }
  if (fill.use !== null) await finish(homes, fill.use, outcome.status, performance.now() - started);
  return outcome;
}
