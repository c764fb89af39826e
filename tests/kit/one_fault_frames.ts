/** One fault in a frame's head, in its MAC, in the seal of its index, or in what the machine remembers of the vault. */
import { concat, fromHex, u32 } from "../../lib/bytes.ts";
import { type Draft, type Fault, flipped, type FrameDraft, NEWEST, patched, type Places } from "./one_fault_draft.ts";

const first = (change: Partial<FrameDraft>) => (d: Draft) => void (d.first = { ...d.first, ...change });
const middle = (change: Partial<FrameDraft>) => (d: Draft) => void (d.middle = { ...d.middle, ...change });
const last = (change: Partial<FrameDraft>) => (d: Draft) => void (d.last = { ...d.last, ...change });
const file = (change: Draft["file"]) => (d: Draft) => void (d.file = change);
/** The file with one bit flipped where `place` says. */
const bit = (place: (at: Places, file: Uint8Array) => number) => file((f, at) => flipped(f, place(at, f)));
const TORN = `generation ${NEWEST - 1} torn`;
const MIB64 = 64 * 1024 * 1024;

const HEAD: Fault[] = [
  ["no frame", "frame head", "CORRUPT_FRAME", file((f, at) => f.subarray(0, at.first))],
  ["a first frame cut in its head", "frame head", "CORRUPT_FRAME", file((f, at) => f.subarray(0, at.first + 47))],
  ["a first frame cut by one byte", "frame head", "CORRUPT_FRAME", file((f, at) => f.subarray(0, at.middle - 1))],
  ["FRM2", "frame head", "CORRUPT_FRAME", middle({ magic: fromHex("46524d32") })],
  ["frame type 0", "frame head", "CORRUPT_FRAME", middle({ type: 0 })],
  ["frame type 3", "frame head", "CORRUPT_FRAME", middle({ type: 3 })],
  ["a zero byte of a head that is 1", "frame head", "CORRUPT_FRAME", middle({ zeros: fromHex("000001") })],
  ["a zero byte of a head that is 128", "frame head", "CORRUPT_FRAME", middle({ zeros: fromHex("800000") })],
  ["a delta first", "frame head", "CORRUPT_FRAME", first({ type: 2 })],
  ["a first frame of generation 0", "frame head", "CORRUPT_FRAME", alone(0n)],
  ["a first frame of generation 2^53", "frame head", "CORRUPT_FRAME", alone(2n ** 53n)],
  ["a first frame of generation 2^64 - 1", "frame head", "CORRUPT_FRAME", alone(2n ** 64n - 1n)],
  ["a generation repeated", "frame head", "CORRUPT_FRAME", middle({ generation: 7 })],
  ["a generation skipped", "frame head", "CORRUPT_FRAME", middle({ generation: 9 })],
  ["a generation that goes back", "frame head", "CORRUPT_FRAME", middle({ generation: 1 })],
  ["the last generation repeated", "frame head", "CORRUPT_FRAME", last({ generation: 8 })],
  ["the last generation skipped", "frame head", "CORRUPT_FRAME", last({ generation: 10 })],
  ["a blob area one byte above 64 MiB", "frame head", "CORRUPT_FRAME", middle({ blobLength: MIB64 + 1 })],
  ["a blob area of 2^32 - 1 bytes", "frame head", "CORRUPT_FRAME", middle({ blobLength: 2 ** 32 - 1 })],
  ["a blob area that ends beyond the file", "frame head", "CORRUPT_FRAME", middle({ blobLength: MIB64 })],
  ["an index above 64 MiB", "frame head", "CORRUPT_FRAME", middle({ indexLength: MIB64 + 16 })],
  ["an index of 2^32 - 1 bytes", "frame head", "CORRUPT_FRAME", middle({ indexLength: 2 ** 32 - 1 })],
  ["an index of 0 bytes", "frame head", "CORRUPT_FRAME", middle({ indexLength: 0 })],
  ["an empty index", "frame head", "CORRUPT_FRAME", middle({ plaintext: () => new Uint8Array(0) })],
  ["a delta's index padded to 511", "frame head", "CORRUPT_FRAME", middle({ plaintext: (p) => p.slice(0, 511) })],
  [
    "a checkpoint's index padded as a delta's",
    "frame head",
    "CORRUPT_FRAME",
    first({ plaintext: (p) => p.slice(0, 512) }),
  ],
  ["a last head that is none", "frame head", TORN, bit((at) => at.last)],
  ["a last frame cut in its head", "frame head", TORN, file((f, at) => f.subarray(0, at.last + 20))],
  ["a last frame cut in its index", "frame head", TORN, file((f, at) => f.subarray(0, at.last + 300))],
  ["a last frame cut by one byte", "frame head", TORN, file((f) => f.subarray(0, -1))],
  ["a last frame whose bytes never came", "frame head", TORN, file((f, at) => patched(f, at.last, zeros(f, at.last)))],
  ["a byte after the last frame", "frame head", `generation ${NEWEST} torn`, file((f) => concat(f, new Uint8Array(1)))],
  [
    "a block of zeros after the last frame",
    "frame head",
    `generation ${NEWEST} torn`,
    file((f) => concat(f, u32(0), new Uint8Array(4092))),
  ],
];

const CHAIN: Fault[] = [
  ["a bit of the first chain_mac", "chain MAC", "CORRUPT_FRAME", first({ mac: (m) => flipped(m, 0) })],
  ["a bit of a chain_mac", "chain MAC", "CORRUPT_FRAME", middle({ mac: (m) => flipped(m, 31) })],
  ["a chain_mac of zeros", "chain MAC", "CORRUPT_FRAME", middle({ mac: () => new Uint8Array(32) })],
  ["a chain_mac under the key of the header", "chain MAC", "CORRUPT_FRAME", middle({ macUnder: "header" })],
  ["a chain_mac that follows nothing", "chain MAC", "CORRUPT_FRAME", middle({ macAfter: new Uint8Array(32) })],
  ["a chain_mac that skips what it follows", "chain MAC", "CORRUPT_FRAME", middle({ macAfter: new Uint8Array(0) })],
  ["a bit of the first index", "chain MAC", "CORRUPT_FRAME", bit((at) => at.first + 48)],
  ["a bit of the first blob", "chain MAC", "CORRUPT_FRAME", bit((at) => at.middle - 33)],
  ["a bit of an index's nonce", "chain MAC", "CORRUPT_FRAME", bit((at) => at.middle + 24)],
  ["a bit of an index's tag", "chain MAC", "CORRUPT_FRAME", bit((at) => at.middle + 48 + 527)],
  ["a bit of a blob", "chain MAC", "CORRUPT_FRAME", bit((at) => at.last - 33)],
  [
    "a checkpoint called a delta",
    "chain MAC",
    "CORRUPT_FRAME",
    file((f, at) => patched(f, at.first + 4, Uint8Array.of(2))),
  ],
  ["a delta in the place of the one before", "chain MAC", "CORRUPT_FRAME", file(exchanged)],
  [
    "a last frame that ends before the file does",
    "chain MAC",
    "CORRUPT_FRAME",
    file((f, at) => patched(f, at.last + 16, u32(0))),
  ],
  ["a bit of the last chain_mac", "chain MAC", TORN, bit((_, f) => f.length - 1)],
  ["a bit of the last index", "chain MAC", TORN, bit((at) => at.last + 60)],
  ["a bit of the last blob", "chain MAC", TORN, bit((_, f) => f.length - 33)],
];

const SEAL: Fault[] = [
  ["an index sealed for another epoch", "index seal", "TAMPERED", middle({ sealedFor: { epoch: 2 } })],
  [
    "an index sealed for another vault",
    "index seal",
    "TAMPERED",
    middle({ sealedFor: { vaultId: new Uint8Array(16) } }),
  ],
  [
    "an index sealed for another place",
    "index seal",
    "TAMPERED",
    middle({ sealedFor: { previous: new Uint8Array(32) } }),
  ],
  ["an index sealed for another head", "index seal", "TAMPERED", middle({ sealedFor: { head: new Uint8Array(24) } })],
  ["an index sealed under another key", "index seal", "TAMPERED", middle({ sealedUnder: "chain" })],
  ["a bit of an index, MAC right", "index seal", "TAMPERED", middle({ sealed: (s) => flipped(s, 0) })],
  ["a bit of an index's tag, MAC right", "index seal", "TAMPERED", middle({ sealed: (s) => flipped(s, -1) })],
  ["a bit of the last index, MAC right", "index seal", "TAMPERED", last({ sealed: (s) => flipped(s, 100) })],
  ["a bit of the first index, MAC right", "index seal", "TAMPERED", first({ sealed: (s) => flipped(s, 4000) })],
];

const PADDING: Fault[] = [
  [
    "an index one byte longer than there is room",
    "index padding",
    "CORRUPT_FRAME",
    middle({ plaintext: (p) => patched(p, 0, u32(509)) }),
  ],
  [
    "an index of 2^32 - 1 bytes in its padding",
    "index padding",
    "CORRUPT_FRAME",
    middle({ plaintext: (p) => patched(p, 0, u32(2 ** 32 - 1)) }),
  ],
  [
    "the last byte of an index's padding",
    "index padding",
    "CORRUPT_FRAME",
    middle({ plaintext: (p) => flipped(p, -1) }),
  ],
  [
    "the first byte of an index's padding",
    "index padding",
    "CORRUPT_FRAME",
    middle({ plaintext: (p) => flipped(p, 4 + sizeOf(p)) }),
  ],
  [
    "the last byte of a checkpoint's padding",
    "index padding",
    "CORRUPT_FRAME",
    first({ plaintext: (p) => flipped(p, -1, 128) }),
  ],
];

const anchored = (generation: number, lastMac?: Uint8Array) => (d: Draft) => {
  d.file = (f) => {
    d.anchor = { generation, lastMac: lastMac ?? f.slice(-32) };
    return f;
  };
};
const ANCHOR: Fault[] = [
  ["a file one generation older than remembered", "anchor", "ROLLED_BACK", anchored(NEWEST + 1)],
  ["a file far older than remembered", "anchor", "ROLLED_BACK", anchored(2 ** 53 - 1)],
  ["a last save that was taken back whole", "anchor", "ROLLED_BACK", (d) => {
    d.file = (f, at) => {
      d.anchor = { generation: NEWEST, lastMac: f.slice(-32) };
      return f.subarray(0, at.last);
    };
  }],
  ["another file of the generation remembered", "anchor", "FORKED", anchored(NEWEST, new Uint8Array(32))],
];

/** All that is found before an index is understood, and what the file's own past says. */
export const FRAME_FAULTS: Fault[] = [...HEAD, ...CHAIN, ...SEAL, ...PADDING, ...ANCHOR];

/** One frame, since what follows would be out of order too. */
function alone(generation: bigint) {
  return (d: Draft) => {
    d.first = { ...d.first, generation };
    d.file = (f, at) => f.subarray(0, at.middle);
  };
}

function zeros(file: Uint8Array, from: number): Uint8Array {
  return new Uint8Array(file.length - from);
}

function sizeOf(padded: Uint8Array): number {
  return new DataView(padded.buffer).getUint32(0);
}

/** The two deltas in each other's place, each with the generation that is due there. */
function exchanged(file: Uint8Array, at: Places): Uint8Array {
  const [one, two] = [file.slice(at.middle, at.last), file.slice(at.last)];
  one[15] = NEWEST;
  two[15] = NEWEST - 1;
  return concat(file.subarray(0, at.middle), two, one);
}
