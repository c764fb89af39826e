/**
 * Requests as they arrive, turned into the types of messages.ts or refused. Every size, count and form that a peer
 * controls is judged here, before any room acts on it. docs/protocol.md, "Limits".
 */
import { isName } from "../names.ts";
import type { AdminRequest, Caller, NewSecret, UseRequest, WideningRequest } from "./messages.ts";

/** Leaves of one tool call or output; with nine digits each their lengths still fit into one frame's JSON. */
export const MAX_LEAVES = 20_000;
/** Secrets that one `run` may ask for; more than any child needs. */
export const MAX_WANTS = 256;
/** Secrets in one `add`, `remove`: an imported file's worth. */
export const MAX_BATCH = 1_000;
/** Characters of an identifier such as session, agent, tool call. */
export const MAX_LABEL_LENGTH = 256;
/** Characters of a path; PATH_MAX of Linux. */
export const MAX_PATH_LENGTH = 4_096;

/** A request that is not of this protocol. The message names the field, never its content. */
export class BadRequestError extends Error {
  constructor(field: string, state: string) {
    super(`Cannot read request field "${field}": ${state}`);
    this.name = "BadRequestError";
  }
}

/** A frame's JSON as it arrived: any object, nothing about it known yet. */
export type Fields = Record<string, unknown>;

/**
 * A request of `use.sock` with an attachment of `attached` bytes.
 * @throws {BadRequestError}
 */
export function parseUseRequest(message: Fields, attached: number): UseRequest {
  switch (message["verb"]) {
    case "status":
    case "list":
    case "feed_end":
    case "feed":
    case "audit_verify":
      return { verb: message["verb"] };
    case "session":
      return { verb: "session", event: oneOf(message, "event", ["start", "seen", "end"]), caller: callerOf(message) };
    case "prepare": {
      const lengths = lengthsOf(message, attached);
      const command = message["command"] === null ? null : integer(message, "command", 0, lengths.length - 1);
      return { verb: "prepare", caller: callerOf(message), lengths, command };
    }
    case "scrub":
      return { verb: "scrub", caller: callerOf(message), lengths: lengthsOf(message, attached) };
    case "scrub_stream":
      return { verb: "scrub_stream", caller: callerOf(message) };
    case "prompt":
      return { verb: "prompt", caller: callerOf(message) };
    case "redeem":
      return {
        verb: "redeem",
        ticket: text(message, "ticket", MAX_LABEL_LENGTH),
        command_sha256: hex(message, "command_sha256", 32),
        cwd: text(message, "cwd", MAX_PATH_LENGTH),
      };
    case "run":
      return { verb: "run", caller: callerOf(message), wants: wantsOf(message) };
    case "finish":
      return {
        verb: "finish",
        use: text(message, "use", MAX_LABEL_LENGTH),
        exit_status: integer(message, "exit_status", -1, 2 ** 31),
        duration_ms: integer(message, "duration_ms", 0, Number.MAX_SAFE_INTEGER),
      };
    default:
      throw new BadRequestError("verb", "unknown on this socket");
  }
}

/**
 * A request of `admin.sock`.
 * @throws {BadRequestError}
 */
export function parseAdminRequest(message: Fields): AdminRequest {
  switch (message["verb"]) {
    case "status":
    case "lock":
    case "stop":
      return { verb: message["verb"] };
    case "challenge":
      return { verb: "challenge", nonce: hex(message, "nonce", 32) };
    case "prove":
      return { verb: "prove", proof: hex(message, "proof", 32) };
    case "sealed":
      return { verb: "sealed", counter: integer(message, "counter", 0, Number.MAX_SAFE_INTEGER) };
    default:
      throw new BadRequestError("verb", "unknown on this socket");
  }
}

/**
 * What was inside a sealed frame. The grant's own fields are left for lib/grant to judge.
 * @throws {BadRequestError}
 */
export function parseWideningRequest(message: Fields, attached: number): WideningRequest {
  switch (message["verb"]) {
    case "add": {
      const secrets = list(message, "secrets", MAX_BATCH).map((item) => newSecretOf(record(item, "secrets")));
      if (secrets.length === 0) throw new BadRequestError("secrets", "empty");
      if (new Set(secrets.map((s) => s.name)).size !== secrets.length) throw new BadRequestError("name", "given twice");
      if (secrets.reduce((n, s) => n + s.length, 0) !== attached) {
        throw new BadRequestError("length", "the lengths do not add up to the attachment");
      }
      return { verb: "add", secrets };
    }
    case "edit":
      return { verb: "edit", name: nameOf(message, "name"), changes: record(message["changes"], "changes") };
    case "remove": {
      const names = list(message, "names", MAX_BATCH).map((name) => nameOf({ names: name }, "names"));
      return { verb: "remove", names: [...new Set(names)] };
    }
    case "reload":
      return { verb: "reload" };
    default:
      throw new BadRequestError("verb", "unknown inside a sealed frame");
  }
}

function callerOf(message: Fields): Caller {
  const given = record(message["caller"], "caller");
  const caller: Caller = {
    agent: textOrNull(given, "agent", MAX_LABEL_LENGTH),
    session: textOrNull(given, "session", MAX_LABEL_LENGTH),
    project: textOrNull(given, "project", MAX_PATH_LENGTH),
    cwd: textOrNull(given, "cwd", MAX_PATH_LENGTH),
  };
  for (const field of ["agent_version", "parent", "turn", "tool_call", "tool"] as const) {
    if (given[field] !== undefined) caller[field] = text(given, field, MAX_LABEL_LENGTH);
  }
  return caller;
}

function wantsOf(message: Fields): { name: string; mode: "env" | "file" }[] {
  const wants = list(message, "wants", MAX_WANTS).map((item) => {
    const want = record(item, "wants");
    return { name: nameOf(want, "name"), mode: oneOf(want, "mode", ["env", "file"]) };
  });
  if (wants.length === 0) throw new BadRequestError("wants", "empty");
  return wants;
}

function newSecretOf(given: Fields): NewSecret {
  return {
    name: nameOf(given, "name"),
    kind: text(given, "kind", MAX_LABEL_LENGTH),
    tags: list(given, "tags", MAX_LABEL_LENGTH).map((tag) => text({ tags: tag }, "tags", MAX_LABEL_LENGTH)),
    description: text(given, "description", MAX_PATH_LENGTH),
    provider: textOrNull(given, "provider", MAX_LABEL_LENGTH),
    destinations: given["destinations"] as NewSecret["destinations"],
    positions: given["positions"] as NewSecret["positions"],
    modes: given["modes"] as NewSecret["modes"],
    agents: given["agents"] as NewSecret["agents"],
    projects: given["projects"] as NewSecret["projects"],
    confirm: given["confirm"] as NewSecret["confirm"],
    expires: given["expires"] as NewSecret["expires"],
    weak: flag(given, "weak"),
    replace: flag(given, "replace"),
    length: integer(given, "length", 0, Number.MAX_SAFE_INTEGER),
  };
}

function lengthsOf(message: Fields, attached: number): number[] {
  const lengths = list(message, "lengths", MAX_LEAVES).map((n) => integer({ lengths: n }, "lengths", 0, attached));
  if (lengths.reduce((sum, n) => sum + n, 0) !== attached) {
    throw new BadRequestError("lengths", "they do not add up to the attachment");
  }
  return lengths;
}

function record(value: unknown, field: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadRequestError(field, "not an object");
  }
  return value as Fields;
}

function list(from: Fields, field: string, most: number): unknown[] {
  const value = from[field];
  if (!Array.isArray(value)) throw new BadRequestError(field, "not a list");
  if (value.length > most) throw new BadRequestError(field, `more than ${most}`);
  return value;
}

function text(from: Fields, field: string, most: number): string {
  const value = from[field];
  if (typeof value !== "string") throw new BadRequestError(field, "not a text");
  if (value.length > most) throw new BadRequestError(field, `longer than ${most} characters`);
  return value;
}

function textOrNull(from: Fields, field: string, most: number): string | null {
  return from[field] === null || from[field] === undefined ? null : text(from, field, most);
}

function nameOf(from: Fields, field: string): string {
  const value = text(from, field, MAX_LABEL_LENGTH);
  if (!isName(value)) throw new BadRequestError(field, "not a name");
  return value;
}

function hex(from: Fields, field: string, bytes: number): string {
  const value = text(from, field, 2 * bytes);
  if (value.length !== 2 * bytes || /[^0-9a-f]/.test(value)) throw new BadRequestError(field, "not hexadecimal");
  return value;
}

function integer(from: Fields, field: string, least: number, most: number): number {
  const value = from[field];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most) {
    throw new BadRequestError(field, "not a whole number in range");
  }
  return value;
}

function flag(from: Fields, field: string): boolean {
  const value = from[field];
  if (typeof value !== "boolean") throw new BadRequestError(field, "not true or false");
  return value;
}

function oneOf<T extends string>(from: Fields, field: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === from[field]);
  if (found === undefined) throw new BadRequestError(field, `not one of ${allowed.join(", ")}`);
  return found;
}
