/**
 * A strict subset of MessagePack. The only importer of `msgpackr`, which by itself decodes extensions, keeps the last
 * of duplicate keys, repairs invalid UTF-8 and overflows the stack on deep nesting.
 *
 * Accepted: nil, booleans, integers in −(2^53−1)…2^53−1, UTF-8 strings, byte strings, arrays, maps with distinct keys of
 * 1…31 printable ASCII characters. One encoding each: the shortest one; integers that need eight bytes are int64 (`d3`). Decoding first walks
 * the bytes without allocating for what they claim, then decodes, then compares a fresh encoding byte by byte.
 * docs/format.md, "Index encoding".
 */
import { Buffer } from "node:buffer";
// The subpath is msgpackr without its native add-on, which would be written to a temporary directory at start.
import { Packr } from "msgpackr/pack";

/** Deepest nesting: the index needs six. */
const MAX_DEPTH = 16;
/** Largest input, the size limit of a frame's index. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Keys that would reach an object's prototype. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);
/** Most keys need not become strings to be told apart from those. */
const FORBIDDEN_LENGTHS = new Set([...FORBIDDEN_KEYS].map((key) => key.length));
/** Keys are field names of a format, so the one-byte string header suffices for them. */
const KEY = /^[\x20-\x7e]{1,31}$/;

/** What can be encoded. Decoding gives numbers, never bigints. */
export type Packable = null | boolean | number | bigint | string | Uint8Array | Packable[] | {
  [key: string]: Packable;
};

/** The bytes are not canonical MessagePack of the accepted subset, or a value cannot be encoded. */
export class MsgpackError extends Error {
  /** The class, for callers that look at names. */
  override name = "MsgpackError";
}

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: "bigint", copyBuffers: true });
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The one encoding of `value`; map entries stand in the order in which the object lists them.
 * @throws {MsgpackError} on a float, an unsafe integer, a lone surrogate, a forbidden key or too deep nesting.
 */
export function encode(value: Packable): Uint8Array {
  return new Uint8Array(packr.pack(prepare(value, 0, new Set())));
}

/** `n` in the form that `encode` takes without copying what holds it: a bigint beyond 32 bits. */
export function wide(n: number): number | bigint {
  return n > 0xffffffff || n < -0x80000000 ? BigInt(n) : n;
}

/**
 * The value of `bytes`, which must hold exactly one.
 * @throws {MsgpackError} on anything that `encode` would not have written.
 */
export function decode(bytes: Uint8Array): Packable {
  if (bytes.length > MAX_BYTES) throw new MsgpackError(`Cannot decode index: ${bytes.length} bytes are too many`);
  const end = new Walk(bytes).value(0, 0);
  if (end !== bytes.length) throw new MsgpackError("Cannot decode index: bytes after the end");
  // A view of its own, since msgpackr hangs a property on the array it is given.
  const value = packr.unpack(bytes.subarray());
  if (Buffer.compare(packr.pack(value), bytes) !== 0) {
    throw new MsgpackError("Cannot decode index: not the canonical encoding");
  }
  return toNumbers(value);
}

/** `value` with its bigints, which the walk has found to be safe, turned into numbers in place. */
function toNumbers(value: unknown): Packable {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = toNumbers(value[i]);
  } else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    const map = value as Record<string, unknown>;
    for (const key in map) {
      const inner = map[key];
      if (typeof inner === "bigint" || typeof inner === "object") map[key] = toNumbers(inner);
    }
  }
  return value as Packable;
}

/**
 * The same value with integers beyond 32 bits as bigints, since msgpackr writes such numbers as floats. What needs no
 * change is not copied: a large index would otherwise be built twice.
 */
function prepare(value: Packable, depth: number, goodKeys: Set<string>): unknown {
  if (depth > MAX_DEPTH) throw new MsgpackError("Cannot encode index: nested too deep");
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      if (!Number.isSafeInteger(value)) throw new MsgpackError("Cannot encode index: not a safe integer");
      // Minus zero would become a float.
      return Object.is(value, -0) ? 0 : wide(value);
    case "bigint":
      if (!Number.isSafeInteger(Number(value)) || wide(Number(value)) !== value) {
        throw new MsgpackError("Cannot encode index: not a wide safe integer");
      }
      return value;
    case "string":
      if (!value.isWellFormed()) throw new MsgpackError("Cannot encode index: lone surrogate");
      return value;
    case "object":
      if (value === null || value instanceof Uint8Array) return value;
      return Array.isArray(value) ? prepareArray(value, depth, goodKeys) : prepareMap(value, depth, goodKeys);
    default:
      throw new MsgpackError(`Cannot encode index: ${typeof value}`);
  }
}

function prepareArray(array: Packable[], depth: number, goodKeys: Set<string>): unknown[] {
  let prepared: unknown[] = array;
  for (let i = 0; i < array.length; i++) {
    const item = array[i] as Packable;
    const ready = prepare(item, depth + 1, goodKeys);
    if (Object.is(ready, item)) continue;
    if (prepared === array) prepared = [...array];
    prepared[i] = ready;
  }
  return prepared;
}

function prepareMap(map: { [key: string]: Packable }, depth: number, goodKeys: Set<string>): Record<string, unknown> {
  let prepared: Record<string, unknown> = map;
  for (const key of Object.keys(map)) {
    if (!goodKeys.has(key)) {
      if (FORBIDDEN_KEYS.has(key) || !KEY.test(key)) throw new MsgpackError("Cannot encode index: forbidden key");
      goodKeys.add(key);
    }
    const item = map[key] as Packable;
    const ready = prepare(item, depth + 1, goodKeys);
    if (Object.is(ready, item)) continue;
    if (prepared === map) prepared = { ...map };
    prepared[key] = ready;
  }
  return prepared;
}

/** Checks the grammar and every claimed length against the bytes that are there; allocates only for map keys. */
class Walk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Position after the value that begins at `at`. */
  value(at: number, depth: number): number {
    if (depth > MAX_DEPTH) throw new MsgpackError("Cannot decode index: nested too deep");
    this.#need(at, 1);
    const tag = this.#bytes[at] ?? 0;
    const body = at + 1;
    if (tag <= 0x7f || tag >= 0xe0) return body;
    if (tag <= 0x8f) return this.#map(body, tag & 0x0f, depth);
    if (tag <= 0x9f) return this.#array(body, tag & 0x0f, depth);
    if (tag <= 0xbf) return this.#text(body, tag & 0x1f);
    switch (tag) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return body;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#skip(body + (1 << (tag - 0xc4)), this.#unsigned(body, 1 << (tag - 0xc4)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#skip(body, 1 << (tag - 0xcc));
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.#skip(body, 1 << (tag - 0xd0));
      case 0xd3:
        return this.#long(body);
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(body + (1 << (tag - 0xd9)), this.#unsigned(body, 1 << (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(body + (2 << (tag - 0xdc)), this.#unsigned(body, 2 << (tag - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(body + (2 << (tag - 0xde)), this.#unsigned(body, 2 << (tag - 0xde)), depth);
      default:
        throw new MsgpackError(`Cannot decode index: type 0x${tag.toString(16)} is not accepted`);
    }
  }

  #array(at: number, count: number, depth: number): number {
    this.#need(at, count);
    for (let i = 0; i < count; i++) at = this.value(at, depth + 1);
    return at;
  }

  /** Duplicate keys need no check here: they merge, and the fresh encoding then differs. */
  #map(at: number, count: number, depth: number): number {
    this.#need(at, 2 * count);
    for (let i = 0; i < count; i++) at = this.value(this.#key(at), depth + 1);
    return at;
  }

  #key(at: number): number {
    this.#need(at, 1);
    const tag = this.#bytes[at] ?? 0;
    if (tag <= 0xa0 || tag > 0xbf) throw new MsgpackError("Cannot decode index: key is not a short string");
    const end = this.#skip(at + 1, tag & 0x1f);
    for (let i = at + 1; i < end; i++) {
      const b = this.#bytes[i] ?? 0;
      if (b < 0x20 || b > 0x7e) throw new MsgpackError("Cannot decode index: key is not printable ASCII");
    }
    if (FORBIDDEN_LENGTHS.has(end - at - 1)) {
      const key = String.fromCharCode(...this.#bytes.subarray(at + 1, end));
      if (FORBIDDEN_KEYS.has(key)) throw new MsgpackError("Cannot decode index: forbidden key");
    }
    return end;
  }

  #text(at: number, length: number): number {
    const end = this.#skip(at, length);
    for (let i = at; i < end; i++) {
      if ((this.#bytes[i] ?? 0) > 0x7f) {
        this.#utf8(i, end);
        break;
      }
    }
    return end;
  }

  #utf8(at: number, end: number): void {
    try {
      STRICT_UTF8.decode(this.#bytes.subarray(at, end));
    } catch {
      throw new MsgpackError("Cannot decode index: invalid UTF-8");
    }
  }

  #long(at: number): number {
    const end = this.#skip(at, 8);
    const n = this.#view.getBigInt64(at);
    if (n > Number.MAX_SAFE_INTEGER || n < -Number.MAX_SAFE_INTEGER) {
      throw new MsgpackError("Cannot decode index: integer beyond 53 bits");
    }
    // msgpackr keeps it a bigint and writes it back as long as it was, so the fresh encoding would not differ.
    if (n <= 0xffffffffn && n >= -0x80000000n) {
      throw new MsgpackError("Cannot decode index: an integer is longer than it need be");
    }
    return end;
  }

  #unsigned(at: number, width: number): number {
    this.#need(at, width);
    return width === 1 ? this.#view.getUint8(at) : width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #skip(at: number, length: number): number {
    this.#need(at, length);
    return at + length;
  }

  #need(at: number, length: number): void {
    if (at + length > this.#bytes.length) throw new MsgpackError("Cannot decode index: cut short");
  }
}
