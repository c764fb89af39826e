/**
 * Recovery codes: 160 random bits as 32 symbols of Crockford's base 32 and two check symbols, in groups of four.
 * docs/format.md, "Slot type 2".
 *
 * The check symbols are a Reed–Solomon pair over GF(32), so that a single mistyped symbol also tells where it stands:
 * with values d₀…d₃₁ and locators aᵢ, c₀ = Σ dᵢ and c₁ = Σ aᵢ·dᵢ. There are 31 locators for 32 symbols; the two that
 * share one stand in the same group and not side by side, so that a swap of neighbours is still noticed.
 */
import { randomBytes } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";

/** Bytes of a recovery code's secret. */
export const RECOVERY_LENGTH = 20;
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SYMBOLS = 32;
const LENGTH = SYMBOLS + 2;
const GROUP = 4;
/** Longest text looked at: a code with separators to spare. */
const MAX_TEXT = 200;

/** A recovery code was mistyped. The message never repeats what was typed. */
export class RecoveryCodeError extends VaultError {
  /** The class, for callers that look at names. */
  override name = "RecoveryCodeError";
  /** Number of the group that is most likely wrong, from 1, or null if no single one stands out. */
  readonly group: number | null;

  /** `state` is what is wrong, in words that do not repeat the code. */
  constructor(state: string, group: number | null) {
    super("WRONG_SECRET", `Cannot read recovery code: ${state}`, "Compare it with your copy and type it again");
    this.group = group;
  }
}

/** A fresh code to show once, and its bits for a slot. The caller wipes the bits. */
export function newRecoveryCode(): { code: string; bits: Uint8Array } {
  const bits = randomBytes(RECOVERY_LENGTH);
  return { code: recoveryCodeOf(bits), bits };
}

/** The text of 20 bytes: nine groups, the last of two symbols, joined by `-`. */
export function recoveryCodeOf(bits: Uint8Array): string {
  if (bits.length !== RECOVERY_LENGTH) throw new TypeError("Cannot write recovery code: expected 20 bytes");
  const data = toSymbols(bits);
  const [c0, c1] = checks(data);
  const text = [...data, c0, c1].map((s) => ALPHABET[s]).join("");
  return text.match(/.{1,4}/g)?.join("-") ?? "";
}

/**
 * The bits of a typed code. Case, spaces and dashes do not matter; I and L read as 1, O as 0.
 * @throws {RecoveryCodeError} naming the group that is mistyped, where that can be told.
 */
export function parseRecoveryCode(text: string): Uint8Array {
  if (text.length > MAX_TEXT) throw new RecoveryCodeError("it is too long", null);
  const letters = text.toUpperCase().replace(/[\s-]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
  const symbols = [...letters].map((letter) => ALPHABET.indexOf(letter));
  const foreign = symbols.indexOf(-1);
  if (foreign >= 0) {
    const group = groupOf(foreign);
    throw new RecoveryCodeError(`group ${group} has a character that never occurs in a code`, group);
  }
  if (symbols.length !== LENGTH) {
    throw new RecoveryCodeError(`it has ${symbols.length} characters instead of ${LENGTH}`, shortGroup(text));
  }
  const data = symbols.slice(0, SYMBOLS);
  const [c0, c1] = checks(data);
  const s0 = c0 ^ (symbols[SYMBOLS] ?? 0);
  const s1 = c1 ^ (symbols[SYMBOLS + 1] ?? 0);
  if (s0 !== 0 || s1 !== 0) throw diagnose(data, s0, s1);
  return fromSymbols(data);
}

function diagnose(data: number[], s0: number, s1: number): RecoveryCodeError {
  if (s0 === 0) {
    const swapped = data.findIndex((d, i) =>
      i + 1 < SYMBOLS && multiply(locator(i) ^ locator(i + 1), d ^ (data[i + 1] ?? 0)) === s1
    );
    if (swapped >= 0) {
      const group = groupOf(swapped);
      return new RecoveryCodeError(`two neighbours seem swapped in group ${group}, or the last group is wrong`, group);
    }
  }
  const wrong = s0 === 0 || s1 === 0 ? SYMBOLS : data.findIndex((_, i) => multiply(locator(i), s0) === s1);
  const group = groupOf(wrong);
  return new RecoveryCodeError(`a character seems mistyped in group ${group}`, group);
}

/** The group that has the wrong number of characters as typed, if exactly one has. */
function shortGroup(text: string): number | null {
  const groups = text.trim().split(/[\s-]+/);
  const wrong = groups.flatMap((g, i) => g.length !== (i === LENGTH / GROUP - 0.5 ? 2 : GROUP) ? [i + 1] : []);
  return wrong.length === 1 ? wrong[0] ?? null : null;
}

function checks(data: number[]): [number, number] {
  let c0 = 0;
  let c1 = 0;
  data.forEach((d, i) => {
    c0 ^= d;
    c1 ^= multiply(locator(i), d);
  });
  return [c0, c1];
}

function groupOf(symbol: number): number {
  return Math.floor(symbol / GROUP) + 1;
}

/** Powers of the generator 2; the last symbol shares the locator of the one two before it. */
function locator(i: number): number {
  let power = 1;
  for (let n = i === SYMBOLS - 1 ? SYMBOLS - 3 : i; n > 0; n--) power = multiply(power, 2);
  return power;
}

/** Product in GF(32) modulo x⁵ + x² + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 5; bit++) {
    if (b >> bit & 1) product ^= a << bit;
  }
  for (let bit = 9; bit >= 5; bit--) {
    if (product >> bit & 1) product ^= 0b100101 << (bit - 5);
  }
  return product;
}

function toSymbols(bits: Uint8Array): number[] {
  const symbols: number[] = [];
  let buffer = 0;
  let held = 0;
  for (const byte of bits) {
    buffer = buffer << 8 | byte;
    for (held += 8; held >= 5; held -= 5) symbols.push(buffer >> (held - 5) & 31);
    buffer &= (1 << held) - 1;
  }
  return symbols;
}

function fromSymbols(symbols: number[]): Uint8Array {
  const bits = new Uint8Array(RECOVERY_LENGTH);
  let buffer = 0;
  let held = 0;
  let at = 0;
  for (const symbol of symbols) {
    buffer = buffer << 5 | symbol;
    held += 5;
    if (held >= 8) {
      held -= 8;
      bits[at++] = buffer >> held;
      buffer &= (1 << held) - 1;
    }
  }
  return bits;
}
