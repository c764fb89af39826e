/** Everything a request may touch, and how a request is answered or refused. */
import { type AuditEntry, AuditLog, AuditWriteError } from "../audit/log.ts";
import type { SecretMetadata } from "../grant/grant.ts";
import type { Homes } from "../paths.ts";
import type { Caller } from "../protocol/messages.ts";
import type { RefusalCode } from "../protocol/refusals.ts";
import { shellQuote } from "../shell/quote.ts";
import type { Clock, ClockFloor } from "./clock.ts";
import type { Keyring, LockReason } from "./keyring.ts";
import type { Prompts } from "./prompts.ts";
import type { Sessions } from "./sessions.ts";
import type { Tickets } from "./tickets.ts";
import type { Uses } from "./uses.ts";

/** One daemon's state. */
export interface Service {
  readonly homes: Homes;
  readonly version: string;
  readonly clock: Clock;
  readonly floor: ClockFloor;
  readonly keyring: Keyring;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly uses: Uses;
  /** Scrub streams that are open, over all connections. */
  readonly streams: { open: number };
  readonly prompts: Prompts;
  readonly journal: Journal;
  /** Changes of the vault follow one another: each sees what the one before it left. */
  readonly widening: { last: Promise<unknown> };
  /** Warnings for `status`. */
  readonly notes: string[];
  /** The key leaves, with its line in the log. */
  lock(reason: LockReason): void;
  /** Ends the daemon once the reply is out. */
  stop(): void;
}

/** What a handler answers. */
export interface Answer {
  message: object;
  attachment?: Uint8Array;
  /** Overwrite the attachment once it is sent: it holds values. */
  wipe?: boolean;
  /** Runs after the reply was sent. */
  afterwards?: () => void;
}

/** A request is refused. The message holds names at most. */
export class RefusedRequest extends Error {
  readonly code: RefusalCode;
  readonly hint: string;
  constructor(code: RefusalCode, message: string, hint = "") {
    super(message);
    this.name = "RefusedRequest";
    this.code = code;
    this.hint = hint;
  }
}

/** The audit log as requests use it: no line, no use. */
export class Journal {
  readonly #directory: string;
  readonly #floor: ClockFloor;
  readonly #key: () => Uint8Array | null;
  readonly #generation: () => number | null;
  readonly #scrub: (text: string) => string;
  #log: AuditLog | null = null;

  /**
   * `generation` is the open vault's and stands in each line that is written under its key, as a second record of it.
   * `scrub` is applied to what callers say of themselves: a label may hold a value by accident.
   */
  constructor(
    directory: string,
    floor: ClockFloor,
    key: () => Uint8Array | null,
    generation: () => number | null,
    scrub: (text: string) => string,
  ) {
    this.#directory = directory;
    this.#floor = floor;
    this.#key = key;
    this.#generation = generation;
    this.#scrub = scrub;
  }

  /** Opens the log; false if it cannot be written now. The next line tries again. */
  async open(): Promise<boolean> {
    try {
      this.#log ??= await AuditLog.open(this.#directory, () => this.#floor.now());
      this.#floor.raiseWithin(this.#log.lastTime());
      return true;
    } catch (error) {
      if (!(error instanceof AuditWriteError)) throw error;
      return false;
    }
  }

  /**
   * Lines that must stand before something happens.
   * @throws {RefusedRequest} `audit_unavailable` if they do not: it must not happen then.
   */
  async require(entries: AuditEntry[]): Promise<void> {
    await this.open();
    this.#write(entries);
  }

  /** A line that must not wait, such as the last one under a key that is about to leave. */
  noteNow(entry: AuditEntry): void {
    try {
      this.#write([entry]);
    } catch (error) {
      if (!(error instanceof RefusedRequest)) throw error;
    }
  }

  #clean(entry: AuditEntry): AuditEntry {
    const clean = { ...entry };
    for (const field of FOREIGN) if (clean[field] !== undefined) clean[field] = this.#scrub(clean[field]);
    return clean;
  }

  #write(entries: AuditEntry[]): void {
    try {
      if (this.#log === null) throw new AuditWriteError("Cannot open the audit log", "");
      const time = Math.floor(this.#floor.now());
      const generation = this.#generation();
      const known = generation === null ? { time } : { time, generation };
      this.#log.append(entries.map((entry) => ({ ...this.#clean(entry), ...known })), this.#key());
    } catch (error) {
      if (!(error instanceof AuditWriteError)) throw error;
      throw new RefusedRequest(
        "audit_unavailable",
        "Cannot use a secret: the audit log cannot be written, and without a line there is no use",
        "tacit doctor",
      );
    }
  }

  /** A line about something that happens in any case: a refusal, a lock, the end of a command. */
  async note(entry: AuditEntry): Promise<void> {
    try {
      await this.require([entry]);
    } catch (error) {
      if (!(error instanceof RefusedRequest)) throw error;
    }
  }

  /**
   * Puts lines that were written without a key under it; `earlier` as `AuditLog.cover` has it. Tells whether the log was
   * written, and what is wrong with it.
   */
  async cover(key: Uint8Array, earlier: readonly Uint8Array[]): Promise<{ written: boolean; fault: string | null }> {
    const unwritten = { written: false, fault: "the audit log cannot be written" };
    if (!await this.open() || this.#log === null) return unwritten;
    try {
      const result = this.#log.cover(key, earlier);
      return { written: true, fault: result.ok ? null : result.reason };
    } catch (error) {
      if (!(error instanceof AuditWriteError)) throw error;
      return unwritten;
    }
  }
}

/** What callers say of themselves, and what a person wrote about a secret. */
const FOREIGN = ["kind", "agent", "session", "turn", "tool_call", "tool", "project"] as const;

/** The fields of an audit line that tell who called. */
export function labels(caller: Caller): Partial<AuditEntry> {
  const entry: Partial<AuditEntry> = {};
  if (caller.agent !== null) entry.agent = caller.agent;
  if (caller.session !== null) entry.session = caller.session;
  if (caller.project !== null) entry.project = caller.project;
  if (caller.turn !== undefined) entry.turn = caller.turn;
  if (caller.tool_call !== undefined) entry.tool_call = caller.tool_call;
  if (caller.tool !== undefined) entry.tool = caller.tool;
  return entry;
}

/** The fields of an audit line that tell of which secret it speaks. */
export function about(record: SecretMetadata): Partial<AuditEntry> {
  return { secret: record.name, kind: record.kind };
}

/** A command for a person, with the home if it is not the default one. */
export function humanCommand(homes: Homes, verb: string): string {
  return homes.chosen === null ? `tacit ${verb}` : `tacit --home ${shellQuote(homes.chosen)} ${verb}`;
}

/**
 * Refuses `names` while there is no key.
 * @throws {RefusedRequest} `locked` or `never_unlocked`.
 */
export function requireKey(service: Service, names: readonly string[]): void {
  const { state } = service.keyring;
  if (state === "unlocked") return;
  const subject = names.map((name) => `"${name}"`).join(", ");
  const hint = humanCommand(service.homes, "unlock");
  throw state === "locked"
    ? new RefusedRequest("locked", `Cannot use ${subject}: tacit is locked; ask the human to unlock it`, hint)
    : new RefusedRequest(
      "never_unlocked",
      `Cannot use ${subject}: tacit was not unlocked since it started; ask the human to unlock it`,
      hint,
    );
}
