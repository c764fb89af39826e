/**
 * `tacit run [--secret NAME[=VAR]]… [--file NAME=VAR]… [--env-file F] -- cmd…`: one command with values in its
 * environment, its output scrubbed. For people, and for agents that have no hooks.
 */
import type { Caller } from "../lib/protocol/messages.ts";
import type { EnvEntry } from "../lib/client/env_file.ts";
import { harden } from "../lib/harden.ts";
import { isName } from "../lib/names.ts";
import type { Homes } from "../lib/paths.ts";
import { type Fill, request } from "../lib/run/fill.ts";
import { runFilled } from "../lib/run/report.ts";
import { findPlaceholders } from "../lib/shell/placeholders.ts";
import { agentHere } from "./agent_markers.ts";
import { CommandError } from "./exit_codes.ts";

/** What `tacit run` was asked. */
export interface RunOptions {
  /** `NAME` or `NAME=VAR`. */
  secret: string[];
  /** `NAME=VAR`: the value in a one-shot file, its path in VAR. */
  file: string[];
  envFile?: string | undefined;
}

interface Wish {
  name: string;
  variable: string;
  mode: "env" | "file";
}

/** A command without secrets is still scrubbed. */
const NOTHING: Fill = { use: null, values: [] };

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const REFERENCE = /^tacit:\/\/([A-Z][A-Z0-9_]{0,63})$/;

/**
 * Runs `command`; resolves to the exit status to leave with.
 * @throws {CommandError} for a wish that cannot be read; {RefusedError}, {UnreachableError} from the daemon.
 */
export async function runRun(homes: Homes, command: string[], options: RunOptions): Promise<number> {
  if (command.length === 0) {
    throw new CommandError("usage", "Cannot run: no command given", "tacit run --secret NAME -- command arguments");
  }
  refusePlaceholders(command);
  // A file of variables may hold values besides references.
  harden({ keepUmask: true, ignoreLoader: true });
  const { wishes, plain } = await readWishes(options);
  const env = { ...Deno.env.toObject(), ...plain };
  const caller: Caller = { agent: agentHere(), session: null, project: Deno.cwd(), cwd: Deno.cwd() };
  const wants = new Map(wishes.map(({ name, mode }) => [`${name} ${mode}`, { name, mode }]));
  const fill = wants.size === 0 ? NOTHING : await request(homes, caller, [...wants.values()]);
  const place = (name: string, mode: string) =>
    wishes.filter((w) => w.name === name && w.mode === mode).map((w) => w.variable);
  const { status, fault } = await runFilled(homes, command, fill, place, env);
  if (fault !== null) (await import("./terminal.ts")).reportError(fault);
  return status;
}

/** Nothing is substituted in arguments: every process of this machine may read them. */
function refusePlaceholders(command: string[]): void {
  for (const argument of command) {
    const [first] = findPlaceholders(argument);
    if (first === undefined) continue;
    throw new CommandError(
      "usage",
      `Cannot put "${first.name}" into an argument: arguments are visible to every process`,
      `tacit run --secret ${first.name} -- sh -c '… "$${first.name}" …'`,
    );
  }
}

async function readWishes(options: RunOptions): Promise<{ wishes: Wish[]; plain: Record<string, string> }> {
  const wishes: Wish[] = [];
  const plain: Record<string, string> = {};
  for (const entry of options.envFile === undefined ? [] : await readEnvFile(options.envFile)) {
    const text = new TextDecoder().decode(entry.value);
    const name = REFERENCE.exec(text)?.[1];
    if (name === undefined) plain[entry.key] = text;
    else wishes.push({ name, variable: entry.key, mode: "env" });
  }
  for (const text of options.secret) wishes.push(readWish(text, "env"));
  for (const text of options.file) wishes.push(readWish(text, "file"));
  return { wishes, plain };
}

function readWish(text: string, mode: "env" | "file"): Wish {
  const [name = "", variable = name] = text.split("=", 2);
  if (!isName(name) || !VARIABLE.test(variable)) {
    throw new CommandError(
      "usage",
      `Cannot read the option --${mode === "env" ? "secret" : "file"}: expected NAME or NAME=VARIABLE`,
      "the value itself never stands on the command line: tacit add NAME",
    );
  }
  return { name, variable, mode };
}

async function readEnvFile(path: string): Promise<EnvEntry[]> {
  const { EnvFileError, parseEnvFile } = await import("../lib/client/env_file.ts");
  try {
    return parseEnvFile(Deno.readFileSync(path));
  } catch (error) {
    const state = error instanceof EnvFileError
      ? error.message.replace(/^Cannot read /, "")
      : error instanceof Deno.errors.NotFound
      ? "not found"
      : "it cannot be read";
    throw new CommandError("usage", `Cannot read "${path}": ${state}`, "tacit run --env-file .env -- command");
  }
}
