/** `tacit list`: names and what each may be used for. docs/cli.md, "list". */
import { readSecrets } from "./daemon_state.ts";
import type { Invocation } from "./invocation.ts";
import { expiryCell, hostsCell, MODES_FOOTNOTE, modesCell, secretDocument } from "./secret_view.ts";
import { answerEither, hint, note, showTime, table } from "./terminal.ts";

export interface ListOptions {
  tag?: string[];
  kind?: string;
}

export async function runList(invocation: Invocation, options: ListOptions): Promise<number> {
  const all = await readSecrets(invocation.homes, "list secrets");
  const secrets = all.filter((secret) =>
    (options.kind === undefined || secret.kind === options.kind) &&
    (options.tag ?? []).every((tag) => secret.tags.includes(tag))
  );
  answerEither({ secrets: secrets.map(secretDocument) }, () => {
    if (secrets.length === 0) return [];
    const rows = secrets.map((secret) => [
      secret.name,
      secret.kind,
      modesCell(secret),
      hostsCell(secret),
      expiryCell(secret),
      secret.last_used === null ? "never" : showTime(secret.last_used),
      [...(secret.weak ? ["weak"] : []), ...secret.tags.map((tag) => `#${tag}`)].join(" "),
    ]);
    const lines = table(["NAME", "KIND", "USE", "HOSTS", "EXPIRES", "LAST USED", "NOTES"], rows);
    const marked = secrets.some((secret) => modesCell(secret).includes("*"));
    return marked ? [...lines, "", MODES_FOOTNOTE] : lines;
  });
  if (secrets.length === 0 && !invocation.json) {
    note(all.length === 0 ? "No secrets yet." : "No secret matches.");
    if (all.length === 0) hint("tacit add GITHUB_TOKEN");
  }
  return 0;
}
