/**
 * The search over one squeezed view of a stream. It finds every string of its table that the view contains, in any
 * chunking, in linear time: each start passes a bitmap, then marks at doubling lengths, then whole fingerprints at the
 * few lengths that are still possible. Hashes of stretches come from running sums that are kept only while needed.
 */
import { findNode, findOwner, type Fingerprints, hasBit, headHash, markOf } from "./fingerprints.ts";
import { OUTLINE_START, outlineStep } from "./outline.ts";

/** Told of each match as indexes into `text` and `at`, valid during the call only. */
export type Report = (first: number, last: number, owner: number) => void;

/** A start that may still become a match. */
interface Candidate {
  start: number;
  /** Slot of the node it passed. */
  slot: number;
  level: number;
  /** Lengths of that node already tried. */
  tried: number;
  /** Index up to which the text must reach before there is more to know. */
  need: number;
}

const imul = Math.imul;
/** Room of a matcher once it gets its first byte; many never do. */
const FIRST_ROOM = 1 << 8;
const NOTHING = new Uint8Array(0);
const NO_NUMBERS = new Int32Array(0);

export class Matcher {
  /** The view's bytes not yet settled; the owner appends at `length` after `reserve`. */
  text: Uint8Array = NOTHING;
  /** For each byte of `text` the owner's own position number (32 bits, wrapping). */
  at: Int32Array = NO_NUMBERS;
  length = 0;
  readonly #table: Fingerprints;
  readonly #bounded: boolean;
  readonly #report: Report;
  #scanned = 0;
  #ended = false;
  /** In the order of their starts. */
  #candidates: Candidate[] = [];
  #nextNeed = Infinity;
  #sum0: Int32Array = NO_NUMBERS;
  #sum1: Int32Array = NO_NUMBERS;
  #summedTo = 0;

  /** `bounded`: report a match only where neither side continues a word. */
  constructor(table: Fingerprints, bounded: boolean, report: Report) {
    this.#table = table;
    this.#bounded = bounded;
    this.#report = report;
  }

  /** Makes room for `more` bytes, dropping settled ones. */
  reserve(more: number): void {
    if (this.length + more <= this.text.length) return;
    const settled = this.#keepFrom();
    if (settled > 0) this.#drop(settled);
    if (this.length + more <= this.text.length) return;
    const room = Math.max(this.length + more, this.text.length * 2, FIRST_ROOM);
    this.text = grown(this.text, new Uint8Array(room));
    this.at = grown(this.at, new Int32Array(room));
    this.#sum0 = grown(this.#sum0, new Int32Array(room + 1));
    this.#sum1 = grown(this.#sum1, new Int32Array(room + 1));
  }

  push(byte: number, at: number): void {
    if (this.length === this.text.length) this.reserve(1);
    this.text[this.length] = byte;
    this.at[this.length++] = at;
  }

  /** Searches what was appended. */
  scan(): void {
    if (this.length >= this.#nextNeed) this.#resume();
    const { window, keys, starts } = this.#table;
    const { words, shift } = starts;
    const text = this.text, end = this.length;
    const key0 = keys.window[0], key1 = keys.window[1];
    let high = 0, low = 0, i = this.#scanned;
    if (i + window > end) return;
    for (const ready = i + window - 1; i < ready; i++) {
      high = (high << 8) | (low >>> 24);
      low = (low << 8) | text[i]!;
    }
    for (; i < end; i++) {
      high = (high << 8) | (low >>> 24);
      low = (low << 8) | text[i]!;
      const hash = (imul(low, key0) ^ imul(high, key1)) >>> shift;
      if (((words[hash >>> 5]! >>> (hash & 31)) & 1) === 1) this.#start(i + 1 - window);
    }
    this.#scanned = end - window + 1;
  }

  /** No match may span this point. Searches first. */
  cut(): void {
    this.#ended = true;
    this.scan();
    this.#resume();
    this.#ended = false;
    this.#candidates.length = 0;
    this.#nextNeed = Infinity;
    this.length = this.#scanned = this.#summedTo = 0;
  }

  /** Index of the first byte that may still belong to a match, or −1. Valid after `scan`. */
  held(): number {
    for (const { start } of this.#candidates) {
      if (this.length - start >= 2 * this.#table.window || this.#mayBegin(start)) return start;
    }
    for (let i = this.#scanned; i < this.length; i++) if (this.#mayBegin(i)) return i;
    return -1;
  }

  /** True if the tail at `from`, shorter than two windows, begins a string of the table (or seems to). */
  #mayBegin(from: number): boolean {
    const { keys, outlines, heads } = this.#table;
    if (this.#bounded && this.#insideWord(from)) return false;
    let outline = OUTLINE_START, four = 0;
    for (let i = from; i < this.length; i++) {
      const byte = this.text[i] ?? 0;
      outline = outlineStep(outline, byte);
      if (!hasBit(outlines, outline)) return false;
      four = (four << 8) | byte;
      if (i - from === 3 && !hasBit(heads, headHash(keys, four))) return false;
    }
    return true;
  }

  #start(start: number): void {
    if (this.#bounded && this.#insideWord(start)) return;
    const { window } = this.#table;
    if (this.#candidates.length === 0 && start > this.#summedTo) this.#summedTo = start;
    this.#sumTo(start + window);
    const slot = findNode(this.#table, this.#markAt(start, window, 0));
    if (slot < 0) return;
    const candidate = { start, slot, level: 0, tried: 0, need: 0 };
    if (this.#follow(candidate)) this.#candidates.push(candidate);
  }

  #resume(): void {
    let kept = 0;
    this.#nextNeed = Infinity;
    for (const candidate of this.#candidates) {
      if (candidate.need > this.length && !this.#ended) this.#nextNeed = Math.min(this.#nextNeed, candidate.need);
      else if (!this.#follow(candidate)) continue;
      this.#candidates[kept++] = candidate;
    }
    this.#candidates.length = kept;
  }

  /** Takes a candidate as far as the text goes; false once it is decided. */
  #follow(candidate: Candidate): boolean {
    const { nodes, lengths, window } = this.#table;
    const beyond = this.#bounded && !this.#ended ? 1 : 0;
    const { start } = candidate;
    for (;;) {
      const first = nodes[candidate.slot + 1] ?? 0, count = nodes[candidate.slot + 2] ?? 0;
      for (; candidate.tried < count; candidate.tried++) {
        const length = lengths[first + candidate.tried] ?? 0;
        if (start + length + beyond > this.length) return this.#wait(candidate, start + length + beyond);
        this.#try(start, length);
      }
      if (nodes[candidate.slot + 3] === 0) return false;
      const checkpoint = window << (candidate.level + 1);
      if (start + checkpoint > this.length) return this.#wait(candidate, start + checkpoint);
      this.#sumTo(start + checkpoint);
      candidate.slot = findNode(this.#table, this.#markAt(start, checkpoint, ++candidate.level));
      if (candidate.slot < 0) return false;
      candidate.tried = 0;
    }
  }

  #wait(candidate: Candidate, need: number): boolean {
    candidate.need = need;
    this.#nextNeed = Math.min(this.#nextNeed, need);
    return true;
  }

  #try(start: number, length: number): void {
    this.#sumTo(start + length);
    const owner = findOwner(this.#table, this.#sum(0, start, length), this.#sum(1, start, length), length);
    if (owner < 0 || (this.#bounded && this.#insideWord(start + length))) return;
    this.#report(start, start + length - 1, owner);
  }

  /** True if a word goes on from the byte before `index` to the byte at it. */
  #insideWord(index: number): boolean {
    return index > 0 && index < this.length && isWord(this.text[index - 1]) && isWord(this.text[index]);
  }

  #markAt(start: number, length: number, level: number): number {
    return markOf(this.#sum(0, start, length), this.#sum(1, start, length), level);
  }

  #sum(side: 0 | 1, start: number, length: number): number {
    const sums = side === 0 ? this.#sum0 : this.#sum1;
    return ((sums[start + length] ?? 0) - imul(sums[start] ?? 0, this.#table.powers[side][length] ?? 0)) | 0;
  }

  #sumTo(end: number): void {
    const { base, letters } = this.#table.keys;
    const base0 = base[0], base1 = base[1], letters0 = letters[0], letters1 = letters[1];
    const text = this.text, sum0 = this.#sum0, sum1 = this.#sum1;
    for (let i = this.#summedTo; i < end; i++) {
      const byte = text[i]!;
      sum0[i + 1] = (imul(sum0[i]!, base0) + letters0[byte]!) | 0;
      sum1[i + 1] = (imul(sum1[i]!, base1) + letters1[byte]!) | 0;
    }
    if (end > this.#summedTo) this.#summedTo = end;
  }

  /** Everything before this index is settled; one byte more is kept to know the word before. */
  #keepFrom(): number {
    const from = this.#candidates[0]?.start ?? this.#scanned;
    return Math.max(0, this.#bounded ? from - 1 : from);
  }

  #drop(count: number): void {
    this.text.copyWithin(0, count, this.length);
    this.at.copyWithin(0, count, this.length);
    this.#sum0.copyWithin(0, count, this.length + 1);
    this.#sum1.copyWithin(0, count, this.length + 1);
    this.length -= count;
    this.#scanned -= count;
    this.#summedTo = Math.max(0, this.#summedTo - count);
    for (const candidate of this.#candidates) {
      candidate.start -= count;
      candidate.need -= count;
    }
    this.#nextNeed -= count;
  }
}

function isWord(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x5f || byte >= 0x80;
}

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
