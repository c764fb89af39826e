/** One scrub stream of the daemon: bytes in, the same bytes without values out, a tail held back until the end. */
import { connect, request } from "./client.ts";
import type { Homes } from "../paths.ts";
import type { Caller } from "../protocol/messages.ts";

/** How long the daemon may take over one chunk. */
const FEED_WAIT_MS = 5_000;

/** Every method throws `UnreachableError` or `RefusedError` of lib/client where the daemon does not answer. */
export class ScrubFeed {
  readonly #connection: Deno.Conn;
  /** False if the daemon knows nothing that could be looked for: then everything comes back as it was. */
  readonly scrubbing: boolean;
  #held = 0;

  constructor(connection: Deno.Conn, scrubbing: boolean) {
    this.#connection = connection;
    this.scrubbing = scrubbing;
  }

  /** Bytes that were fed and have not come out. */
  get held(): number {
    return this.#held;
  }

  /** Opens a stream. */
  static async open(homes: Homes, caller: Caller): Promise<ScrubFeed> {
    const connection = await connect(homes.useSocket);
    const { message } = await request(connection, { verb: "scrub_stream", caller });
    return new ScrubFeed(connection, message["scrubbing"] === true);
  }

  /** What may be shown after `bytes` (at most 15 MiB). */
  async feed(bytes: Uint8Array): Promise<Uint8Array> {
    const reply = await request(this.#connection, { verb: "feed" }, bytes, { timeoutMs: FEED_WAIT_MS });
    this.#held = Number(reply.message["held"] ?? 0);
    return reply.attachment;
  }

  /** The rest; the stream is closed. */
  async end(): Promise<Uint8Array> {
    const rest = await request(this.#connection, { verb: "feed_end" }, undefined, { timeoutMs: FEED_WAIT_MS });
    this.close();
    return rest.attachment;
  }

  /** Drops the stream and what it held. */
  close(): void {
    try {
      this.#connection.close();
    } catch {
      // Closed from the other side already.
    }
  }
}
