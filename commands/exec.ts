/**
 * `tacit exec --ticket T -- '<command>'`: the form that a hook rewrites a shell command to. Hidden from help.
 *
 * The ticket proves that exactly this command was approved: the daemon compares sha256 of the text, the directory and
 * the ticket's age, and answers once. The placeholders become references to environment variables here, so the text
 * that bash gets, like every argv, holds names only.
 */
import { utf8 } from "../lib/bytes.ts";
import { harden } from "../lib/harden.ts";
import { variableOf } from "../lib/names.ts";
import { type Homes, homesOf } from "../lib/paths.ts";
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
  if (parsed === null) return await fail(new Error("Cannot run: expected --ticket TICKET -- COMMAND"), null);
  harden({ keepUmask: true, ignoreLoader: true });
  if (parsed.custody) return await (await import("../lib/run/custody.ts")).keepCustody(parsed.homes);
  const text = utf8(parsed.command);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  try {
    const fill = await redeem(parsed.homes, parsed.ticket, digest);
    const held = new Set(fill.values.map((v) => v.secret.name));
    const rewritten = rewriteCommand(parsed.command, (name) => held.has(name), variableOf);
    if (!rewritten.ok) return await fail(new Error(rewritten.message), parsed.homes);
    const argv = ["bash", "-c", rewritten.command];
    const { status, fault } = await runFilled(parsed.homes, argv, fill, (name) => [variableOf(name)]);
    return fault === null ? status : await fail(fault, parsed.homes, status);
  } catch (error) {
    return await fail(error, parsed.homes);
  }
}

/** Only the last argument is free text; everything before it is ours. */
function parse(argv: string[]): ExecArguments | null {
  let [home, ticket, custody, command]: [string | null, string, boolean, string] = [null, "", false, ""];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === "--home") home = argv[++i] ?? null;
    else if (word?.startsWith("--home=")) home = word.slice("--home=".length);
    else if (word === "--ticket") ticket = argv[++i] ?? "";
    else if (word === "--custody") custody = true;
    else if (word === "--" && i === argv.length - 2) command = argv[++i] ?? "";
    else return null;
  }
  if (!custody && (ticket === "" || command === "")) return null;
  return { homes: homesOf(home), ticket, command, custody };
}

async function fail(error: unknown, homes: Homes | null, status = OWN_FAILURE): Promise<number> {
  const { hintsForHome, reportError } = await import("./terminal.ts");
  if (homes?.chosen) hintsForHome(homes.chosen);
  reportError(error);
  return status;
}
