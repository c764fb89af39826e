/**
 * What one line of the audit log may say: the closed set of fields, and what each may hold. docs/audit.md, "Record".
 *
 * Rules of this room: no field for a value, its length or its hash, nor for a command; every text is capped and
 * cleaned before it is written, so that no field can end a line, forge another or steer a terminal.
 */
import { escapeForDisplay } from "../display.ts";
import { isName } from "../names.ts";

/** Whether something was let through, refused, merely noted, or must be looked at. */
export type AuditDecision = "allow" | "deny" | "info" | "alarm";

/** What a caller says about one thing that happened. */
export interface AuditEntry {
  /** Unix milliseconds; now, if left out. */
  time?: number;
  /** What happened, `[a-z][a-z0-9_]*`, at most 32; `audit` is this room's own. */
  event: string;
  /** The verdict. */
  decision: AuditDecision;
  /** Refusal code or `ok`, grammar as `event`, at most 48. */
  code: string;
  /** Name of the secret. */
  secret?: string;
  /** Its kind, at most 32 characters, as `SecretMetadata` has it. */
  kind?: string;
  /** Injection mode. Present on lines about a use of the secret and on no others: `lastUse` relies on it. */
  injection?: string;
  /** Agent id, at most 64 characters; this and the next five are what the caller says of itself. */
  agent?: string;
  /** Session id, at most 128 characters. */
  session?: string;
  /** Turn id, at most 128 characters. */
  turn?: string;
  /** Tool call id, at most 128 characters. */
  tool_call?: string;
  /** Tool name, at most 128 characters. */
  tool?: string;
  /** Canonical project directory, at most 1,024 characters. */
  project?: string;
  /** Host and port, where known, at most 300 characters. */
  destination?: string;
  /** Method of a request. */
  method?: string;
  /** Path of a request; anything from the first `?` or `#` on is cut. */
  path?: string;
  /** HTTP status. */
  status?: number;
  /** Rounded to whole milliseconds. */
  duration_ms?: number;
  /** As the shell reports it. */
  exit_status?: number;
  /** A phrase from the caller's own source, never built from input: lower-case words, at most 200 characters. */
  detail?: string;
  /** Generation of the vault when the line was written, where the writer knows it: a record of it beside the anchor. */
  generation?: number;
}

/** The event of lines that this room writes about the log itself. */
export const OWN_EVENT = "audit";

/** The fields of an entry, in the order of the canonical text. Nothing else is ever written. */
export const ENTRY_FIELDS = [
  "time",
  "event",
  "decision",
  "code",
  "secret",
  "kind",
  "injection",
  "agent",
  "session",
  "turn",
  "tool_call",
  "tool",
  "project",
  "destination",
  "method",
  "path",
  "status",
  "duration_ms",
  "exit_status",
  "detail",
  "generation",
] as const satisfies readonly (keyof AuditEntry)[];

/** Foreign texts, longest that is kept, in UTF-16 units; cut with `…`. */
const TEXT_CAPS = {
  kind: 32,
  agent: 64,
  session: 128,
  turn: 128,
  tool_call: 128,
  tool: 128,
  project: 1024,
  destination: 300,
  method: 16,
  path: 1024,
} as const;

const NUMBERS = ["status", "duration_ms", "exit_status"] as const;
const DECISIONS: readonly string[] = ["allow", "deny", "info", "alarm"];
const EVENT = /^[a-z][a-z0-9_]{0,31}$/;
const CODE = /^[a-z][a-z0-9_]{0,47}$/;
const INJECTION = /^[a-z][a-z-]{0,15}$/;
const DETAIL = /^[a-z0-9][a-z0-9 ,.:;_()=/-]{0,199}$/;

/**
 * A copy of `entry` that is fit to be written: labels of foreign origin cleaned and cut, the rest checked.
 * @throws {TypeError} on a field outside the closed set, or one of tacit's own fields that breaks its grammar.
 */
export function cleanEntry(entry: AuditEntry): AuditEntry & { time: number } {
  for (const key of Object.keys(entry)) {
    if (!(ENTRY_FIELDS as readonly string[]).includes(key)) {
      throw new TypeError(`Cannot audit field "${escapeForDisplay(key).slice(0, 32)}": unknown`);
    }
  }
  const clean: AuditEntry & { time: number } = { ...entry, time: entry.time ?? Date.now() };
  if (clean.event === OWN_EVENT) throw new TypeError(`Cannot audit event "${OWN_EVENT}": reserved for the log itself`);
  for (const field of Object.keys(TEXT_CAPS) as (keyof typeof TEXT_CAPS)[]) {
    const text = clean[field];
    if (text === undefined) delete clean[field];
    else clean[field] = cleanText(field === "path" ? text.replace(/[?#].*$/s, "") : text, TEXT_CAPS[field]);
  }
  for (const field of ["secret", "injection", "detail", "generation", ...NUMBERS] as const) {
    if (clean[field] === undefined) delete clean[field];
  }
  if (clean.duration_ms !== undefined) clean.duration_ms = Math.round(clean.duration_ms);
  const fault = faultIn(clean as unknown as Record<string, unknown>);
  if (fault !== null) throw new TypeError(`Cannot audit field "${fault}": outside its grammar`);
  return clean;
}

function cleanText(text: string, cap: number): string {
  if (typeof text !== "string") throw new TypeError("Cannot audit a label: not a string");
  const escaped = escapeForDisplay(text.slice(0, cap + 1));
  if (escaped.length <= cap) return escaped;
  // A cut between the halves of a surrogate pair would leave text that is not UTF-8.
  return escaped.slice(0, cap - 1).replace(/[\uD800-\uDBFF]$/, "") + "…";
}

/** The first field of an entry that breaks its grammar, or null. */
export function faultIn(entry: Record<string, unknown>): string | null {
  const integer = (n: unknown) => Number.isSafeInteger(n);
  if (!integer(entry.time) || (entry.time as number) < 0) return "time";
  if (!matches(entry.event, EVENT)) return "event";
  if (typeof entry.decision !== "string" || !DECISIONS.includes(entry.decision)) return "decision";
  if (!matches(entry.code, CODE)) return "code";
  if (entry.secret !== undefined && !(typeof entry.secret === "string" && isName(entry.secret))) return "secret";
  if (entry.injection !== undefined && !matches(entry.injection, INJECTION)) return "injection";
  if (entry.detail !== undefined && !matches(entry.detail, DETAIL)) return "detail";
  if (entry.generation !== undefined && !(integer(entry.generation) && (entry.generation as number) >= 1)) {
    return "generation";
  }
  for (const field of NUMBERS) if (entry[field] !== undefined && !integer(entry[field])) return field;
  for (const [field, cap] of Object.entries(TEXT_CAPS)) {
    const text = entry[field];
    if (text === undefined) continue;
    if (typeof text !== "string" || text.length > cap || escapeForDisplay(text) !== text) return field;
  }
  return null;
}

/** True if `text` is a string of that form. */
export function matches(text: unknown, pattern: RegExp): boolean {
  return typeof text === "string" && pattern.test(text);
}
