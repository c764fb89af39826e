/**
 * The outline of a string's first bytes: digit or a–f, other letter, or which punctuation mark.
 * A stream compares outlines to release at once a tail (a prompt's `: `, a line's end) that begins no value.
 */

const HEX = 1;
const LETTER = 2;
const HIGH = 3;

const CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, b) => {
  if ((b >= 0x30 && b <= 0x39) || (b >= 0x61 && b <= 0x66)) return HEX;
  if ((b >= 0x67 && b <= 0x7a) || (b >= 0x41 && b <= 0x5a)) return LETTER;
  return b >= 0x80 ? HIGH : 4 + b;
});

export const OUTLINE_START = 0x2545f491;

/** The outline's hash after one more (squeezed) byte; not keyed, so that what is held does not vary between runs. */
export function outlineStep(hash: number, byte: number): number {
  const mixed = Math.imul(hash ^ (CLASS[byte] ?? 0), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
