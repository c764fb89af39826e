/** `tacit edit NAME`: changes what a secret may be used for; its value stays. docs/cli.md, "edit". */
import { widenWithoutValues } from "../lib/client/admin.ts";
import { isName } from "../lib/names.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { readSecrets, requireUnlocked } from "./daemon_state.ts";
import { CommandError } from "./exit_codes.ts";
import { ENV_PROMISE, type GrantFlags, readGrantFlags, SEALED_YET } from "./grant_options.ts";
import type { Invocation } from "./invocation.ts";
import { withPresence } from "./passphrase.ts";
import { requireKnown, valueInArguments } from "./secret_names.ts";
import { answerEither, note } from "./terminal.ts";

export interface EditOptions extends GrantFlags {
  value?: string | true;
}

export async function runEdit(invocation: Invocation, word: string, options: EditOptions): Promise<number> {
  refuseUnderAgent("edit", "NAME --expires 30d");
  if (options.value !== undefined) throw valueInArguments(word);
  const changes = readGrantFlags(options);
  // Naming hosts seals a new secret; an existing one keeps the way it is used unless told otherwise.
  if (options.inject === undefined) delete changes.modes;
  if (Object.keys(changes).length === 0) {
    const name = isName(word) ? word : "NAME";
    throw new CommandError(
      "usage",
      "Cannot edit: it is not said what to change",
      `tacit edit ${name} --expires 30d (or --host, --inject, --tag, --kind, --agent, --project, --description, --confirm); a new value: tacit add ${name} --replace`,
    );
  }
  await requireUnlocked(invocation.homes, "edit a secret");
  const secrets = await readSecrets(invocation.homes, "edit a secret");
  const [name = ""] = requireKnown([word], secrets.map((secret) => secret.name), "edit");
  const grant = secrets.find((secret) => secret.name === name)?.grant;
  const modes = changes.modes ?? grant?.modes ?? [];
  const destinations = changes.destinations ?? grant?.destinations ?? [];
  if (modes.includes("sealed") && destinations.length === 0) {
    throw new CommandError(
      "usage",
      `Cannot seal "${name}": a sealed secret needs the hosts that may receive it`,
      `tacit edit ${name} --inject sealed --host api.example.com`,
    );
  }
  const { notes } = await withPresence(
    invocation,
    (slot) => widenWithoutValues(invocation.homes, slot, { verb: "edit", name, changes }),
  );
  answerEither({ edited: name, changed: Object.keys(changes), notes }, () => [`Changed ${name}.`]);
  if (!invocation.json) notes.forEach(note);
  if (changes.modes?.includes("sealed")) note(`Note: ${SEALED_YET}.`);
  else if (changes.modes !== undefined) note(`Note: ${changes.modes.join(", ")} injection is ${ENV_PROMISE}.`);
  return 0;
}
