/** Encodings that spell every byte in another base. Each writes into a sink; none keeps what it wrote. */
import type { ByteSink } from "./byte_sink.ts";

const HEX = "0123456789abcdef";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Two hex digits per byte; `before` each byte, `between` two. */
export function writeHex(out: ByteSink, bytes: Uint8Array, before = "", between = ""): void {
  for (let i = 0; i < bytes.length; i++) {
    if (i > 0) out.ascii(between);
    out.ascii(before);
    hexByte(out, bytes[i] ?? 0);
  }
}

/** Hex in groups of two bytes, as `xxd` prints it; `shift` is 1 if the value begins in the middle of a group. */
export function writeHexPairs(out: ByteSink, bytes: Uint8Array, shift: 0 | 1): void {
  for (let i = 0; i < bytes.length; i++) {
    if (i > 0 && (i + shift) % 2 === 0) out.put(0x20);
    hexByte(out, bytes[i] ?? 0);
  }
}

export function hexByte(out: ByteSink, byte: number): void {
  out.put(HEX.charCodeAt(byte >> 4));
  out.put(HEX.charCodeAt(byte & 15));
}

/** Three octal digits per byte; `before` each byte, `between` two. */
export function writeOctal(out: ByteSink, bytes: Uint8Array, before: string, between: string): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (i > 0) out.ascii(between);
    out.ascii(before);
    out.ascii(byte.toString(8).padStart(3, "0"));
  }
}

/** Decimal numbers, `before` and `after` each, `between` two. */
export function writeDecimal(out: ByteSink, bytes: Uint8Array, before: string, between: string, after = ""): void {
  for (let i = 0; i < bytes.length; i++) {
    if (i > 0) out.ascii(between);
    out.ascii(before);
    out.ascii(String(bytes[i] ?? 0));
    out.ascii(after);
  }
}

/**
 * The characters of base64 (RFC 4648 §4, §5) that `bytes` alone decides when it begins `lead` bytes (0–2) into a
 * group of three, whatever stands before and behind: no padding, no mixed characters at the edges.
 */
export function writeBase64Core(out: ByteSink, bytes: Uint8Array, lead: number, urlSafe: boolean): void {
  writeCore(out, bytes, lead, 6, urlSafe ? BASE64.replace("+", "-").replace("/", "_") : BASE64);
}

/** The same for base32 (RFC 4648 §6), `lead` 0–4. */
export function writeBase32Core(out: ByteSink, bytes: Uint8Array, lead: number): void {
  writeCore(out, bytes, lead, 5, BASE32);
}

function writeCore(out: ByteSink, bytes: Uint8Array, lead: number, width: number, alphabet: string): void {
  let buffer = 0, bits = 0;
  let skip = Math.ceil((8 * lead) / width) * width - 8 * lead;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    if (skip > 0) {
      const dropped = Math.min(skip, bits);
      skip -= dropped;
      bits -= dropped;
    }
    while (bits >= width) {
      bits -= width;
      out.put(alphabet.charCodeAt((buffer >> bits) & ((1 << width) - 1)));
    }
  }
}

/**
 * UTF-16 of the text whose UTF-8 is `bytes`; without the zero byte at the open end (the last of little-endian, the
 * first of big-endian), so that plain ASCII gives the same string both ways. False if `bytes` is not UTF-8.
 */
export function writeUtf16(out: ByteSink, bytes: Uint8Array, littleEndian: boolean): boolean {
  const units: number[] = [];
  if (
    !eachCodePoint(bytes, (point) => {
      if (point < 0x10000) units.push(point);
      else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    })
  ) return false;
  units.forEach((unit, i) => {
    const high = unit >> 8, low = unit & 0xff;
    if (littleEndian) {
      out.put(low);
      if (high !== 0 || i < units.length - 1) out.put(high);
    } else {
      if (high !== 0 || i > 0) out.put(high);
      out.put(low);
    }
  });
  units.fill(0);
  return true;
}

/** Calls `take` for each code point; false (after some calls) if `bytes` is not valid UTF-8. */
export function eachCodePoint(bytes: Uint8Array, take: (point: number) => void): boolean {
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i] ?? 0;
    const more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : 3;
    if (more === 3 && (lead < 0xf0 || lead > 0xf4)) return false;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let k = 1; k <= more; k++) {
      const next = bytes[i + k] ?? 0;
      if (next >> 6 !== 2) return false;
      point = (point << 6) | (next & 0x3f);
    }
    if ((more === 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) || (more === 3 && point < 0x10000)) {
      return false;
    }
    take(point);
    i += more + 1;
  }
  return true;
}
