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

/** A running pump from one pipe to one file. */
export class Output {
  readonly reader: PipeReader;
  readonly #makeLocal: () => Promise<ScrubStream>;
  #local: ScrubStream | null = null;
  readonly #openLink: () => Promise<ScrubLink>;
  #link: ScrubLink | null = null;
  readonly #sink: { write(p: Uint8Array): Promise<number> };
  /** What the local scrubber was fed and has not released. */
  #localTail: Uint8Array = new Uint8Array(0);
  #handedOver = false;
  #ended = false;
  /** Settles when the stream has ended or was handed over. */
  readonly done: Promise<void>;

  constructor(
    reader: PipeReader,
    openLink: () => Promise<ScrubLink>,
    makeLocal: () => Promise<ScrubStream>,
    sink: { write(p: Uint8Array): Promise<number> },
    first: Uint8Array = new Uint8Array(0),
  ) {
    this.reader = reader;
    this.#openLink = openLink;
    this.#makeLocal = makeLocal;
    this.#sink = sink;
    this.done = this.#pump(first);
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
    this.#link ??= await this.#openLink();
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
      // The reader of our output is gone: closing our end tells the child, as it would without us.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
    this.#ended = true;
    this.reader.close();
  }

  /** Writes what the daemon scrubbed; what came back unscrubbed goes through our own scrubber first. */
  async #pass(bytes: Uint8Array): Promise<void> {
    if (this.#link?.alive === true && this.#local === null) return await this.#write(bytes);
    if (bytes.length === 0) return;
    this.#local ??= await this.#makeLocal();
    const out = this.#local.feed(bytes);
    const all = concat(this.#localTail, bytes);
    this.#localTail = all.slice(all.length - this.#local.held);
    await this.#write(out);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await writeAll(this.#sink, bytes);
  }
}
