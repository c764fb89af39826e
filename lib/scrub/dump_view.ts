/**
 * View of a stream as byte dumps. Lines that may belong to a dump are collected whole and read back into bytes; a
 * value found there is covered wherever the dump spells it: hex columns and ASCII column, line by line, so offsets
 * and layout stay. Any other line ends the dump.
 */
import { mayBeDump, readDumpLine } from "./dump_line.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { Matcher } from "./matcher.ts";
import { CR, ESC, FOLD, LF } from "./squeeze.ts";
import { positionOf, type Redact, type View } from "./text_view.ts";

/** Longest line that is taken for one of a dump (xxd prints up to 256 bytes a line). Bytes. */
export const MAX_LINE = 1200;

/** Line lengths at which an unfinished line is judged: all of the first eight, then every fourth up to this. */
const JUDGED_UP_TO = 48;

export class DumpView implements View {
  readonly #line = new Uint8Array(MAX_LINE);
  #length = 0;
  #lineStart = 0;
  /** False while the current line is known to be none of a dump. */
  #live = true;
  readonly #rows: Record<"hex" | "cell" | "text", DumpRows>;

  constructor(table: Fingerprints, redact: Redact) {
    this.#rows = {
      hex: new DumpRows(table, redact),
      cell: new DumpRows(table, redact),
      text: new DumpRows(table, redact),
    };
  }

  feed(chunk: Uint8Array, base: number): void {
    for (let i = 0; i < chunk.length;) {
      if (!this.#live) {
        i = chunk.indexOf(LF, i);
        if (i < 0) return;
        this.#newLine(base + ++i);
        continue;
      }
      const byte = chunk[i++] ?? 0;
      if (byte === LF) {
        this.#finishLine();
        this.#newLine(base + i);
        continue;
      }
      if (this.#length === 0) this.#lineStart = base + i - 1;
      if (this.#length === MAX_LINE) {
        this.#foreign();
        continue;
      }
      const length = this.#length + 1;
      this.#line[this.#length] = byte;
      this.#length = length;
      if ((length <= 8 || length % 4 === 0) && length <= JUDGED_UP_TO && !mayBeDump(this.#line, length)) {
        this.#foreign();
      }
    }
  }

  end(): void {
    if (this.#live) this.#finishLine();
    this.#cut();
    this.#newLine(0);
  }

  held(): number {
    const { hex, cell, text } = this.#rows;
    const line = this.#live && this.#length > 0 ? this.#lineStart : Infinity;
    return Math.min(line, hex.held(), cell.held(), text.held());
  }

  #newLine(position: number): void {
    this.#length = 0;
    this.#lineStart = position;
    this.#live = true;
  }

  #foreign(): void {
    this.#live = false;
    this.#cut();
  }

  #finishLine(): void {
    const length = this.#line[this.#length - 1] === CR ? this.#length - 1 : this.#length;
    const read = length > 0 ? readDumpLine(this.#line, length) : null;
    if (read === null) return this.#cut();
    const rows = this.#rows[read.kind];
    if (read.kind === "text") this.#rows.hex.cut();
    else this.#rows.text.cut();
    rows.add(read, this.#lineStart);
  }

  #cut(): void {
    this.#rows.hex.cut();
    this.#rows.cell.cut();
    this.#rows.text.cut();
  }
}

const FIELDS = 5;

/** The bytes read from rows of one kind, and where the raw stream spells each. */
class DumpRows {
  readonly #matcher: Matcher;
  /** Per byte: low 32 bits of spelling start and end and of ASCII start (or of start − 1 if none), row number. */
  #places = new Int32Array(0);
  #first = 0;
  #next = 0;
  #row = 0;
  #near = 0;

  constructor(table: Fingerprints, redact: Redact) {
    this.#matcher = new Matcher(table, false, (first, last, owner) => this.#report(first, last, owner, redact));
  }

  add(read: { bytes: number[]; starts: number[]; ends: number[]; ascii: number }, lineStart: number): void {
    this.#near = lineStart;
    this.#row++;
    this.#reserve(read.bytes.length);
    read.bytes.forEach((byte, i) => {
      if (byte === CR || byte === LF) return;
      const start = lineStart + (read.starts[i] ?? 0), end = lineStart + (read.ends[i] ?? 0);
      const ascii = read.ascii < 0 ? -1 : lineStart + read.ascii + i;
      this.#place(start, end, ascii);
      this.#matcher.push(byte === ESC ? ESC : FOLD[byte] ?? 0, (this.#next++) | 0);
    });
    this.#matcher.scan();
  }

  cut(): void {
    if (this.#matcher.length === 0) return;
    this.#matcher.cut();
    this.#first = this.#next;
  }

  held(): number {
    const index = this.#matcher.held();
    if (index < 0) return Infinity;
    const unit = this.#unit(index);
    // A little-endian word spells its second byte first: nothing of it may go.
    let start = Infinity;
    for (let u = Math.max(this.#first, unit - 1); u < Math.min(unit + 2, this.#next); u++) {
      start = Math.min(start, this.#field(u, 0));
    }
    return start;
  }

  #unit(index: number): number {
    return this.#next + (((this.#matcher.at[index] ?? 0) - (this.#next | 0)) | 0);
  }

  #field(unit: number, field: number): number {
    return positionOf(this.#places[(unit - this.#first) * FIELDS + field] ?? 0, this.#near);
  }

  #place(start: number, end: number, ascii: number): void {
    const at = (this.#next - this.#first) * FIELDS;
    this.#places.set([start | 0, end | 0, ascii < 0 ? 0 : ascii | 0, ascii < 0 ? 0 : 1, this.#row], at);
  }

  /** Makes room for `more` places, dropping those of settled bytes. Only between a scan and the next byte. */
  #reserve(more: number): void {
    this.#matcher.reserve(more);
    const used = this.#next - this.#first;
    if ((used + more) * FIELDS <= this.#places.length) return;
    const index = this.#matcher.held();
    const keep = index < 0 ? this.#next : Math.max(this.#first, this.#unit(index) - 1);
    const kept = this.#places.subarray((keep - this.#first) * FIELDS, used * FIELDS);
    const places = new Int32Array(Math.max(2 * (kept.length + more * FIELDS), 64 * FIELDS));
    places.set(kept);
    this.#places = places;
    this.#first = keep;
  }

  #report(first: number, last: number, owner: number, redact: Redact): void {
    const from = this.#unit(first), to = this.#unit(last);
    for (let u = from; u <= to;) {
      const row = this.#places[(u - this.#first) * FIELDS + 4];
      let start = Infinity, end = 0, asciiStart = Infinity, asciiEnd = 0;
      for (; u <= to && this.#places[(u - this.#first) * FIELDS + 4] === row; u++) {
        start = Math.min(start, this.#field(u, 0));
        end = Math.max(end, this.#field(u, 1));
        if (this.#places[(u - this.#first) * FIELDS + 3] === 0) continue;
        asciiStart = Math.min(asciiStart, this.#field(u, 2));
        asciiEnd = Math.max(asciiEnd, this.#field(u, 2) + 1);
      }
      redact(start, end, owner);
      if (asciiEnd > 0) redact(asciiStart, asciiEnd, owner);
    }
  }
}
