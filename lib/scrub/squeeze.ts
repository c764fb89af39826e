/**
 * What the search looks at: text without line breaks and colour codes, in one letter case.
 * Values and streams are squeezed by the same rules, so a value is found however a tool folded or coloured it.
 * See docs/scrubbing.md, "What is compared".
 */

export const CR = 0x0d;
export const LF = 0x0a;
export const ESC = 0x1b;

/** Longest control sequence (`ESC [ … letter`) that is stepped over; a longer one is ordinary text. Bytes. */
export const MAX_CONTROL = 32;

/** After more than this many stepped-over bytes in a row the search starts afresh; it bounds what is held back. Bytes. */
export const MAX_GAP = 128;

/** Stand-ins in `FOLD` for the three bytes that need a closer look; capitals never come out of folding. */
export const SPECIAL_FIRST = 0x41;
const SPECIAL_CR = 0x41;
const SPECIAL_LF = 0x42;
const SPECIAL_ESC = 0x43;

/** Byte to compared byte: ASCII letters lose their case; CR, LF and ESC map to three capitals. */
export const FOLD: Uint8Array = Uint8Array.from({ length: 256 }, (_, b) => {
  if (b === CR) return SPECIAL_CR;
  if (b === LF) return SPECIAL_LF;
  if (b === ESC) return SPECIAL_ESC;
  return b >= 0x41 && b <= 0x5a ? b | 0x20 : b;
});

/** Where a control sequence stands after one more byte (ECMA-48 §5.4). */
export const enum Control {
  /** Not one: all its bytes are ordinary text. */
  Not,
  /** May become one. */
  Open,
  /** Complete with this byte. */
  Done,
}

/**
 * Judges `byte` as the byte number `index` (ESC is 0) of a control sequence.
 * `tail` is true once an intermediate byte (0x20–0x2f) was seen, after which no parameter byte may follow.
 */
export function controlStep(byte: number, index: number, tail: boolean): Control {
  if (index === 1) return byte === 0x5b ? Control.Open : Control.Not;
  if (byte >= 0x40 && byte <= 0x7e) return Control.Done;
  if (index >= MAX_CONTROL - 1) return Control.Not;
  if (byte >= 0x30 && byte <= 0x3f) return tail ? Control.Not : Control.Open;
  return byte >= 0x20 && byte <= 0x2f ? Control.Open : Control.Not;
}

/** Length of the control sequence at `at`, or 0 if none ends before `end`. */
export function controlLength(bytes: Uint8Array, at: number, end: number): number {
  let tail = false;
  for (let i = 1; at + i < end; i++) {
    const byte = bytes[at + i] ?? 0;
    const step = controlStep(byte, i, tail);
    if (step === Control.Not) return 0;
    if (step === Control.Done) return i + 1;
    if (i > 1 && byte < 0x30) tail = true;
  }
  return 0;
}

/**
 * Squeezes `from[0, length)` into `to` (at least as long) and returns the squeezed length.
 * `controls` says whether control sequences are stepped over too; line breaks always are.
 */
export function squeezeInto(to: Uint8Array, from: Uint8Array, length: number, controls: boolean): number {
  let n = 0;
  for (let i = 0; i < length;) {
    const byte = from[i] ?? 0;
    if (byte === CR || byte === LF) {
      i++;
      continue;
    }
    const skipped = controls && byte === ESC ? controlLength(from, i, length) : 0;
    if (skipped > 0) {
      i += skipped;
      continue;
    }
    to[n++] = byte === ESC ? ESC : FOLD[byte] ?? 0;
    i++;
  }
  return n;
}
