/**
 * One output stream of a child on its way out: read, scrubbed, written.
 *
 * The daemon scrubs, since it knows every value of the vault. Where it does not, or goes away in the middle, a scrubber
 * of our own takes over with the injected values: it starts with the bytes that the daemon still held, so no value is
 * uncovered in between.
 */
import type { ScrubLink } from "../client/scrub_link.ts";
import type { ScrubStream } from "../scrub/stream.ts";
import { concat } from "../bytes.ts";
import type { PipeReader } from "./pipe_reader.ts";

const RETRY_MS = 5;

/** Writes all of `bytes`; waits where the other end is full and non-blocking. */
export async function writeAll(file: { write(p: Uint8Array): Promise<number> }, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += await file.write(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** What a pump works with. */
export interface OutputParts {
  reader: PipeReader;
  openLink: () => Promise<ScrubLink>;
  /** Makes our own scrubber, where the daemon's is not to be had. */
  makeLocal: () => Promise<ScrubStream>;
  sink: { write(p: Uint8Array): Promise<number> };
  /** Bytes that another process read before. */
  first?: Uint8Array;
  /** Scrub with ours as well, whatever the daemon does. */
  always?: boolean;
}

/** A running pump from one pipe to one file. */
export class Output {
  readonly #parts: OutputParts;
  #local: ScrubStream | null = null;
  #link: ScrubLink | null = null;
  /** What the local scrubber was fed and has not released. */
  #localTail: Uint8Array = new Uint8Array(0);
  #handedOver = false;
  #ended = false;
  #fault: Error | null = null;
  /** Settles when the stream has ended or was handed over; never rejects. */
  readonly done: Promise<void>;

  constructor(parts: OutputParts) {
    this.#parts = parts;
    this.done = this.#pump(parts.first ?? new Uint8Array(0));
  }

  /** The pipe's reading side. */
  get reader(): PipeReader {
    return this.#parts.reader;
  }

  /** Why the output could not be written to its end, or null. A reader that went away is no fault. */
  get fault(): Error | null {
    return this.#fault;
  }

  /** True once the last writer closed the pipe and everything was written. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Stops reading and leaves the pipe to another process, which must first feed what is returned: bytes that either
   * scrubber still holds back because they may begin a value. Null if the stream came to its end meanwhile, all of it
   * written and the pipe closed: then there is nothing to leave.
   */
  async handOver(): Promise<Uint8Array | null> {
    this.#handedOver = true;
    this.reader.stop();
    await this.done;
    if (this.#ended) return null;
    const held = concat(this.#localTail, this.#link?.tail ?? new Uint8Array(0));
    this.#link?.close();
    return held;
  }

  async #feed(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    // A command that prints nothing needs no scrubber.
    this.#link ??= await this.#parts.openLink();
    await this.#pass(await this.#link.feed(bytes));
  }

  async #pump(first: Uint8Array): Promise<void> {
    try {
      await this.#feed(first);
      for (;;) {
        const chunk = await this.reader.next();
        if (chunk === null) break;
        await this.#feed(chunk.slice());
      }
      if (this.#handedOver) return;
      if (this.#link !== null) await this.#pass(await this.#link.end());
      if (this.#local !== null) await this.#write(this.#local.end());
    } catch (error) {
      // Nobody reads, or the disk is full: closing our end tells the child, which still runs to its own end.
      if (!(error instanceof Deno.errors.BrokenPipe)) {
        this.#fault = error instanceof Error ? error : new Error("unknown");
      }
    }
    this.#ended = true;
    this.reader.close();
  }

  /** Writes what the daemon scrubbed; what came back unscrubbed goes through our own scrubber first. */
  async #pass(bytes: Uint8Array): Promise<void> {
    const ours = this.#parts.always === true || this.#local !== null || this.#link?.alive !== true;
    if (!ours) return await this.#write(bytes);
    if (bytes.length === 0) return;
    this.#local ??= await this.#parts.makeLocal();
    const out = this.#local.feed(bytes);
    const all = concat(this.#localTail, bytes);
    this.#localTail = all.slice(all.length - this.#local.held);
    await this.#write(out);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await writeAll(this.#parts.sink, bytes);
  }
}
