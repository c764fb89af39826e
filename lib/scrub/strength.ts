/**
 * How far a value can be scrubbed. Replacing a short or common value would destroy output and, worse, confirm guesses:
 * such values are not scrubbed, and the person who stores one is told so. See docs/scrubbing.md, "Weak values".
 */
import { COMMON_VALUES } from "./common_values.ts";
import { CR, LF } from "./squeeze.ts";

/**
 * `full` and `whole`: found anywhere, in every encoding (`whole` marks 8–11 bytes, which must never be searched in
 * parts). `boundary`: found only as a token of its own, raw, in JSON or in a URL. `none`: never looked for.
 */
export interface Score {
  /** See above. */
  readonly strength: "full" | "whole" | "boundary" | "none";
  /** True for `boundary` and `none`. */
  readonly weak: boolean;
  /** A clause that follows a colon, for the person who stores it. It holds neither the value nor its length or a part of it. */
  readonly reason: string;
}

/** Largest value whose encodings can be held back in a stream. Bytes. */
export const MAX_VALUE = 64 * 1024;

/** Fewer bits than this are guessed in no time, so a marker would be an answer. */
const LEAST_BITS = 20;

/** Longest single word that is taken for a word of a language. Longer ones are looked for. */
const LONGEST_WORD = 15;

const FULL: Score = { strength: "full", weak: false, reason: "scrubbed from output in every documented encoding" };
const WHOLE: Score = { strength: "whole", weak: false, reason: FULL.reason };

/** Judges `value` as it is stored; line ends around and inside it do not count. */
export function scoreValue(value: Uint8Array): Score {
  if (value.length > MAX_VALUE) return none("it is too large to be held back and scrubbed from a stream");
  const visible = value.filter((byte) => byte !== CR && byte !== LF);
  const score = judge(visible);
  visible.fill(0);
  return score;
}

function judge(value: Uint8Array): Score {
  if (value.length < 4) return none("it is too short to scrub: replacing it would destroy output and confirm guesses");
  const distinct = new Set(value).size;
  if (distinct === 1 || (distinct === 2 && value.length < 16)) {
    return none("it repeats the same characters: replacing it would destroy output and confirm guesses");
  }
  if (value.length <= 2 * LONGEST_WORD && isCommon(value)) {
    return none("it is a common word or password: replacing it would destroy output and confirm guesses");
  }
  if (bits(value) < LEAST_BITS || isSequence(value)) {
    return none("it is too easy to guess: replacing it would confirm guesses");
  }
  if (value.length >= 12) return FULL;
  if (value.length >= 8) return WHOLE;
  return {
    strength: "boundary",
    weak: true,
    reason: "it is short: it is scrubbed only where it stands alone as a word, in JSON or in a URL, and not encoded",
  };
}

function none(reason: string): Score {
  return { strength: "none", weak: true, reason };
}

/** Bits of a value drawn at random from the character classes that occur in it, fewer if few characters occur. */
function bits(value: Uint8Array): number {
  let pool = 0;
  if (value.some((b) => b >= 0x30 && b <= 0x39)) pool += 10;
  if (value.some((b) => b >= 0x61 && b <= 0x7a)) pool += 26;
  if (value.some((b) => b >= 0x41 && b <= 0x5a)) pool += 26;
  if (value.some((b) => b < 0x80 && !isLetterOrDigit(b))) pool += 33;
  if (value.some((b) => b >= 0x80)) pool += 100;
  return Math.min(value.length * Math.log2(pool), value.length * Math.log2(new Set(value).size) * 2.5);
}

function isLetterOrDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** Each byte one more (or one less) than the byte before it. */
function isSequence(value: Uint8Array): boolean {
  const step = (value[1] ?? 0) - (value[0] ?? 0);
  if (step !== 1 && step !== -1) return false;
  return value.every((byte, i) => i === 0 || byte - (value[i - 1] ?? 0) === step);
}

/** A listed value, a listed word with digits or marks around it, or one that reads like a word. */
function isCommon(value: Uint8Array): boolean {
  const text = new TextDecoder().decode(value).toLowerCase();
  const core = text.replace(/^[^a-z]{0,4}/, "").replace(/[^a-z]{0,4}$/, "");
  const plain = core.replaceAll("@", "a").replaceAll("0", "o").replaceAll("1", "i").replaceAll("$", "s");
  if (COMMON_VALUES.has(text) || COMMON_VALUES.has(core) || COMMON_VALUES.has(plain)) return true;
  return value.length <= LONGEST_WORD && /^[a-z]+$/.test(text) && isPronounceable(text);
}

/** Letters in the rhythm of a word: vowels at an ordinary rate and no long runs of either kind. */
function isPronounceable(word: string): boolean {
  const vowels = word.replace(/[^aeiouy]/g, "").length / word.length;
  return vowels >= 0.25 && vowels <= 0.65 && !/[^aeiouy]{4}|[aeiouy]{4}|[jqxz]{2}|q[^u]/.test(word);
}
