/** One fault in the encoding of an index, in its fields, or in what its records are to each other and to the blobs. */
import { concat, fromHex, toHex, u32 } from "../../lib/bytes.ts";
import { encode, type Packable } from "../../lib/msgpack.ts";
import { type Draft, type Fault, flipped, indexOf, patched } from "./one_fault_draft.ts";

type Change = Fault[3];
const msgpack = (name: string, change: (bytes: Uint8Array) => Uint8Array): Fault => [
  name,
  "msgpack",
  "CORRUPT_FRAME",
  (d) => void (d.middle.index = change(encode(indexOf(d.middle)))),
];
/** `83 a1 76 01`: a map of three, "v", 1. Another beginning, given in hexadecimal. */
const begins = (hex: string) => (bytes: Uint8Array) => concat(fromHex(hex), bytes.slice(4));
/** `hex` for the first occurrence of `known`. */
const written = (known: string, hex: string) => (bytes: Uint8Array) => fromHex(toHex(bytes).replace(known, hex));

const MSGPACK: Fault[] = [
  msgpack("no index at all", () => new Uint8Array(0)),
  msgpack("an index cut by one byte", (bytes) => bytes.slice(0, -1)),
  msgpack("a byte after the index", (bytes) => concat(bytes, new Uint8Array(1))),
  msgpack("a float of 64 bits", begins("83a176cb3ff0000000000000")),
  msgpack("a float of 32 bits", begins("83a176ca3f800000")),
  msgpack("1 in two bytes", begins("83a176cc01")),
  msgpack("1 as a signed byte", begins("83a176d001")),
  msgpack("1 in nine bytes", begins("83a176d30000000000000001")),
  msgpack("1 as an unsigned 64-bit integer", begins("83a176cf0000000000000001")),
  msgpack("an integer beyond 53 bits", begins("83a176d30020000000000000")),
  msgpack("an extension", begins("83a176d40001")),
  msgpack("a byte that is never used", begins("83a176c1")),
  msgpack("a map of three with a long head", begins("de0003a17601")),
  msgpack("a key with a long head", begins("83d9017601")),
  msgpack("a key twice", begins("84a17601a17601")),
  msgpack("a key that is a number", begins("830101")),
  msgpack("an empty key", begins("83a001")),
  msgpack("a key with a control character", begins("83a10a01")),
  msgpack("the key __proto__", begins("84a17601a95f5f70726f746f5f5f80")),
  msgpack("the key constructor", begins("84a17601ab636f6e7374727563746f72c0")),
  msgpack("a map that claims 2^32 - 1 entries", begins("dfffffffffa17601")),
  msgpack("a list that claims 2^32 - 1 items", written("a3707574", "a3707574ddffffffff")),
  msgpack("a list with a long head", written("a370757492", "a3707574dc0002")),
  msgpack("bytes that claim 2^32 - 1", written("c410", "c6ffffffff")),
  msgpack("a text that is not UTF-8", written("a547414d4d41", "a547414dff41")),
  msgpack("a text in overlong UTF-8", written("a547414d4d41", "a547414dc081")),
  msgpack("a text with a long head", written("a547414d4d41", "d90547414d4d41")),
  msgpack("lists 17 deep", begins(`84a17601a178${"91".repeat(17)}c0`)),
];

const index = (
  name: string,
  of: (right: ReturnType<typeof indexOf>) => Packable,
  frame: "first" | "middle" = "middle",
) => [name, "index", "CORRUPT_FRAME", (d: Draft) => void (d[frame].index = of(indexOf(d[frame])))] satisfies Fault;
const INDEX: Fault[] = [
  index("an index that is a list", () => []),
  index("an index that is nil", () => null),
  index("an index without version", ({ put, del }) => ({ put, del })),
  index("an index of version 0", (right) => ({ ...right, v: 0 })),
  index("an index of version 2", (right) => ({ ...right, v: 2 })),
  index("an index whose version is a text", (right) => ({ ...right, v: "1" })),
  index("an index with an unknown field", (right) => ({ ...right, more: 1 })),
  index("put that is a map", (right) => ({ ...right, put: {} })),
  index("put that is nil", ({ v, del }) => ({ v, put: null, del })),
  index("del that is bytes", ({ v, put, del }) => ({ v, put, del: del[0] ?? null })),
  index("an id of 15 bytes in del", (right) => ({ ...right, del: [new Uint8Array(15)] })),
  index("a name in del", (right) => ({ ...right, del: ["BETA"] })),
  index("a removal in a checkpoint", (right) => ({ ...right, del: [new Uint8Array(16)] }), "first"),
];

const together = (name: string, change: Change): Fault => [name, "records together", "CORRUPT_FRAME", change];
const TOGETHER: Fault[] = [
  together("one id twice in a frame", (d) => void (d.gamma.map.id = d.gamma.id = d.alphaAgain.id)),
  together("one name twice in a checkpoint", (d) => {
    d.beta.map.name = "ALPHA";
    d.middle.del = [];
  }),
  together("a name that an earlier frame gave to another", (d) => void (d.omega.map.name = "GAMMA")),
  together("two internal records of one name", (d) => {
    for (const { map } of [d.gamma, d.omega]) Object.assign(map, { name: "STATE", kind: ".internal" });
  }),
  together("a removal of what is not there", (d) => void d.middle.del.push(new Uint8Array(16))),
  together("a removal of what is added in the same frame", (d) => void d.middle.del.push(d.gamma.id)),
  together("a removal twice", (d) => void d.middle.del.push(d.beta.id)),
  together("a removal of what is gone already", (d) => void d.last.del.push(d.beta.id)),
];

const place = (name: string, change: Change): Fault => [name, "blob place", "CORRUPT_FRAME", change];
const PLACE: Fault[] = [
  place("a blob that begins late", (d) => void (d.alphaAgain.map.off = 1)),
  place("a blob that begins in another", (d) => void (d.gamma.map.off = 295)),
  place("a blob in the place of another", (d) => void (d.gamma.map.off = 0)),
  place("a gap between blobs", (d) => {
    d.gamma.map.off = 592;
    d.middle.blobs = ([one = nothing, two = nothing]) => [one, new Uint8Array(296), two];
  }),
  place("blobs in another order than their records", (d) => void d.middle.records.reverse()),
  place("a blob of no bucket's size", (d) => {
    d.gamma.map.len = 295;
    d.middle.blobs = ([one = nothing, two = nothing]) => [one, two.slice(1)];
  }),
  place("a blob with no room for a value", (d) => {
    d.gamma.map.len = 40;
    d.middle.blobs = ([one = nothing, two = nothing]) => [one, two.slice(0, 40)];
  }),
  place("a blob of the next bucket's size", (d) => void (d.gamma.map.len = 552)),
  place("a blob above 1 MiB", (d) => void (d.gamma.map.len = 1024 * 1024 + 2 * 4096 + 40)),
  place("a blob of 2^32 - 1 bytes", (d) => void (d.gamma.map.len = 2 ** 32 - 1)),
  place("bytes after the last blob", (d) => void (d.middle.blobs = (blobs) => [...blobs, new Uint8Array(1)])),
  place("a blob without record", (d) => void (d.middle.blobs = (blobs) => [...blobs, new Uint8Array(296)])),
  place("a record without blob", (d) => void (d.middle.blobs = (blobs) => blobs.slice(0, 1))),
];

const spoil = (name: string, gamma: NonNullable<Draft["gamma"]["spoil"]>): Fault => [
  name,
  "blob seal",
  "TAMPERED",
  (d) => void (d.gamma.spoil = gamma),
];
const BLOB: Fault[] = [
  spoil("a blob of another epoch", { sealedFor: { epoch: 2 } }),
  spoil("a blob of another vault", { sealedFor: { vaultId: new Uint8Array(16) } }),
  spoil("a blob of another record", { sealedFor: { id: new Uint8Array(16) } }),
  spoil("a blob of another revision", { sealedFor: { rev: 2 } }),
  spoil("a bit of a blob's nonce, MAC right", { blob: (b) => flipped(b, 0) }),
  spoil("a bit of a blob, MAC right", { blob: (b) => flipped(b, 24) }),
  spoil("a bit of a blob's tag, MAC right", { blob: (b) => flipped(b, -1, 128) }),
  ["blobs exchanged", "blob seal", "TAMPERED", (d) => void (d.middle.blobs = (blobs) => blobs.toReversed())],
  [
    "a value of the revision before",
    "blob seal",
    "TAMPERED",
    (d) => void (d.alphaAgain.spoil = { sealedFor: { rev: 1 } }),
  ],
];

const padded = (name: string, plaintext: (padded: Uint8Array) => Uint8Array): Fault => [
  name,
  "blob padding",
  "CORRUPT_FRAME",
  (d) => void (d.gamma.spoil = { plaintext }),
];
const PADDING: Fault[] = [
  padded("a value one byte longer than there is room", (p) => patched(p, 0, u32(253))),
  padded("a value of 2^32 - 1 bytes in its padding", (p) => patched(p, 0, u32(2 ** 32 - 1))),
  padded("the last byte of a value's padding", (p) => flipped(p, -1)),
  padded("a value one byte shorter than written", (p) => patched(p, 0, u32((p[3] ?? 0) - 1))),
];

/** All of an index but its single records, and what the blobs hold. */
export const INDEX_FAULTS: Fault[] = [...MSGPACK, ...INDEX, ...TOGETHER, ...PLACE, ...BLOB, ...PADDING];

const nothing = new Uint8Array(0);
