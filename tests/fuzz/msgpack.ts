/** Strict MessagePack: what is no canonical encoding ends in MsgpackError, and what is read is written back the same. */
import { Buffer } from "node:buffer";
import { fromHex, utf8 } from "../../lib/bytes.ts";
import * as real from "../../lib/msgpack.ts";
import type { Packable } from "../../lib/msgpack.ts";
import { demand, type Entry, type Target } from "./target.ts";

/** The functions under test; a broken one takes their place to prove that the target sees it. */
export type MsgpackParts = Pick<typeof real, "decode" | "encode">;

export function msgpackTarget({ decode, encode }: MsgpackParts = real): Target {
  return {
    name: "msgpack",
    corpus: corpus(),
    dictionary: [
      ..."80 81 8f 90 91 9f a0 a1 bf c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 ca cb cc cd ce cf d0 d1 d2 d3 d4 d6 d8".split(" "),
      ..."d9 da db dc dd de df e0 ff c4ff ddffffffff dfffffffff c6ffffffff a95f5f70726f746f5f5f d472c0d47240".split(
        " ",
      ),
    ].map(fromHex).concat(["aconstructor", "iprototype", "aa", "\ud800", "é🦀"].map(utf8)),
    maxBytes: 4096,
    run(input) {
      let value: Packable;
      try {
        value = decode(input);
      } catch (error) {
        if (error instanceof real.MsgpackError) return faultOf(error.message);
        throw error;
      }
      demand(Buffer.compare(encode(value), input) === 0, "What was read is not written back as the same bytes");
      demand(isPlain(value, 0), "What was read holds more than plain data");
      demand(Object.keys(Object.prototype).length === 0, "The prototype of all objects was changed");
      return "read";
    },
    reaches: [
      "read",
      "cut short",
      "bytes after the end",
      "not the canonical encoding",
      "invalid UTF-8",
      "key is not a short string",
      "forbidden key",
      "nested too deep",
      "integer beyond 53 bits",
      "an integer is longer than it need be",
    ],
  };
}

/** Nothing but what JSON has, bytes and safe integers. */
function isPlain(value: Packable, depth: number): boolean {
  if (value === null || typeof value === "boolean" || typeof value === "string") return true;
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object" || depth > 20) return false;
  if (value instanceof Uint8Array) return Object.keys(value).every((key) => /^\d+$/.test(key));
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1));
  return Object.getPrototypeOf(value) === Object.prototype &&
    Object.entries(value).every(([key, item]) => !(key in Object.prototype) && isPlain(item, depth + 1));
}

function faultOf(message: string): string {
  return message.replace("Cannot decode index: ", "").replace(/0x\w+/, "…");
}

function corpus(): Entry[] {
  const hostile = JSON.parse(
    Deno.readTextFileSync(new URL("../vectors/data/msgpack_hostile.json", import.meta.url)),
  ) as { cases: { name: string; hex: string }[] };
  const entries: Entry[] = Object.entries(SOUND).map(([name, value]) => ({
    name,
    pieces: msgpackPieces(real.encode(value)),
    gives: "read",
  }));
  for (const { name, hex } of hostile.cases) {
    const bytes = fromHex(hex);
    // Of a case that is large by repetition the beginning is enough to start from.
    if (bytes.length <= 4096) entries.push({ name, pieces: msgpackPieces(bytes), gives: refusalOf(bytes) });
  }
  return entries;
}

function refusalOf(bytes: Uint8Array): string {
  try {
    real.decode(bytes);
    return "a refusal";
  } catch (error) {
    return error instanceof real.MsgpackError ? faultOf(error.message) : "a MsgpackError";
  }
}

const RECORD = {
  id: new Uint8Array(16).fill(7),
  rev: 3,
  name: "GITHUB_TOKEN",
  off: 0,
  len: 296,
  tags: ["ci", "é🦀"],
  grant: { destinations: [{ host: "api.github.com", port: 8443, paths: ["/v1"] }], modes: ["env"], expires: 1.7e12 },
  created: 1.7e12,
  weak: true,
};

/** One of each form that the format has. */
const SOUND: Record<string, Packable> = {
  "an index": { v: 1, put: [RECORD, { ...RECORD, name: "B", off: 296 }], del: [new Uint8Array(16)] },
  "every width of a number": [0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]
    .flatMap((n) => [n, -n]),
  "every width of a text": [0, 1, 31, 32, 255, 256, 1000].map((n) => "a".repeat(n)),
  "every width of bytes": [0, 1, 255, 256, 1000].map((n) => new Uint8Array(n)),
  "long lists and maps": [
    Array.from({ length: 16 }, () => null),
    Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`key ${i}`, i % 2 === 0])),
  ],
  "deep": Array.from({ length: 15 }).reduce<Packable>((inner) => [inner], "x"),
};

/** The bytes cut before each value, and between a value's head and its body. A rough reading that never fails. */
export function msgpackPieces(bytes: Uint8Array): Uint8Array[] {
  const cuts = new Set([0]);
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const width = tag >= 0xc4 && tag <= 0xdf ? WIDTHS[tag - 0xc4] ?? 0 : 0;
    let length = tag >= 0xa0 && tag <= 0xbf ? tag & 0x1f : 0;
    if (SIZED.has(tag)) length = bytes.subarray(at + 1, at + 1 + width).reduce((n, b) => n * 256 + b, 0);
    cuts.add(at).add(at + 1 + width);
    at += 1 + width + length;
  }
  const sorted = [...cuts].filter((cut) => cut < bytes.length).sort((a, b) => a - b);
  return sorted.map((cut, i) => bytes.slice(cut, sorted[i + 1] ?? bytes.length));
}

/** Bytes after the tag before a value's body or end, for the tags from c4 to df. */
const WIDTHS = [1, 2, 4, 2, 3, 5, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4];
/** Byte strings and texts: their head says how long the body is. */
const SIZED = new Set([0xc4, 0xc5, 0xc6, 0xd9, 0xda, 0xdb]);
