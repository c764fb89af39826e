/** `tacit lock`: the daemon forgets the key. It narrows, so anyone of this user may do it, agents too. */
import { ask, UnreachableError } from "../lib/client/client.ts";
import { isAbsent } from "./daemon_state.ts";
import type { Invocation } from "./invocation.ts";
import { answerEither } from "./terminal.ts";

export async function runLock(invocation: Invocation): Promise<number> {
  try {
    await ask(invocation.homes, { verb: "lock" }, undefined, { admin: true });
  } catch (error) {
    // Nothing runs, so nothing holds a key: what was wanted is so. Something that runs and does not answer is not.
    if (!(error instanceof UnreachableError) || !isAbsent(error)) throw error;
  }
  answerEither({ state: "locked" }, () => ["Locked."]);
  return 0;
}
