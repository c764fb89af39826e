/**
 * One search table: which byte strings to look for, without holding them.
 *
 * A string is kept as (1) one bit for its first bytes in a small keyed bitmap, (2) 24-bit keyed marks of its beginnings
 * of doubling length, so that a false start is dropped early, (3) one keyed 64-bit fingerprint of the whole, made by a
 * truncated one-way permutation, (4) the outline of its first bytes (letter, digit, which punctuation), by which a
 * stream decides what need not be held back. The keys are random and live as long as the table.
 *
 * What this is not: encryption. Who reads the table and its keys in memory can test guesses. See docs/scrubbing.md.
 */
import { IntRows, placeOf } from "./int_rows.ts";
import { OUTLINE_START, outlineStep } from "./outline.ts";

/** Random constants of one table. */
interface Keys {
  readonly base: readonly [number, number];
  readonly letters: readonly [Int32Array, Int32Array];
  readonly window: readonly [number, number];
  readonly seal: Int32Array;
}

/** A bitmap indexed by the top bits of a 32-bit hash. */
export interface Bitmap {
  readonly words: Int32Array;
  readonly shift: number;
}

/** The finished table. All arrays are numbers derived through `keys`; none holds a byte of a value. */
export interface Fingerprints {
  /** Bytes of the first window; no shorter string can be in the table. */
  readonly window: number;
  /** Length of the longest string, in squeezed bytes. */
  readonly longest: number;
  readonly keys: Keys;
  /** Powers of the two hash bases, up to `longest`. */
  readonly powers: readonly [Int32Array, Int32Array];
  readonly starts: Bitmap;
  readonly heads: Bitmap;
  readonly outlines: Bitmap;
  /** Open-addressed nodes: mark (0 = free), first length, number of lengths, 1 if longer strings go on. */
  readonly nodes: Int32Array;
  readonly lengths: Int32Array;
  /** Open-addressed fingerprints: two words and owner + 1 (0 = free). */
  readonly wholes: Int32Array;
}

const imul = Math.imul;

function randomKeys(window: number): Keys {
  const random = crypto.getRandomValues(new Int32Array(2 + 512 + 2 + 4));
  return {
    base: [(random[0] ?? 0) | 1, (random[1] ?? 0) | 1],
    letters: [random.slice(2, 258), random.slice(258, 514)],
    window: [(random[514] ?? 0) | 1, window > 4 ? (random[515] ?? 0) | 1 : 0],
    seal: random.slice(516, 520),
  };
}

/** Hash of the eight bytes `high ‖ low` (of the four bytes `low` where the window is four). */
function windowHash(keys: Keys, high: number, low: number): number {
  return imul(low, keys.window[0]) ^ imul(high, keys.window[1]);
}

/** Hash of a string's first four bytes alone. */
export function headHash(keys: Keys, four: number): number {
  return imul(four ^ (keys.seal[0] ?? 0), keys.window[0]);
}

export function hasBit(bitmap: Bitmap, hash: number): boolean {
  const h = hash >>> bitmap.shift;
  return (((bitmap.words[h >>> 5] ?? 0) >>> (h & 31)) & 1) === 1;
}

/** The mark of a beginning with hashes `a`, `b` at checkpoint `level`: 24 bits of hash, 5 of level, never 0. */
export function markOf(a: number, b: number, level: number): number {
  const mixed = imul(a ^ (b >>> 15) ^ imul(b, 0x9e3779b1), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 13)) & 0xffffff) | ((level + 1) << 24);
}

/** Slot of the node with `mark`, or −1. */
export function findNode(table: Fingerprints, mark: number): number {
  const { nodes } = table;
  const mask = nodes.length / 4 - 1;
  for (let i = placeOf(mark);; i++) {
    const slot = (i & mask) * 4;
    const found = nodes[slot] ?? 0;
    if (found === mark) return slot;
    if (found === 0) return -1;
  }
}

/**
 * The 64-bit fingerprint of a string with hashes `a`, `b` and `length`, in `seal`'s permutation (ARX, 12 rounds),
 * with feed-forward and truncation so that it cannot be run backwards. Returned through `out`.
 */
function sealInto(out: Int32Array, keys: Keys, a: number, b: number, length: number): void {
  const k0 = keys.seal[0] ?? 0, k1 = keys.seal[1] ?? 0, k2 = keys.seal[2] ?? 0, k3 = keys.seal[3] ?? 0;
  let v0 = a ^ k0, v1 = b ^ k1, v2 = length ^ k2, v3 = k3;
  for (let round = 0; round < 12; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  out[0] = (v0 + a) ^ k2;
  out[1] = (v1 + b) ^ k3;
}

const sealed = new Int32Array(2);

/** Index of the owner of the string with hashes `a`, `b` and `length`, or −1. */
export function findOwner(table: Fingerprints, a: number, b: number, length: number): number {
  sealInto(sealed, table.keys, a, b, length);
  const s0 = sealed[0] ?? 0, s1 = sealed[1] ?? 0;
  const { wholes } = table;
  const mask = wholes.length / 3 - 1;
  for (let i = placeOf(s0);; i++) {
    const slot = (i & mask) * 3;
    const owner = wholes[slot + 2] ?? 0;
    if (owner === 0) return -1;
    if (wholes[slot] === s0 && wholes[slot + 1] === s1) return owner - 1;
  }
}

/** Collects strings, then makes the table. */
export class FingerprintsBuilder {
  readonly #window: number;
  readonly #keys: Keys;
  /** Rows (mark, length): where longer strings go on the length is `GOES_ON`. */
  readonly #nodes = new IntRows(2, 2);
  /** Rows (fingerprint, fingerprint, owner + 1). */
  readonly #wholes = new IntRows(3, 2);
  readonly #starts = new IntRows(2, 1);
  readonly #heads = new IntRows(2, 1);
  readonly #outlines = new IntRows(2, 1);
  readonly #marks: number[] = [];
  #longest = 0;

  /** `window`: 8 for ordinary values, 4 for those that are looked for at token boundaries only. */
  constructor(window: 4 | 8) {
    this.#window = window;
    this.#keys = randomKeys(window);
  }

  /** Adds the squeezed string `text[0, length)` for `owner`; too short ones are ignored, the first owner wins. */
  add(text: Uint8Array, length: number, owner: number): void {
    const window = this.#window;
    if (length < window) return;
    const [base0, base1] = this.#keys.base;
    const [letters0, letters1] = this.#keys.letters;
    const marks = this.#marks;
    marks.length = 0;
    let a = 0, b = 0, checkpoint = window;
    for (let i = 0; i < length; i++) {
      const byte = text[i] ?? 0;
      a = (imul(a, base0) + (letters0[byte] ?? 0)) | 0;
      b = (imul(b, base1) + (letters1[byte] ?? 0)) | 0;
      if (i + 1 === checkpoint) {
        marks.push(markOf(a, b, marks.length));
        checkpoint *= 2;
      }
    }
    sealInto(sealed, this.#keys, a, b, length);
    if (!this.#wholes.add(sealed[0] ?? 0, sealed[1] ?? 0, owner + 1)) return;
    for (let level = 0; level < marks.length; level++) {
      this.#nodes.add(marks[level] ?? 0, level < marks.length - 1 ? GOES_ON : length, 0);
    }
    this.#addStart(text, length);
    this.#longest = Math.max(this.#longest, length);
  }

  #addStart(text: Uint8Array, length: number): void {
    const four = (i: number) =>
      ((text[i] ?? 0) << 24) | ((text[i + 1] ?? 0) << 16) | ((text[i + 2] ?? 0) << 8) | (text[i + 3] ?? 0);
    const wide = this.#window === 8;
    this.#starts.add(windowHash(this.#keys, wide ? four(0) : 0, wide ? four(4) : four(0)), 1, 0);
    this.#heads.add(headHash(this.#keys, four(0)), 1, 0);
    let outline = OUTLINE_START;
    for (let i = 0; i < length && i < 2 * this.#window - 1; i++) {
      outline = outlineStep(outline, text[i] ?? 0);
      this.#outlines.add(outline, 1, 0);
    }
  }

  /** The finished table, or null if nothing was added. */
  build(): Fingerprints | null {
    if (this.#wholes.size === 0) return null;
    const powers = this.#keys.base.map((base) => {
      const row = new Int32Array(this.#longest + 1).fill(1);
      for (let i = 1; i < row.length; i++) row[i] = imul(row[i - 1] ?? 0, base);
      return row;
    }) as [Int32Array, Int32Array];
    return {
      window: this.#window,
      longest: this.#longest,
      keys: this.#keys,
      powers,
      // 2⁻⁸ of random windows pass, 2⁻⁵ of random heads: few false starts, and few bits told per string.
      starts: bitmapOf(this.#starts, 8),
      heads: bitmapOf(this.#heads, 5),
      outlines: bitmapOf(this.#outlines, 8),
      ...nodesOf(this.#nodes),
      wholes: this.#wholes.cells,
    };
  }
}

/** Stands for a length in a row of a node: some string is longer than the next checkpoint. */
const GOES_ON = 0x7fffffff;

/** The rows (mark, length) as a table of nodes and one list of all their lengths. */
function nodesOf(rows: IntRows): { nodes: Int32Array; lengths: Int32Array } {
  const { cells } = rows;
  const nodes = new Int32Array(4 * 2 ** Math.ceil(Math.log2(rows.size * 2 + 1)));
  const mask = nodes.length / 4 - 1;
  const slotOf = (mark: number) => {
    for (let i = placeOf(mark);; i++) {
      const slot = (i & mask) * 4;
      if (nodes[slot] === mark || nodes[slot] === 0) return slot;
    }
  };
  let total = 0;
  for (let i = 0; i < cells.length; i += 2) {
    const mark = cells[i] ?? 0, length = cells[i + 1] ?? 0;
    if (length === 0) continue;
    const slot = slotOf(mark);
    nodes[slot] = mark;
    if (length === GOES_ON) nodes[slot + 3] = 1;
    else {
      nodes[slot + 2] = (nodes[slot + 2] ?? 0) + 1;
      total++;
    }
  }
  let next = 0;
  for (let slot = 0; slot < nodes.length; slot += 4) {
    next += nodes[slot + 2] ?? 0;
    nodes[slot + 1] = next;
  }
  // Filled from behind, so that each node ends with the index of its first length.
  const lengths = new Int32Array(total);
  for (let i = 0; i < cells.length; i += 2) {
    const length = cells[i + 1] ?? 0;
    if (length === 0 || length === GOES_ON) continue;
    const slot = slotOf(cells[i] ?? 0);
    const index = (nodes[slot + 1] ?? 0) - 1;
    nodes[slot + 1] = index;
    lengths[index] = length;
  }
  for (let slot = 0; slot < nodes.length; slot += 4) {
    const first = nodes[slot + 1] ?? 0, count = nodes[slot + 2] ?? 0;
    if (count > 1) lengths.subarray(first, first + count).sort();
  }
  return { nodes, lengths };
}

function bitmapOf(hashes: IntRows, spare: number): Bitmap {
  const bits = Math.min(24, Math.max(10, Math.ceil(Math.log2(hashes.size + 1)) + spare));
  const bitmap = { words: new Int32Array(2 ** (bits - 5)), shift: 32 - bits };
  const { cells } = hashes;
  for (let i = 0; i < cells.length; i += 2) {
    if (cells[i + 1] === 0) continue;
    const h = (cells[i] ?? 0) >>> bitmap.shift;
    bitmap.words[h >>> 5] = (bitmap.words[h >>> 5] ?? 0) | (1 << (h & 31));
  }
  return bitmap;
}
