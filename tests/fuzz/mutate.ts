/**
 * The byte mutator: one to eight changes, most of them at the field boundaries that a corpus entry names. It knows
 * nothing of any format.
 */
import { u16, u32, u64, utf8 } from "../../lib/bytes.ts";
import type { Dice } from "./dice.ts";
import type { Entry, Target } from "./target.ts";

type Pieces = Uint8Array[];
type Source = Pick<Target, "corpus" | "dictionary" | "maxBytes">;
type Change = (pieces: Pieces, dice: Dice, source: Source) => Pieces;

const EXTREMES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const WIDE = [...EXTREMES, 2 ** 32, 2 ** 53 - 1];
const NUMBERS = "0 -0 -1 1 255 256 4095 4096 4097 65535 65536 2147483647 2147483648 4294967295 4294967296".split(" ")
  .concat("9007199254740991 9007199254740992 1e308 1e999 0.5 01 99999999999999999999".split(" "));

/** An input made from `entry`, and now and then from another one too. */
export function mutate(entry: Entry, source: Source, dice: Dice): Uint8Array {
  let pieces: Pieces = [...entry.pieces];
  let changes = 1;
  while (changes < 8 && dice.oneIn(2)) changes++;
  for (; changes > 0; changes--) {
    // Something to work on even after a cut at the very beginning.
    if (pieces.length === 0) pieces = [new Uint8Array(0)];
    pieces = dice.pick(CHANGES)(pieces, dice, source);
  }
  return joined(pieces, source.maxBytes);
}

/** At most `most` bytes of all `pieces`, which can be more than a call takes arguments. */
export function joined(pieces: readonly Uint8Array[], most = Infinity): Uint8Array {
  const bytes = new Uint8Array(Math.min(most, pieces.reduce((n, piece) => n + piece.length, 0)));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece.subarray(0, bytes.length - at), at);
    at = Math.min(bytes.length, at + piece.length);
  }
  return bytes;
}

/** `text` cut between words, blanks and signs. */
export function textPieces(text: string): Uint8Array[] {
  return (text.match(/\w+|\s+|[^\w\s]/gu) ?? []).map(utf8);
}

const oneByte: Change = (pieces, dice) =>
  inside(pieces, dice, (piece) => (piece[place(piece, dice)] = dice.below(256)));

const oneBit: Change = (pieces, dice) =>
  inside(pieces, dice, (piece) => {
    const at = place(piece, dice);
    piece[at] = (piece[at] ?? 0) ^ (1 << dice.below(8));
  });

/** An extreme integer, or one off the one that stands there, at the beginning of a field. */
const integer: Change = (pieces, dice) =>
  inside(pieces, dice, (piece) => {
    const width = dice.pick([1, 2, 4, 4, 8]);
    const view = new DataView(piece.buffer);
    const there = piece.length < 4 || width !== 4 ? piece[0] ?? 0 : view.getUint32(0);
    const n = dice.oneIn(2) ? dice.pick(width === 8 ? WIDE : EXTREMES) : Math.max(0, there + dice.pick([-1, 1, 2, -4]));
    const bytes = width === 1 ? Uint8Array.of(n) : width === 2 ? u16(n) : width === 4 ? u32(n) : u64(n);
    piece.set(bytes.subarray(0, piece.length));
  });

const cut: Change = (pieces, dice) => {
  const at = dice.below(pieces.length);
  const kept = pieces.slice(0, at);
  const last = pieces[at];
  if (last !== undefined && dice.oneIn(2)) kept.push(last.slice(0, dice.below(last.length + 1)));
  return kept;
};

const drop: Change = (pieces, dice) =>
  pieces.toSpliced(dice.below(pieces.length), 1 + dice.below(dice.pick([1, 1, 4])));

const repeat: Change = (pieces, dice, { maxBytes }) => {
  const at = dice.below(pieces.length);
  const stretch = pieces.slice(at, at + 1 + dice.below(dice.pick([1, 1, 6])));
  const size = Math.max(1, stretch.reduce((n, piece) => n + piece.length, 0));
  const often = Math.min(dice.oneIn(32) ? maxBytes : 1 + dice.below(4), Math.ceil(maxBytes / size));
  const copies = Array.from({ length: often }, () => stretch).flat();
  return pieces.slice(0, at).concat(copies, pieces.slice(at));
};

const swap: Change = (pieces, dice) => {
  const [a, b] = [dice.below(pieces.length), dice.below(pieces.length)];
  const swapped = [...pieces];
  [swapped[a], swapped[b]] = [pieces[b] as Uint8Array, pieces[a] as Uint8Array];
  return swapped;
};

/** The beginning of this input and the end of another one. */
const splice: Change = (pieces, dice, { corpus }) => {
  const other = dice.pick(corpus).pieces;
  const at = dice.below(pieces.length + 1);
  const from = dice.oneIn(2) ? Math.min(at, other.length) : dice.below(other.length + 1);
  return [...pieces.slice(0, at), ...other.slice(from)];
};

const graft: Change = (pieces, dice, { corpus }) => {
  const other = dice.pick(corpus).pieces;
  if (other.length === 0) return pieces;
  return pieces.toSpliced(dice.below(pieces.length + 1), dice.below(2), dice.pick(other));
};

const word: Change = (pieces, dice, { dictionary }) =>
  dictionary.length === 0
    ? pieces
    : pieces.toSpliced(dice.below(pieces.length + 1), dice.below(2), dice.pick(dictionary));

const noise: Change = (pieces, dice) =>
  pieces.toSpliced(dice.below(pieces.length + 1), dice.below(2), dice.bytes(1 + dice.below(16)));

/** Another number where one is written out in digits; else one byte. */
const digits: Change = (pieces, dice, source) => {
  const numbers = pieces.flatMap((piece, i) =>
    piece.length > 0 && piece.every((b) => b >= 0x30 && b <= 0x39) ? [i] : []
  );
  return numbers.length === 0
    ? oneByte(pieces, dice, source)
    : pieces.with(dice.pick(numbers), utf8(dice.pick(NUMBERS)));
};

const CHANGES: readonly Change[] = [
  ...[oneByte, oneBit, integer, integer, cut, drop, repeat, swap, splice, graft, word, word, noise, digits],
];

/** `pieces` with a changed copy of one of them. */
function inside(pieces: Pieces, dice: Dice, change: (piece: Uint8Array) => void): Pieces {
  const at = dice.below(pieces.length);
  const piece = (pieces[at] ?? new Uint8Array(0)).slice();
  if (piece.length > 0) change(piece);
  return pieces.with(at, piece);
}

/** A place in `piece`: its ends more often than its middle. */
function place(piece: Uint8Array, dice: Dice): number {
  return dice.pick([0, piece.length - 1, dice.below(piece.length), dice.below(Math.min(4, piece.length))]);
}
