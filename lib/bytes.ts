/** Byte strings: joining, hex, big-endian numbers. */

const ENCODER = new TextEncoder();

/** The UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** All `parts` in one new array. */
export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const b of bytes) text += b.toString(16).padStart(2, "0");
  return text;
}

/**
 * Bytes of a hexadecimal string of either case.
 * @throws {SyntaxError} on an odd length or a foreign character.
 */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) {
    throw new SyntaxError("Cannot read hexadecimal text: odd length or foreign character");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** `n` as two big-endian bytes. */
export function u16(n: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(n >>> 8, n);
}

/** `n` as four big-endian bytes. */
export function u32(n: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
}

/** `n` (a safe integer) as eight big-endian bytes. */
export function u64(n: number): Uint8Array<ArrayBuffer> {
  return concat(u32(Math.floor(n / 2 ** 32)), u32(n >>> 0));
}
