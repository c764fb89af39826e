/** Uses that have begun and not ended: `finish` adds how they ended to the audit log. */
import { toHex } from "../bytes.ts";
import { randomBytes } from "../crypto/hash.ts";
import type { InjectionMode } from "../grant/grant.ts";
import type { Caller } from "../protocol/messages.ts";

/** Uses kept; of the oldest the ending goes unrecorded. More than commands that run at once. */
const MAX_USES = 1_024;

/** One use of some secrets by one command. */
export interface Use {
  readonly caller: Caller;
  readonly values: readonly { name: string; mode: InjectionMode }[];
}

/** The uses of this daemon. */
export class Uses {
  readonly #uses = new Map<string, Use>();

  /** A new use; its id starts with a letter, unlike a pid. */
  begin(use: Use): string {
    const id = `u${toHex(randomBytes(16))}`;
    this.#uses.set(id, use);
    for (const oldest of this.#uses.keys()) {
      if (this.#uses.size <= MAX_USES) break;
      this.#uses.delete(oldest);
    }
    return id;
  }

  /** Ends a use; undefined if there is none of this id. */
  end(id: string): Use | undefined {
    const use = this.#uses.get(id);
    this.#uses.delete(id);
    return use;
  }
}
