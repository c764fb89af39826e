/** `tacit remove NAME…`: forgets secrets after a confirmation and with presence. docs/cli.md, "remove". */
import { widenWithoutValues } from "../lib/client/admin.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { readSecrets, requireUnlocked } from "./daemon_state.ts";
import { CommandError } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { asksOnTerminal, withPresence } from "./passphrase.ts";
import { requireKnown } from "./secret_names.ts";
import { answer, answerJson, canAsk, confirm, note } from "./terminal.ts";

export interface RemoveOptions {
  yes?: boolean;
}

export async function runRemove(invocation: Invocation, words: string[], options: RemoveOptions): Promise<number> {
  refuseUnderAgent("remove", "NAME");
  await requireUnlocked(invocation.homes, "remove a secret");
  const secrets = await readSecrets(invocation.homes, "remove a secret");
  const names = requireKnown(words, secrets.map((secret) => secret.name), "remove");
  if (options.yes !== true) {
    if (!asksOnTerminal(invocation) || !canAsk()) {
      throw new CommandError(
        "usage",
        `Cannot remove ${names.join(", ")}: nobody can be asked to confirm`,
        `tacit remove ${names.join(" ")} --yes`,
      );
    }
    if (!await confirm(`Remove ${names.join(", ")} and the value for good?`)) {
      note("Nothing was removed.");
      return 0;
    }
  }
  const { notes } = await withPresence(
    invocation,
    (slot) => widenWithoutValues(invocation.homes, slot, { verb: "remove", names }),
  );
  if (invocation.json) answerJson({ removed: names, notes });
  else {
    names.forEach((name) => answer(`Removed ${name}`));
    notes.forEach(note);
    note("The value still works at its provider until you revoke it there.");
  }
  return 0;
}
