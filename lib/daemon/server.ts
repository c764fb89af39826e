/**
 * Connections: accepted one at a time, attributed to a uid, bounded in number, time and memory; then frame by frame.
 * docs/protocol.md, "Limits".
 */
import { encodeFrame, encodeHead, encodeReply, FrameError, FrameReader } from "../protocol/frame.ts";
import { MemoryKeeper } from "./memory.ts";
import { CallerCheck, type Peer } from "./caller.ts";
import { type Conversation, refusal } from "./requests.ts";
import type { Answer } from "./service.ts";

/** Open connections on `use.sock`: every wrapped shell call keeps two scrub streams open. */
export const MAX_USE_CONNECTIONS = 256;
/** Open connections on `admin.sock`: a person types one command at a time. */
export const MAX_ADMIN_CONNECTIONS = 16;
/** From connecting to the end of the first frame, and from the first byte of any frame to its last. */
export const FRAME_WAIT_MS = 10_000;
/** Between two frames of one connection; an open scrub stream may be silent for longer. */
export const IDLE_WAIT_MS = 60_000;
/** A peer that does not read its reply for so long is hung up. */
export const REPLY_WAIT_MS = 10_000;
/** Memory for frames that are being received or answered, over all connections. */
export const MAX_RECEIVING_BYTES = 48 * 1024 * 1024;
/** Pause after an accept that failed for want of descriptors. */
const ACCEPT_PAUSE_MS = 50;

/** Memory that all connections share. */
export class ReceiveBudget {
  readonly #keeper = new MemoryKeeper();
  #taken = 0;

  take(bytes: number): boolean {
    if (this.#taken + bytes > MAX_RECEIVING_BYTES) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    this.#keeper.handled(bytes);
  }

  /** Nothing more will be received. */
  close(): void {
    this.#keeper.close();
  }
}

/** The waits of one server, in ms. */
export interface Waits {
  frame: number;
  idle: number;
  reply: number;
}

/** How one socket is served. */
export interface ServeOptions {
  path: string;
  maxConnections: number;
  budget: ReceiveBudget;
  converse(): Conversation;
  /** Shorter waits than the constants above, for tests. */
  testOnlyWaits?: Waits;
}

/** Serves `listener` until it is closed. */
export class Server {
  readonly #listener: Deno.UnixListener;
  readonly #options: ServeOptions;
  readonly #check: CallerCheck;
  readonly #waits: Waits;
  readonly #open = new Set<() => void>();
  readonly #serving = new Set<Promise<void>>();
  readonly #done: Promise<void>;

  constructor(listener: Deno.UnixListener, options: ServeOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#check = new CallerCheck(options.path);
    this.#waits = options.testOnlyWaits ?? { frame: FRAME_WAIT_MS, idle: IDLE_WAIT_MS, reply: REPLY_WAIT_MS };
    this.#done = this.#accept();
  }

  /** Stops listening and hangs up on everyone. */
  async close(): Promise<void> {
    try {
      this.#listener.close();
    } catch { /* closed already */ }
    for (const hangUp of this.#open) hangUp();
    await this.#done;
    await Promise.all(this.#serving);
    this.#check.close();
  }

  async #accept(): Promise<void> {
    while (true) {
      let conn: Deno.UnixConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
        continue;
      }
      // Before the next accept, so that exactly one connection is without a name.
      const peer = this.#identify();
      if (peer === null || peer.uid !== Deno.uid()) {
        this.#track(
          this.#sendOff(conn, peer, "not_allowed_here", "Cannot serve this connection: it is not this user's"),
        );
      } else if (this.#open.size >= this.#options.maxConnections) {
        this.#track(this.#sendOff(conn, peer, "busy", "Cannot serve this connection: too many are open"));
      } else {
        this.#track(this.#serve(conn, peer));
      }
    }
  }

  #track(work: Promise<void>): void {
    this.#serving.add(work);
    void work.finally(() => this.#serving.delete(work));
  }

  #identify(): Peer | null {
    try {
      return this.#check.identify();
    } catch {
      return null;
    }
  }

  async #sendOff(conn: Deno.UnixConn, peer: Peer | null, code: "busy" | "not_allowed_here", why: string) {
    // A short reply fits into the socket's buffer, so this does not wait for the peer.
    await conn.write(encodeFrame(refusal(code, why))).catch(() => {});
    peer?.hangUp();
    close(conn);
  }

  async #serve(conn: Deno.UnixConn, peer: Peer): Promise<void> {
    const hangUp = () => peer.hangUp();
    this.#open.add(hangUp);
    const conversation = this.#options.converse();
    const { budget } = this.#options;
    let reserved = 0;
    const reserve = (bytes: number) => {
      if (!budget.take(bytes)) return false;
      reserved += bytes;
      return true;
    };
    const deadline = new Deadline(hangUp);
    const reader = new FrameReader(async (into) => {
      const n = await conn.read(into);
      // Whoever begins a frame has to end it.
      if (n !== null) deadline.begin(this.#waits.frame, false);
      return n;
    }, reserve);
    try {
      deadline.begin(this.#waits.frame, true);
      for (let frame = await reader.next(); frame !== null; frame = await reader.next()) {
        deadline.end();
        const answer = await conversation.answer(frame);
        deadline.begin(this.#waits.reply, true);
        await reply(conn, answer);
        answer.afterwards?.();
        budget.give(reserved);
        reserved = 0;
        deadline.end();
        if (!conversation.patient) deadline.begin(this.#waits.idle, true);
        deadline.idle = true;
      }
    } catch (error) {
      if (error instanceof FrameError && error.fault !== "cut_off") {
        const code = error.fault === "too_large" ? "too_large" : error.fault === "no_memory" ? "busy" : "bad_request";
        await conn.write(encodeFrame(refusal(code, error.message))).catch(() => {});
      }
    } finally {
      deadline.end();
      budget.give(reserved);
      conversation.end();
      this.#open.delete(hangUp);
      peer.hangUp();
      close(conn);
    }
  }
}

/** One timer of a connection. */
class Deadline {
  readonly #expire: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** True from a reply until the first byte of the next frame. */
  idle = false;

  constructor(expire: () => void) {
    this.#expire = expire;
  }

  /** Starts the timer; unless `anew`, only the first call after a pause does. */
  begin(ms: number, anew: boolean): void {
    if (!anew && !this.idle) return;
    if (!anew) this.idle = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expire, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function reply(conn: Deno.UnixConn, answer: Answer): Promise<void> {
  const { message, attachment } = answer;
  try {
    let head: Uint8Array;
    try {
      head = attachment === undefined ? encodeReply(message) : encodeHead(message, attachment.length);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return await writeAll(
        conn,
        encodeFrame(refusal("too_large", "Cannot answer the request: the answer is too large")),
      );
    }
    await writeAll(conn, head);
    // On its own and uncopied: it may be large, or hold values.
    if (attachment !== undefined) await writeAll(conn, attachment);
  } finally {
    if (answer.wipe === true) attachment?.fill(0);
  }
}

async function writeAll(conn: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

function close(conn: Deno.UnixConn): void {
  try {
    conn.close();
  } catch { /* closed already */ }
}
