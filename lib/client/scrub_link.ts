/**
 * The daemon's scrubber as a stream: bytes go in, the same bytes with every value of the vault replaced come out.
 * The daemon says how many bytes it holds back, and the link keeps those, so that nothing is lost when it goes away.
 */
import { concat } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import type { Caller } from "../protocol/messages.ts";
import { connect, request } from "./client.ts";

/** The largest piece sent in one frame; the frame's own limit is far above. */
const PIECE = 1024 * 1024;
/** How long one piece may take before the daemon counts as gone. */
const FEED_WAIT_MS = 5000;

/** One stream. With no daemon, or one that knows no values, it passes everything through untouched. */
export class ScrubLink {
  #conn: Deno.Conn | null;
  #alive: boolean;
  #tail: Uint8Array = new Uint8Array(0);

  constructor(conn: Deno.Conn | null) {
    this.#conn = conn;
    this.#alive = conn !== null;
  }

  /** Opens a stream; never throws. `alive` tells whether a daemon scrubs. */
  static async open(homes: Homes, caller: Caller): Promise<ScrubLink> {
    try {
      const conn = await connect(homes.useSocket);
      const { message } = await request(conn, { verb: "scrub_stream", caller });
      if (message["scrubbing"] === true) return new ScrubLink(conn);
      conn.close();
      return new ScrubLink(null);
    } catch {
      return new ScrubLink(null);
    }
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
    for (let at = 0; at < bytes.length; at += PIECE) out.push(await this.#feed(bytes.subarray(at, at + PIECE)));
    return out.length === 1 ? out[0]! : concat(...out);
  }

  /** Ends the stream and returns the rest. */
  async end(): Promise<Uint8Array> {
    const rest = await this.#ask({ verb: "feed_end" }, new Uint8Array(0));
    this.#tail = new Uint8Array(0);
    this.close();
    return rest;
  }

  /** Drops the connection and what was held. */
  close(): void {
    try {
      this.#conn?.close();
    } catch {
      // Closed from the other side already.
    }
    this.#conn = null;
    this.#tail = new Uint8Array(0);
  }

  #feed(piece: Uint8Array): Promise<Uint8Array> {
    return this.#ask({ verb: "feed" }, piece);
  }

  async #ask(message: object, piece: Uint8Array): Promise<Uint8Array> {
    const pending = this.#tail.length === 0 ? piece : concat(this.#tail, piece);
    if (this.#conn === null) return this.#lost(pending);
    try {
      const reply = await request(this.#conn, message, piece, { timeoutMs: FEED_WAIT_MS });
      const held = Math.min(Number(reply.message["held"] ?? 0), pending.length);
      this.#tail = pending.slice(pending.length - held);
      return reply.attachment;
    } catch {
      return this.#lost(pending);
    }
  }

  #lost(pending: Uint8Array): Uint8Array {
    this.#alive = false;
    this.close();
    return pending;
  }
}
