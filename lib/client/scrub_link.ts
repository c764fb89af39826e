/**
 * The daemon's scrubber as a stream that loses nothing: what the daemon holds back is kept here too, and comes back as
 * it was fed when the daemon goes away. The caller then scrubs it by other means.
 */
import { concat } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import type { Caller } from "../protocol/messages.ts";
import { ScrubFeed } from "./scrub_feed.ts";

/** The largest piece sent in one frame; the frame's own limit is far above. */
const PIECE = 1024 * 1024;
const NOTHING = new Uint8Array(0);

/** One stream. With no daemon, or one that knows no values, it passes everything through untouched. */
export class ScrubLink {
  #feed: ScrubFeed | null;
  #alive: boolean;
  #tail: Uint8Array = NOTHING;

  constructor(feed: ScrubFeed | null) {
    this.#feed = feed;
    this.#alive = feed !== null;
  }

  /** Opens a stream; never throws. `alive` tells whether a daemon scrubs. */
  static async open(homes: Homes, caller: Caller): Promise<ScrubLink> {
    try {
      const feed = await ScrubFeed.open(homes, caller);
      if (feed.scrubbing) return new ScrubLink(feed);
      feed.close();
    } catch {
      // No daemon, or one that does not take the stream.
    }
    return new ScrubLink(null);
  }

  /** False where no daemon scrubs, or it went away. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Bytes that were fed and have not come out. */
  get tail(): Uint8Array {
    return this.#tail;
  }

  /** Feeds `bytes` and returns what may be shown by now. When the daemon goes away, all that it held comes back as fed. */
  async feed(bytes: Uint8Array): Promise<Uint8Array> {
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += PIECE) out.push(await this.#pass(bytes.subarray(at, at + PIECE)));
    return out.length === 1 ? out[0]! : concat(...out);
  }

  /** Ends the stream and returns the rest. */
  async end(): Promise<Uint8Array> {
    const rest = await this.#orTail(NOTHING, (feed) => feed.end());
    this.close();
    return rest;
  }

  /** Drops the stream and what it held. */
  close(): void {
    this.#feed?.close();
    this.#feed = null;
    this.#tail = NOTHING;
  }

  async #pass(piece: Uint8Array): Promise<Uint8Array> {
    const pending = this.#tail.length === 0 ? piece : concat(this.#tail, piece);
    const out = await this.#orTail(piece, (feed) => feed.feed(piece));
    if (this.#feed !== null) this.#tail = pending.slice(pending.length - Math.min(this.#feed.held, pending.length));
    return out;
  }

  /** The daemon's answer; without one, the tail and `piece` as they were fed. */
  async #orTail(piece: Uint8Array, asked: (feed: ScrubFeed) => Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      if (this.#feed !== null) return await asked(this.#feed);
    } catch {
      // It went away.
    }
    const pending = concat(this.#tail, piece);
    this.#alive = false;
    this.close();
    return pending;
  }
}
