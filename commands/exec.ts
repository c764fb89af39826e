/**
 * `tacit exec --ticket T -- '<command>'`: the form that a hook rewrites a shell command to. Hidden from help.
 *
 * The ticket proves that exactly this command was approved: the daemon compares sha256 of the text, the directory and
 * the ticket's age, and answers once. The placeholders become references to environment variables here, so the text
 * that bash gets, like every argv, holds names only.
 */
import { UnreachableError } from "../lib/client/client.ts";
import { utf8 } from "../lib/bytes.ts";
import { harden } from "../lib/harden.ts";
import { variableOf } from "../lib/names.ts";
import { type Homes, homesOf } from "../lib/paths.ts";
import { keepCustody } from "../lib/run/custody.ts";
import { redeem } from "../lib/run/fill.ts";
import { runFilled } from "../lib/run/report.ts";
import { rewriteCommand } from "../lib/shell/rewrite.ts";

/** Exit status when tacit itself could not run the command, as `env` and `timeout` have it. */
const OWN_FAILURE = 125;

interface ExecArguments {
  homes: Homes;
  ticket: string;
  command: string;
  custody: boolean;
}

/** Runs the wrapped command; resolves to its exit status. */
export async function runExec(argv: string[]): Promise<number> {
  const parsed = parse(argv);
  if (parsed === null) return fail("Cannot run: expected --ticket TICKET -- COMMAND", "");
  harden({ keepUmask: true });
  if (parsed.custody) return await keepCustody(parsed.homes);
  const text = utf8(parsed.command);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  try {
    const fill = await redeem(parsed.homes, parsed.ticket, digest);
    const held = new Set(fill.values.map((v) => v.secret.name));
    const rewritten = rewriteCommand(parsed.command, (name) => held.has(name), variableOf);
    if (!rewritten.ok) return fail(rewritten.message, "");
    return await runFilled(parsed.homes, ["bash", "-c", rewritten.command], fill, (name) => [variableOf(name)]);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const hint = error instanceof UnreachableError ? "tacit unlock" : (error as { hint?: string }).hint ?? "";
    return fail(error.message, hint);
  }
}

/** Only the last argument is free text; everything before it is ours. */
function parse(argv: string[]): ExecArguments | null {
  let [home, ticket, custody, command]: [string | null, string, boolean, string] = [null, "", false, ""];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === "--home") home = argv[++i] ?? null;
    else if (word === "--ticket") ticket = argv[++i] ?? "";
    else if (word === "--custody") custody = true;
    else if (word === "--" && i === argv.length - 2) command = argv[++i] ?? "";
    else return null;
  }
  if (!custody && (ticket === "" || command === "")) return null;
  return { homes: homesOf(home), ticket, command, custody };
}

function fail(message: string, hint: string): number {
  console.error(`tacit: error: ${message}`);
  if (hint !== "") console.error(`tacit: hint: ${hint}`);
  return OWN_FAILURE;
}
