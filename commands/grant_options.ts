/**
 * The flags that say what a secret may be used for, as `add`, `import` and `edit` share them. docs/cli.md, "add".
 * Naming hosts makes a secret sealed; env and file are only ever chosen by name. A word that is none of those a flag
 * takes is not repeated: it may be a value that went astray.
 */
import { parseDuration } from "../lib/duration.ts";
import { parseDestination } from "../lib/grant/destination.ts";
import type { Confirmation, Destination, InjectionMode } from "../lib/grant/grant.ts";
import { CommandError } from "./exit_codes.ts";

/** As commander hands them over; absent means not given. */
export interface GrantFlags {
  host?: string[];
  inject?: string[];
  kind?: string;
  tag?: string[];
  project?: string[];
  agent?: string[];
  expires?: string;
  description?: string;
  confirm?: string;
}

/** The given flags, read. Absent fields were not given. */
export interface GrantChoice {
  destinations?: Destination[];
  modes?: InjectionMode[];
  kind?: string;
  tags?: string[];
  projects?: string[];
  agents?: string[];
  /** Unix milliseconds, or null for never. */
  expires?: number | null;
  description?: string;
  confirm?: Confirmation;
}

/** The ways a person can choose; the schema reserves more. */
export const INJECTIONS = ["sealed", "env", "file"] as const;
/** What env and file promise and what not, said wherever they are chosen or listed. */
export const ENV_PROMISE = "hidden from the transcript, not from a hostile command";
/** Why sealed use is refused for now. */
export const SEALED_YET =
  "sealed use needs tacit's proxy, which this version does not have: until then every use is refused";

// What the daemon accepts; lib/daemon/requests_widen.ts.
const LIMITS = { kind: 32, tag: 32, description: 1024 };

/**
 * Reads the flags. The one word `none` empties a list.
 * @throws {CommandError} (exit "usage") naming the flag.
 */
export function readGrantFlags(flags: GrantFlags, now = Date.now()): GrantChoice {
  const choice: GrantChoice = {};
  const given = (list: string[] | undefined) => list?.length === 1 && list[0] === "none" ? [] : list;
  const destinations = given(flags.host)?.map(readHost);
  if (destinations !== undefined) choice.destinations = destinations;
  const modes = flags.inject?.map(readInjection) ?? (destinations?.length ? ["sealed" as const] : undefined);
  if (modes !== undefined) choice.modes = [...new Set(modes)];
  if (flags.kind !== undefined) choice.kind = readText("kind", flags.kind, LIMITS.kind);
  const tags = given(flags.tag)?.map((tag) => readText("tag", tag, LIMITS.tag));
  if (tags !== undefined) choice.tags = [...new Set(tags)];
  if (flags.description !== undefined) {
    choice.description = readText("description", flags.description, LIMITS.description);
  }
  const projects = given(flags.project)?.map(readProject);
  if (projects !== undefined) choice.projects = [...new Set(projects)];
  const agents = given(flags.agent)?.map(readAgent);
  if (agents !== undefined) choice.agents = [...new Set(agents)];
  if (flags.expires !== undefined) choice.expires = readExpiry(flags.expires, now);
  if (flags.confirm !== undefined) choice.confirm = readConfirmation(flags.confirm);
  return choice;
}

/**
 * The moment that `--expires` names: a duration from now (`30d`), a date (its end, UTC), or `never`.
 * @throws {CommandError}
 */
export function readExpiry(text: string, now: number): number | null {
  if (text === "never") return null;
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T23:59:59.999Z`) : NaN;
  // Date.parse turns the 31st of a shorter month into the next month's first.
  if (!Number.isNaN(date) && new Date(date).toISOString().startsWith(text)) {
    if (date <= now) {
      throw new CommandError("usage", `Cannot use --expires "${text}": it has passed`, "give a later date");
    }
    return date;
  }
  try {
    return now + parseDuration(text);
  } catch {
    throw new CommandError(
      "usage",
      "Cannot use --expires: the word is neither a duration nor a date",
      "such as --expires 30d, --expires 2030-12-31, or --expires never",
    );
  }
}

function readHost(text: string): Destination {
  try {
    return parseDestination(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // An address that was pasted may hold a password.
    const state = error.message.replace(/^.*": /s, "");
    throw new CommandError(
      "usage",
      `Cannot use --host: ${state}`,
      "such as --host api.github.com or --host .example.com",
    );
  }
}

function readInjection(text: string): InjectionMode {
  const mode = INJECTIONS.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new CommandError("usage", "Cannot use --inject: the word is not one of sealed, env, file", "--inject env");
}

function readConfirmation(text: string): Confirmation {
  const known = (["never", "session", "use"] as const).find((word) => word === text);
  if (known !== undefined) return known;
  throw new CommandError("usage", "Cannot use --confirm: the word is not one of never, session, use", "");
}

function readText(flag: string, text: string, limit: number): string {
  if (text === "" && flag !== "description") {
    throw new CommandError("usage", `Cannot use --${flag}: it is empty`, `--${flag} word`);
  }
  if (text.length <= limit) return text;
  throw new CommandError("usage", `Cannot use --${flag}: it is longer than ${limit} characters`, "");
}

function readAgent(text: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(text)) return text;
  throw new CommandError(
    "usage",
    "Cannot use --agent: the word is not an agent's id",
    "such as --agent claude-code",
  );
}

function readProject(text: string): string {
  try {
    const path = Deno.realPathSync(text);
    if (Deno.statSync(path).isDirectory) return path;
  } catch { /* said below */ }
  throw new CommandError("usage", `Cannot use --project "${text}": there is no such directory`, "such as --project .");
}
