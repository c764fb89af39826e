/** Something that listens on a home's admin socket and keeps every byte it is sent. */
import { dirname } from "node:path";
import type { Homes } from "../../lib/paths.ts";
import { encodeFrame, type Frame, FrameReader } from "../../lib/protocol/frame.ts";

/** What to answer to a frame; null closes the connection, "silence" leaves it open. */
export type Answering = (frame: Frame) => { message: object; attachment?: Uint8Array } | null | "silence";

export class FakeAdmin implements AsyncDisposable {
  /** Everything that came in, in order. */
  received: number[] = [];
  readonly verbs: string[] = [];
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();
  readonly #served: Promise<void>;

  constructor(homes: Homes, answering: Answering) {
    Deno.mkdirSync(dirname(homes.adminSocket), { recursive: true, mode: 0o700 });
    this.#listener = Deno.listen({ transport: "unix", path: homes.adminSocket });
    this.#served = this.#serve(answering);
  }

  async #serve(answering: Answering): Promise<void> {
    const talks: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) talks.push(this.#talk(conn, answering).catch(() => {}));
    } finally {
      await Promise.all(talks);
    }
  }

  async #talk(conn: Deno.UnixConn, answering: Answering): Promise<void> {
    this.#connections.add(conn);
    const reader = new FrameReader(async (into) => {
      const n = await conn.read(into);
      if (n !== null) this.received.push(...into.subarray(0, n));
      return n;
    });
    try {
      for (let frame = await reader.next(); frame !== null; frame = await reader.next()) {
        this.verbs.push(String(frame.message["verb"]));
        const reply = answering(frame);
        if (reply === null) return;
        if (reply === "silence") continue;
        const bytes = encodeFrame(reply.message, reply.attachment);
        for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      }
    } finally {
      this.#connections.delete(conn);
      try {
        conn.close();
      } catch { /* disposed meanwhile */ }
    }
  }

  /** All that came in, as text of one byte a character. */
  get text(): string {
    return new TextDecoder("latin1").decode(Uint8Array.from(this.received));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#connections) {
      try {
        conn.close();
      } catch { /* it went first */ }
    }
    await this.#served.catch(() => {});
  }
}
