/** Which agent runs are known. Labels for audit, status and tickets; any process of this user can claim any of them. */
import type { Caller } from "../protocol/messages.ts";
import type { Clock } from "./clock.ts";

/** Sessions kept; the one not seen for longest makes room. More than a person's agents in a day. */
export const MAX_SESSIONS = 256;

/** One run of one agent. Times in Unix milliseconds. */
export interface Session {
  readonly id: string;
  readonly agent: string | null;
  readonly version: string | null;
  readonly project: string | null;
  readonly parent: string | null;
  readonly started: number;
  seen: number;
}

/** The registry. */
export class Sessions {
  readonly #clock: Clock;
  /** In order of last sight, oldest first. */
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Notes that `caller` was heard; true if its session is new. A caller without a session is not noted. */
  see(caller: Caller): boolean {
    if (caller.session === null) return false;
    const now = this.#clock.wall();
    const known = this.#sessions.get(caller.session);
    this.#sessions.delete(caller.session);
    this.#sessions.set(caller.session, {
      id: caller.session,
      agent: caller.agent ?? known?.agent ?? null,
      version: caller.agent_version ?? known?.version ?? null,
      project: known?.project ?? caller.project,
      parent: caller.parent ?? known?.parent ?? null,
      started: known?.started ?? now,
      seen: now,
    });
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= MAX_SESSIONS) break;
      this.#sessions.delete(oldest);
    }
    return known === undefined;
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Forgets a session; false if it was unknown. */
  end(id: string): boolean {
    return this.#sessions.delete(id);
  }
}
