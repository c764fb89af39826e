/**
 * One stream through the scrubber: bytes in, the same bytes out with each whole value replaced by its marker.
 *
 * The output does not depend on how the input is cut into chunks. Line breaks and control sequences inside a replaced
 * stretch are kept behind the marker, so line numbers and the terminal's state survive. Nothing else is ever changed.
 * See docs/scrubbing.md.
 */
import { markerOf } from "../secret.ts";
import { DumpView } from "./dump_view.ts";
import { controlLength, CR, ESC, LF } from "./squeeze.ts";
import type { ScrubTables } from "./tables.ts";
import { EscapeView, TextView, TokenView, type View } from "./text_view.ts";

/** A stretch of the raw stream that must not be shown. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly owner: number;
}

const EMPTY = new Uint8Array(0);

/**
 * The scrubber of one stream; stdout and stderr each need their own.
 *
 * Held back: what may still become a value, at most `tables.longest` squeezed bytes. In raw bytes that is at most
 * 1 + `MAX_GAP` times as many for running text (each may be followed by line breaks and colour codes), and 2 ×
 * `MAX_LINE` times as many for hex dumps. A tail that begins no value is released at once.
 */
export class ScrubStream {
  readonly #tables: ScrubTables;
  readonly #views: View[] = [];
  readonly #found = new Set<string>();
  #raw: Uint8Array = EMPTY;
  /** Position in the stream of the first byte of `#raw` that was not released, and its index. */
  #position = 0;
  #from = 0;
  #to = 0;
  #stretches: Stretch[] = [];
  /** Position up to which everything belongs to the marker written last. */
  #coveredTo = 0;

  /** A stream of its own state over shared `tables`. */
  constructor(tables: ScrubTables) {
    this.#tables = tables;
    const redact = (start: number, end: number, owner: number) => void this.#stretches.push({ start, end, owner });
    const { anywhere, tokens, escapes } = tables;
    if (anywhere !== null) {
      this.#views.push(new TextView(anywhere, redact), new EscapeView(anywhere, escapes, redact));
      this.#views.push(new DumpView(anywhere, redact));
    }
    if (tokens !== null) this.#views.push(new TokenView(tokens, redact));
  }

  /** Names of the secrets found so far. */
  get found(): ReadonlySet<string> {
    return this.#found;
  }

  /** Bytes taken in and not yet given out. */
  get held(): number {
    return this.#to - this.#from;
  }

  /** Takes the next bytes; returns what can be shown by now. The result is the caller's own. */
  feed(chunk: Uint8Array): Uint8Array {
    const base = this.#position + this.held;
    this.#append(chunk);
    let limit = base + chunk.length;
    for (const view of this.#views) {
      view.feed(chunk, base);
      limit = Math.min(limit, view.held());
    }
    return this.#release(limit);
  }

  /** The stream is over: returns what was held. The object can then take a new stream. */
  end(): Uint8Array {
    for (const view of this.#views) view.end();
    return this.#release(this.#position + this.held);
  }

  #append(chunk: Uint8Array): void {
    const held = this.held;
    if (this.#to + chunk.length > this.#raw.length) {
      const room = held + chunk.length <= this.#raw.length / 2
        ? this.#raw
        : new Uint8Array(Math.max(2 * (held + chunk.length), 1 << 12));
      room.set(this.#raw.subarray(this.#from, this.#to));
      if (room !== this.#raw) this.#raw.fill(0);
      this.#raw = room;
      this.#from = 0;
      this.#to = held;
    }
    this.#raw.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  /**
   * Gives out everything before `limit`. All stretches that start before it are known. The marker is that of the
   * leftmost, then longest, stretch; others that overlap it only extend what it covers.
   */
  #release(limit: number): Uint8Array {
    const ready = this.#stretches.filter((stretch) => stretch.start < limit);
    if (ready.length > 0) {
      this.#stretches = this.#stretches.filter((stretch) => stretch.start >= limit);
      ready.sort((x, y) => x.start - y.start || y.end - x.end || x.owner - y.owner);
    }
    const parts: Uint8Array[] = [];
    for (const { start, end, owner } of ready) {
      this.#found.add(this.#tables.names[owner] ?? "");
      if (start >= this.#coveredTo) {
        if (start > this.#position) parts.push(this.#take(start));
        parts.push(new TextEncoder().encode(markerOf(this.#tables.names[owner] ?? "")));
      }
      if (end <= this.#coveredTo) continue;
      this.#coveredTo = end;
      if (end > this.#position) parts.push(keptInside(this.#take(end)));
    }
    if (limit > this.#position) parts.push(this.#take(limit));
    if (parts.length === 1) return parts[0] ?? EMPTY;
    return joined(parts);
  }

  /** Moves on to `position` and returns a copy of the bytes up to it. */
  #take(position: number): Uint8Array {
    const count = position - this.#position;
    const bytes = this.#raw.slice(this.#from, this.#from + count);
    this.#from += count;
    this.#position = position;
    return bytes;
  }
}

/** Scrubs a whole buffer. `found` names the secrets in it. */
export function scrubBytes(tables: ScrubTables, bytes: Uint8Array): { output: Uint8Array; found: string[] } {
  const stream = new ScrubStream(tables);
  const output = joined([stream.feed(bytes), stream.end()]);
  return { output, found: [...stream.found] };
}

/** The line breaks and control sequences of a replaced stretch. */
function keptInside(bytes: Uint8Array): Uint8Array {
  let length = 0;
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i] ?? 0;
    const count = byte === CR || byte === LF ? 1 : byte === ESC ? controlLength(bytes, i, bytes.length) : 0;
    bytes.copyWithin(length, i, i + count);
    length += count;
    i += Math.max(1, count);
  }
  bytes.fill(0, length);
  return bytes.subarray(0, length);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
