/**
 * Tickets: permission to run one approved command once. A ticket says *which command*, not *who asks*.
 * Kept as hashes, so that a look into this process yields none. docs/protocol.md, "Tickets".
 */
import { toHex, utf8 } from "../bytes.ts";
import { randomBytes, sha256 } from "../crypto/hash.ts";
import type { Caller } from "../protocol/messages.ts";
import { type Clock, Stopwatch } from "./clock.ts";

/** A person may take this long at the agent's permission prompt. */
export const TICKET_LIFE_MS = 15 * 60_000;
/** Tickets kept, used ones included; the oldest makes room. Far more than calls in 15 minutes. */
export const MAX_TICKETS = 1_024;
/** 128 bits: guessing is hopeless. */
const TICKET_BYTES = 16;

/** What a ticket is good for. */
export interface TicketBinding {
  /** Hex of sha256 over the wrapped command's text. */
  readonly commandSha256: string;
  /** Canonical directory in which the runner must stand. */
  readonly cwd: string;
  readonly caller: Caller;
  readonly names: readonly string[];
}

/** Why a ticket was not taken. */
export type TicketFault = "ticket_unknown" | "ticket_used" | "ticket_expired" | "ticket_mismatch";

interface Entry {
  readonly binding: TicketBinding;
  readonly age: Stopwatch;
  used: boolean;
}

/** All tickets of this daemon. */
export class Tickets {
  readonly #clock: Clock;
  /** By hash of the ticket, oldest first. Looking up a hash of 128 random bits tells a timer nothing. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A new ticket, 32 hexadecimal digits. */
  mint(binding: TicketBinding): string {
    this.reap();
    const ticket = toHex(randomBytes(TICKET_BYTES));
    this.#entries.set(hashOf(ticket), { binding, age: new Stopwatch(this.#clock), used: false });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_TICKETS) break;
      this.#entries.delete(oldest);
    }
    return ticket;
  }

  /**
   * Takes a ticket for this command in this directory. Whatever the outcome, a ticket that was found is used up:
   * one shown with another command has left the hands it was meant for.
   */
  redeem(ticket: string, commandSha256: string, cwd: string): TicketBinding | TicketFault {
    const entry = this.#entries.get(hashOf(ticket));
    if (entry === undefined) return "ticket_unknown";
    if (entry.used) return "ticket_used";
    entry.used = true;
    if (entry.age.elapsed() >= TICKET_LIFE_MS) return "ticket_expired";
    const { binding } = entry;
    return binding.commandSha256 === commandSha256 && binding.cwd === cwd ? binding : "ticket_mismatch";
  }

  /** Forgets what is past its life; a used ticket is known as used until then. */
  reap(): void {
    for (const [hash, entry] of this.#entries) {
      if (entry.age.elapsed() >= 2 * TICKET_LIFE_MS) this.#entries.delete(hash);
    }
  }

  /** Forgets all tickets of one session. */
  dropSession(session: string): void {
    for (const [hash, entry] of this.#entries) if (entry.binding.caller.session === session) this.#entries.delete(hash);
  }

  clear(): void {
    this.#entries.clear();
  }
}

function hashOf(ticket: string): string {
  return toHex(sha256(utf8(ticket)));
}
