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
import { outlineStep, OUTLINE_START } from "./outline.ts";

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
export function windowHash(keys: Keys, high: number, low: number): number {
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
  for (let i = imul(mark, 0x9e3779b1) >>> 7;; i++) {
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
  for (let i = s0 >>> 3;; i++) {
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
  readonly #powers: [number[], number[]] = [[1], [1]];
  readonly #nodes = new Map<number, { lengths: number[]; more: boolean }>();
  readonly #wholes = new Map<number, [number, number, number]>();
  readonly #starts = new Set<number>();
  readonly #heads = new Set<number>();
  readonly #outlines = new Set<number>();
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
    const marks: number[] = [];
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
    const s0 = sealed[0] ?? 0, s1 = sealed[1] ?? 0;
    const known = (s0 >>> 0) * 2 ** 21 + (s1 >>> 11);
    if (this.#wholes.has(known)) return;
    this.#wholes.set(known, [s0, s1, owner + 1]);
    for (let level = 0; level < marks.length; level++) {
      const mark = marks[level] ?? 0;
      let node = this.#nodes.get(mark);
      if (node === undefined) this.#nodes.set(mark, node = { lengths: [], more: false });
      if (level < marks.length - 1) node.more = true;
      else if (!node.lengths.includes(length)) node.lengths.push(length);
    }
    this.#addStart(text);
    this.#longest = Math.max(this.#longest, length);
  }

  #addStart(text: Uint8Array): void {
    const four = (i: number) =>
      ((text[i] ?? 0) << 24) | ((text[i + 1] ?? 0) << 16) | ((text[i + 2] ?? 0) << 8) | (text[i + 3] ?? 0);
    const wide = this.#window === 8;
    this.#starts.add(windowHash(this.#keys, wide ? four(0) : 0, wide ? four(4) : four(0)));
    this.#heads.add(headHash(this.#keys, four(0)));
    let outline = OUTLINE_START;
    for (let i = 0; i < this.#window - 1; i++) {
      outline = outlineStep(outline, text[i] ?? 0);
      this.#outlines.add(outline);
    }
  }

  /** The finished table, or null if nothing was added. */
  build(): Fingerprints | null {
    if (this.#wholes.size === 0) return null;
    for (let i = 0; i < this.#longest; i++) {
      for (const side of [0, 1] as const) {
        this.#powers[side].push(imul(this.#powers[side][i] ?? 0, this.#keys.base[side]));
      }
    }
    const lengths: number[] = [];
    const nodes = new Int32Array(4 * roomFor(this.#nodes.size));
    for (const [mark, node] of this.#nodes) {
      const slot = freeSlot(nodes, 4, imul(mark, 0x9e3779b1) >>> 7, 0);
      nodes.set([mark, lengths.length, node.lengths.length, node.more ? 1 : 0], slot);
      lengths.push(...node.lengths.sort((x, y) => x - y));
    }
    const wholes = new Int32Array(3 * roomFor(this.#wholes.size));
    for (const whole of this.#wholes.values()) wholes.set(whole, freeSlot(wholes, 3, whole[0] >>> 3, 2));
    return {
      window: this.#window,
      longest: this.#longest,
      keys: this.#keys,
      powers: [Int32Array.from(this.#powers[0]), Int32Array.from(this.#powers[1])],
      // 2⁻⁸ of random windows pass, 2⁻⁵ of random heads: few false starts, and few bits told per string.
      starts: bitmapOf(this.#starts, 8),
      heads: bitmapOf(this.#heads, 5),
      outlines: bitmapOf(this.#outlines, 8),
      nodes,
      lengths: Int32Array.from(lengths),
      wholes,
    };
  }
}

function roomFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(entries * 2 + 1));
}

function freeSlot(table: Int32Array, width: number, from: number, mark: number): number {
  const mask = table.length / width - 1;
  for (let i = from;; i++) {
    const slot = (i & mask) * width;
    if (table[slot + mark] === 0) return slot;
  }
}

function bitmapOf(hashes: Set<number>, spare: number): Bitmap {
  const bits = Math.min(24, Math.max(10, Math.ceil(Math.log2(hashes.size + 1)) + spare));
  const bitmap = { words: new Int32Array(2 ** (bits - 5)), shift: 32 - bits };
  for (const hash of hashes) {
    const h = hash >>> bitmap.shift;
    bitmap.words[h >>> 5] = (bitmap.words[h >>> 5] ?? 0) | (1 << (h & 31));
  }
  return bitmap;
}
