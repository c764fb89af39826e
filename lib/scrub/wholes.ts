/**
 * Values inside a value that are secrets on their own: a URL's password and long query values, a PEM's body, the
 * secret-looking strings of a JSON document. They are indexed whole, under the name of the value they stand in.
 */
import { isAlnum } from "./escapes.ts";

const AT = 0x40, COLON = 0x3a, SLASH = 0x2f, AMPERSAND = 0x26, EQUALS = 0x3d, HASH = 0x23, QUESTION = 0x3f;
const PERCENT = 0x25;

/** Shortest query value that counts as a secret of its own. Bytes. */
const LEAST_QUERY_VALUE = 16;

/** The inner values of `value`, as copies that the caller wipes. */
export function innerValues(value: Uint8Array): Uint8Array[] {
  return [...urlParts(value), ...pemBody(value), ...jsonLeaves(value)];
}

/** Password and long query values, as written and percent-decoded. */
function urlParts(value: Uint8Array): Uint8Array[] {
  const scheme = find(value, "://", 0);
  if (scheme <= 0 || scheme > 24 || value.includes(0x0a) || !value.subarray(0, scheme).every(isSchemeByte)) return [];
  const start = scheme + 3;
  const authorityEnd = firstOf(value, start, SLASH, QUESTION, HASH);
  const found: Uint8Array[] = [];
  const at = value.subarray(0, authorityEnd).lastIndexOf(AT);
  const colon = value.indexOf(COLON, start);
  if (at > start && colon >= start && colon < at) found.push(value.slice(colon + 1, at));
  for (let i = firstOf(value, start, QUESTION, HASH); i < value.length;) {
    const end = firstOf(value, i + 1, AMPERSAND, HASH);
    const equals = value.indexOf(EQUALS, i + 1);
    if (equals > 0 && end - equals - 1 >= LEAST_QUERY_VALUE) found.push(value.slice(equals + 1, end));
    i = end;
  }
  return [...found, ...found.filter((part) => part.includes(PERCENT)).map(percentDecoded)];
}

/** The base64 text of a PEM document without its lines' ends, header and footer (RFC 7468 §2). */
function pemBody(value: Uint8Array): Uint8Array[] {
  if (find(value, "-----BEGIN ", 0) < 0) return [];
  const header = find(value, "-----", find(value, "-----BEGIN ", 0) + 11);
  const footer = find(value, "-----END ", header);
  if (header < 0 || footer < 0) return [];
  // The headers of RFC 1421 (they hold a colon) end with an empty line.
  let start = header + 5;
  if (value.subarray(start, footer).includes(COLON)) {
    const blank = Math.max(find(value, "\n\n", start), find(value, "\r\n\r\n", start));
    if (blank > 0 && blank < footer) start = blank;
  }
  const body = value.slice(start, footer);
  let length = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] ?? 0;
    if (byte === 0x5c && (body[i + 1] === 0x6e || body[i + 1] === 0x72)) i++;
    else if (isAlnum(byte) || byte === 0x2b || byte === SLASH || byte === EQUALS) body[length++] = byte;
  }
  const whole = body.slice(0, length);
  body.fill(0);
  return [whole];
}

const SECRET_KEY = /(?:secret|token|password|passwd|private|credential|api_?key|^key$|_key$)/i;
const PUBLIC_KEY = /(?:_id|_uri|_url|_type|_at|_in)$/i;

/** Strings of a JSON document whose key says that they are secret. They pass through the engine's string heap. */
function jsonLeaves(value: Uint8Array): Uint8Array[] {
  if (value[0] !== 0x7b && value[0] !== 0x5b) return [];
  const found: Uint8Array[] = [];
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value), (key, leaf: unknown) => {
      if (typeof leaf === "string" && SECRET_KEY.test(key) && !PUBLIC_KEY.test(key)) {
        found.push(new TextEncoder().encode(leaf));
      }
      return leaf;
    });
  } catch {
    return [];
  }
  return found.flatMap((leaf) => [leaf, ...urlParts(leaf), ...pemBody(leaf)]);
}

function isSchemeByte(byte: number): boolean {
  return isAlnum(byte) || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

function find(bytes: Uint8Array, text: string, from: number): number {
  for (let i = Math.max(0, from); i + text.length <= bytes.length; i++) {
    let k = 0;
    while (k < text.length && bytes[i + k] === text.charCodeAt(k)) k++;
    if (k === text.length) return i;
  }
  return -1;
}

function firstOf(bytes: Uint8Array, from: number, ...marks: number[]): number {
  for (let i = from; i < bytes.length; i++) if (marks.includes(bytes[i] ?? 0)) return i;
  return bytes.length;
}

function percentDecoded(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    const high = hexValue(bytes[i + 1]), low = hexValue(bytes[i + 2]);
    if (byte === PERCENT && high >= 0 && low >= 0) {
      decoded[length++] = high * 16 + low;
      i += 2;
    } else decoded[length++] = byte;
  }
  return decoded.subarray(0, length);
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
