/**
 * Grants from outside (a request, a vault written elsewhere) read strictly: closed keys, closed vocabularies, every
 * list bounded. What comes back is a fresh object that holds nothing else.
 */
import { destinationFault, MAX_METHODS, MAX_PATHS } from "./destination.ts";
import {
  type Confirmation,
  type Destination,
  emptyGrant,
  type Grant,
  type InjectionMode,
  type Position,
} from "./grant.ts";

// Bounds of one grant's lists: generous for people, small for a parser.
/** Destinations of one grant. */
export const MAX_DESTINATIONS = 64;
/** Positions of one grant. */
export const MAX_POSITIONS = 32;
/** Agents of one grant. */
export const MAX_AGENTS = 32;
/** Projects of one grant. */
export const MAX_PROJECTS = 64;
/** How often a value may stand in one request. */
const MAX_OCCURRENCES = 16;
/** Longest project directory, in characters; PATH_MAX of Linux. */
const MAX_PROJECT = 4096;
/** Largest time that a Date can show, in milliseconds. */
const MAX_TIME = 8.64e15;

const MODES: readonly InjectionMode[] = ["sealed", "env", "file", "ssh-agent", "database"];
const CONFIRMATIONS: readonly Confirmation[] = ["never", "session", "use"];
/** Kinds of position, and whether each has a name. */
const POSITION_NAMED: Record<Position["kind"], boolean> = {
  header: true,
  basic: false,
  query: true,
  path: false,
  json: true,
  form: true,
  websocket: false,
};
/** RFC 9110 §5.6.2. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const POSITION_NAME = /^[\x21-\x7e]{1,128}$/;
const AGENT = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * Reads a grant.
 * @throws {TypeError} naming the field and its fault, never the text.
 */
export function validateGrant(unknown: unknown): Grant {
  const grant = closed(unknown, "grant", Object.keys(emptyGrant()));
  const modes = list(grant.modes, "modes", MODES.length, oneOf(MODES, "modes"));
  const agents = list(grant.agents, "agents", MAX_AGENTS, (agent) => matching(agent, AGENT, "agents"));
  const projects = list(grant.projects, "projects", MAX_PROJECTS, validateProject);
  for (const [field, items] of Object.entries({ modes, agents, projects })) {
    if (new Set<string>(items).size !== items.length) refuse(field, "an entry stands twice");
  }
  return {
    destinations: list(grant.destinations, "destinations", MAX_DESTINATIONS, validateDestination),
    positions: list(grant.positions, "positions", MAX_POSITIONS, validatePosition),
    modes,
    agents,
    projects,
    confirm: oneOf(CONFIRMATIONS, "confirm")(grant.confirm),
    expires: grant.expires === null ? null : whole(grant.expires, "expires", 1, MAX_TIME),
  };
}

function validateDestination(unknown: unknown): Destination {
  const d = closed(unknown, "destinations", ["host", "suffix", "port", "methods", "paths"]);
  if (typeof d.host !== "string" || typeof d.suffix !== "boolean") refuse("destinations", "host or suffix is missing");
  const text = (item: unknown) => typeof item === "string" ? item : refuse("destinations", "an entry is not text");
  const destination: Destination = {
    host: d.host as string,
    suffix: d.suffix as boolean,
    port: d.port === null ? null : whole(d.port, "destinations", 1, 65535),
    methods: list(d.methods, "destinations", MAX_METHODS, text),
    paths: list(d.paths, "destinations", MAX_PATHS, text),
  };
  const fault = destinationFault(destination);
  return fault === null ? destination : refuse("destinations", fault);
}

function validatePosition(unknown: unknown): Position {
  const p = closed(unknown, "positions", ["kind", "name", "max"]);
  const kind = oneOf(Object.keys(POSITION_NAMED) as Position["kind"][], "positions")(p.kind);
  const max = whole(p.max, "positions", 1, MAX_OCCURRENCES);
  if (!POSITION_NAMED[kind]) {
    return p.name === null ? { kind, name: null, max } : refuse("positions", `${kind} takes no name`);
  }
  return { kind, name: matching(p.name, kind === "header" ? HEADER : POSITION_NAME, "positions"), max };
}

function validateProject(unknown: unknown): string {
  if (typeof unknown !== "string" || unknown.length > MAX_PROJECT) return refuse("projects", "not a path");
  const absolute = unknown.startsWith("/") || /^[A-Za-z]:[\\/]/.test(unknown);
  // deno-lint-ignore no-control-regex -- a directory name may hold one, a grant does not
  if (!absolute || /[\x00-\x1f\x7f]/.test(unknown) || !unknown.isWellFormed()) {
    return refuse("projects", "not an absolute, printable path");
  }
  const parts = unknown.split(/[\\/]/).slice(1);
  const root = parts.length === 1 && parts[0] === "";
  if (!root && parts.some((part) => part === "" || part === "." || part === "..")) {
    return refuse("projects", "not in its canonical form");
  }
  return unknown;
}

function closed(unknown: unknown, field: string, keys: string[]): Record<string, unknown> {
  if (typeof unknown !== "object" || unknown === null || Array.isArray(unknown)) refuse(field, "not a map");
  const map = unknown as Record<string, unknown>;
  const found = Object.keys(map);
  if (found.length !== keys.length || !keys.every((key) => Object.hasOwn(map, key))) {
    refuse(field, "it does not have exactly the known keys");
  }
  return map;
}

function list<T>(unknown: unknown, field: string, max: number, each: (item: unknown) => T): T[] {
  if (!Array.isArray(unknown)) return refuse(field, "not a list");
  if (unknown.length > max) return refuse(field, `more than ${max} entries`);
  return Array.from(unknown, (item) => each(item));
}

function oneOf<T extends string>(words: readonly T[], field: string): (item: unknown) => T {
  return (item) => words.find((word) => word === item) ?? refuse(field, "not a known word");
}

function matching(unknown: unknown, pattern: RegExp, field: string): string {
  return typeof unknown === "string" && pattern.test(unknown) ? unknown : refuse(field, "an entry has a bad form");
}

function whole(unknown: unknown, field: string, min: number, max: number): number {
  const sound = Number.isSafeInteger(unknown) && (unknown as number) >= min && (unknown as number) <= max;
  return sound ? unknown as number : refuse(field, `not a whole number from ${min} to ${max}`);
}

function refuse(field: string, state: string): never {
  throw new TypeError(`Cannot read grant field "${field}": ${state}`);
}
