/**
 * One message on a socket: `u32 json_length ‖ u32 attachment_length ‖ JSON ‖ attachment`, big-endian, the same on both
 * sockets and on the pipe that hands a key to a fresh daemon. docs/protocol.md, "Framing" and "Limits".
 *
 * Rules: lengths are judged before anything is allocated; memory grows with what has arrived, not with what was
 * announced; bytes that belong to no frame end the connection.
 */
import { concat, u32, utf8 } from "../bytes.ts";
import { PROTOCOL_VERSION } from "./messages.ts";

/** Bytes of JSON in one frame; every message but a long list fits many times over. */
export const MAX_JSON_BYTES = 256 * 1024;
/** Bytes of attachment in one frame; above what any agent passes through a hook (10 MB seen). */
export const MAX_ATTACHMENT_BYTES = 16 * 1024 * 1024;
/** Nesting of the JSON; our deepest message has seven levels, and a deep one could exhaust a recursive reader. */
export const MAX_JSON_DEPTH = 16;
/** Reading starts with this much memory, so that an announced length alone costs nothing. */
const FIRST_CHUNK_BYTES = 64 * 1024;

const HEAD_BYTES = 8;

/** What was wrong with a frame. */
export type FrameFault = "too_large" | "not_json" | "not_an_object" | "wrong_version" | "cut_off" | "no_memory";

/** A peer sent something that is no frame of ours; the connection cannot go on. */
export class FrameError extends Error {
  readonly fault: FrameFault;
  constructor(fault: FrameFault, state: string) {
    super(`Cannot read frame "${fault}": ${state}`);
    this.name = "FrameError";
    this.fault = fault;
  }
}

/** A message with what follows it. The attachment is empty where none was sent. */
export interface Frame {
  message: Record<string, unknown>;
  attachment: Uint8Array;
}

/**
 * Bytes of one frame; `v` is added to the message.
 * @throws {FrameError} `too_large` if a part exceeds its limit.
 */
export function encodeFrame(message: object, attachment: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concat(encodeHead(message, attachment.length), attachment);
}

/**
 * Everything of a frame that stands before an attachment of `attached` bytes, for a sender that would not copy it.
 * @throws {FrameError} `too_large` if a part exceeds its limit.
 */
export function encodeHead(message: object, attached: number): Uint8Array {
  const json = utf8(JSON.stringify({ v: PROTOCOL_VERSION, ...message }));
  checkLengths(json.length, attached);
  return concat(u32(json.length), u32(attached), json);
}

/**
 * Bytes of a reply without an attachment of its own; one whose JSON exceeds the limit travels as
 * `{large: true}` with the JSON as attachment, which `readReply` undoes.
 * @throws {FrameError} `too_large` if it exceeds the attachment's limit too.
 */
export function encodeReply(message: object): Uint8Array {
  const json = utf8(JSON.stringify({ v: PROTOCOL_VERSION, ...message }));
  if (json.length > MAX_JSON_BYTES) return encodeFrame({ large: true }, json);
  return concat(u32(json.length), u32(0), json);
}

/**
 * The reply that `frame` stands for.
 * @throws {FrameError} if a large reply's attachment is not a message.
 */
export function readReply(frame: Frame): Frame {
  if (frame.message["large"] !== true) return frame;
  return { message: parseMessage(frame.attachment), attachment: new Uint8Array(0) };
}

/** Reads frames from any byte source, one after the other. */
export class FrameReader {
  readonly #read: (p: Uint8Array) => Promise<number | null>;
  readonly #reserve: (bytes: number) => boolean;

  /**
   * `read` is as `Deno.Conn.read`. `reserve`, where given, is asked before memory grows by so many bytes and may say no.
   */
  constructor(read: (p: Uint8Array) => Promise<number | null>, reserve: (bytes: number) => boolean = () => true) {
    this.#read = read;
    this.#reserve = reserve;
  }

  /**
   * The next frame, or null if the source ended between frames.
   * @throws {FrameError} if the bytes are no frame, or the source ended within one.
   */
  async next(): Promise<Frame | null> {
    const head = await this.#take(HEAD_BYTES, true);
    if (head === null) return null;
    const view = new DataView(head.buffer);
    const [jsonLength, attachmentLength] = [view.getUint32(0), view.getUint32(4)];
    checkLengths(jsonLength, attachmentLength);
    const json = await this.#take(jsonLength, false);
    const message = parseMessage(json ?? new Uint8Array(0));
    return { message, attachment: await this.#take(attachmentLength, false) ?? new Uint8Array(0) };
  }

  async #take(length: number, mayEnd: boolean): Promise<Uint8Array | null> {
    let buffer = this.#grow(new Uint8Array(0), Math.min(length, FIRST_CHUNK_BYTES));
    let filled = 0;
    while (filled < length) {
      if (filled === buffer.length) buffer = this.#grow(buffer, Math.min(length, 4 * buffer.length));
      const n = await this.#read(buffer.subarray(filled));
      if (n === null || n === 0) {
        if (mayEnd && filled === 0) return null;
        throw new FrameError("cut_off", `the peer closed after ${filled} of ${length} bytes`);
      }
      filled += n;
    }
    return buffer;
  }

  #grow(buffer: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
    if (!this.#reserve(size - buffer.length)) throw new FrameError("no_memory", "too much is being received at once");
    const larger = new Uint8Array(size);
    larger.set(buffer);
    // The smaller copy may hold part of a key or value.
    buffer.fill(0);
    return larger;
  }
}

function checkLengths(json: number, attachment: number): void {
  if (json > MAX_JSON_BYTES || attachment > MAX_ATTACHMENT_BYTES) {
    throw new FrameError("too_large", `${json} bytes of JSON and ${attachment} of attachment exceed the limits`);
  }
}

/** Strict: UTF-8 without replacement, one JSON object, our version. No part of the text reaches the error. */
function parseMessage(bytes: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (depthOf(text) > MAX_JSON_DEPTH) throw new SyntaxError();
    parsed = JSON.parse(text);
  } catch {
    throw new FrameError("not_json", "the message is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new FrameError("not_an_object", "the message is not a JSON object");
  }
  const message = parsed as Record<string, unknown>;
  if (message["v"] !== PROTOCOL_VERSION) {
    throw new FrameError("wrong_version", `the peer does not speak version ${PROTOCOL_VERSION}; restart tacit`);
  }
  return message;
}

/** Deepest nesting of JSON text, counted outside strings. */
function depthOf(text: string): number {
  let [depth, deepest, quoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x7d || c === 0x5d) depth--;
  }
  return deepest;
}
