/** `tacit show NAME`: everything about one secret but its value. docs/cli.md, "show". */
import { readSecrets } from "./daemon_state.ts";
import type { Invocation } from "./invocation.ts";
import { requireKnown } from "./secret_names.ts";
import { secretDocument, secretProperties } from "./secret_view.ts";
import { answerEither, properties } from "./terminal.ts";

export async function runShow(invocation: Invocation, word: string): Promise<number> {
  const secrets = await readSecrets(invocation.homes, "show a secret");
  const [name] = requireKnown([word], secrets.map((secret) => secret.name), "show");
  const secret = secrets.find((candidate) => candidate.name === name);
  if (secret !== undefined) answerEither(secretDocument(secret), () => properties(secretProperties(secret)));
  return 0;
}
