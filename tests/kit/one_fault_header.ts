/** One fault in the preamble, in the checksum or in the grammar of the header's items. */
import { concat, fromHex, u16, u32 } from "../../lib/bytes.ts";
import { type Draft, type Fault, flipped, patched } from "./one_fault_draft.ts";
import { derived, fixChecksum, FixedRandomness, item, recoverySpec, slotItem } from "./vault_builder.ts";

const fixedItems = ({ built }: Draft) => [
  item(1, built.vaultId),
  item(2, u32(built.epoch)),
  item(3, u16(1)),
  item(4, derived(built, "dk-commit")),
];
/** The fixed items without the one at `i`, or with another in its place. */
const withoutFixed = (i: number, ...others: Uint8Array[]) => (d: Draft) =>
  void (d.header.fixed = fixedItems(d).toSpliced(i, 1, ...others));
const lastItem = (make: (mac: Uint8Array) => Uint8Array) => (d: Draft) => void (d.header.macItem = make);
const file = (change: Draft["file"]) => (d: Draft) => void (d.file = change);
const moreItems = (...items: Uint8Array[]) => (d: Draft) => void d.header.items.push(...items);
const claimedLength = (n: (true_: number) => number) => (d: Draft) =>
  void (d.file = (f, at) => fixChecksum(patched(f, 20, u32(n(at.first - 64)))));
const extension = (type: number, length = 8) => item(type, new Uint8Array(length).fill(0xee));

const PREAMBLE: Fault[] = [
  ["an empty file", "preamble", "NOT_A_VAULT", file(() => new Uint8Array(0))],
  ["the magic cut short", "preamble", "NOT_A_VAULT", file((f) => f.subarray(0, 7))],
  ["a first byte of seven bits", "preamble", "NOT_A_VAULT", (d) => void (d.header.magic = fromHex("094153560d0a1a0a"))],
  ["line ends made Unix's", "preamble", "NOT_A_VAULT", (d) => void (d.header.magic = fromHex("894153560a1a0a00"))],
  ["line ends made DOS's", "preamble", "NOT_A_VAULT", (d) => void (d.header.magic = fromHex("894153560d0d0a1a"))],
  ["the audit log's name in the magic", "preamble", "NOT_A_VAULT", file((f) => patched(f, 1, fromHex("415341")))],
  ["nothing but the magic", "preamble", "DAMAGED_HEADER", file((f) => f.subarray(0, 8))],
  ["a preamble of 63 bytes", "preamble", "DAMAGED_HEADER", file((f) => f.subarray(0, 63))],
  ["nothing but the preamble", "preamble", "DAMAGED_HEADER", file((f) => f.subarray(0, 64))],
  ["a header cut by one byte", "preamble", "DAMAGED_HEADER", file((f, at) => f.subarray(0, at.first - 1))],
  ["major version 0", "preamble", "UNSUPPORTED_VERSION", (d) => void (d.header.major = 0)],
  ["major version 2", "preamble", "UNSUPPORTED_VERSION", (d) => void (d.header.major = 2)],
  ["the highest major version", "preamble", "UNSUPPORTED_VERSION", (d) => void (d.header.major = 0xffff)],
  ["critical flag 0", "preamble", "UNSUPPORTED_VERSION", (d) => void (d.header.criticalFlags = 1)],
  ["critical flag 31", "preamble", "UNSUPPORTED_VERSION", (d) => void (d.header.criticalFlags = 2 ** 31)],
  ["header_len 0", "preamble", "DAMAGED_HEADER", claimedLength(() => 0)],
  ["header_len 255, one below the least", "preamble", "DAMAGED_HEADER", claimedLength(() => 255)],
  ["header_len 65,537, one above the most", "preamble", "DAMAGED_HEADER", moreItems(item(0x8000, bytesUpTo(65_537)))],
  ["header_len beyond the file", "preamble", "DAMAGED_HEADER", claimedLength(() => 65_536)],
  ["header_len 2^31", "preamble", "DAMAGED_HEADER", claimedLength(() => 2 ** 31)],
  ["header_len 2^32 - 1", "preamble", "DAMAGED_HEADER", claimedLength(() => 2 ** 32 - 1)],
  ["first reserved byte not zero", "preamble", "DAMAGED_HEADER", (d) => reserve(d, 0)],
  ["last reserved byte not zero", "preamble", "DAMAGED_HEADER", (d) => reserve(d, 7)],
];

const CHECKSUM: Fault[] = [
  ["a bit of the checksum", "checksum", "DAMAGED_HEADER", (d) => void (d.header.checksum = (c) => flipped(c, 0))],
  ["a checksum of zeros", "checksum", "DAMAGED_HEADER", (d) => void (d.header.checksum = () => new Uint8Array(32))],
  ["a bit of a slot's id", "checksum", "DAMAGED_HEADER", file((f, at) => flipped(f, at.recovery + 6))],
  ["a bit of header_mac", "checksum", "DAMAGED_HEADER", file((f, at) => flipped(f, at.first - 1))],
];

const ITEMS: Fault[] = [
  ["no vault_id", "items", "DAMAGED_HEADER", withoutFixed(0)],
  ["no epoch", "items", "DAMAGED_HEADER", withoutFixed(1)],
  ["no suite", "items", "DAMAGED_HEADER", withoutFixed(2)],
  ["no dk_commit", "items", "DAMAGED_HEADER", withoutFixed(3)],
  ["a vault_id of 15 bytes", "items", "DAMAGED_HEADER", withoutFixed(0, item(1, new Uint8Array(15)))],
  ["a vault_id of 17 bytes", "items", "DAMAGED_HEADER", withoutFixed(0, item(1, new Uint8Array(17)))],
  ["an epoch of 3 bytes", "items", "DAMAGED_HEADER", withoutFixed(1, item(2, fromHex("000001")))],
  ["an epoch of 8 bytes", "items", "DAMAGED_HEADER", withoutFixed(1, item(2, fromHex("0000000000000001")))],
  ["an empty suite", "items", "DAMAGED_HEADER", withoutFixed(2, item(3, new Uint8Array(0)))],
  ["a suite of 4 bytes", "items", "DAMAGED_HEADER", withoutFixed(2, item(3, u32(1)))],
  ["a dk_commit of 31 bytes", "items", "DAMAGED_HEADER", withoutFixed(3, item(4, new Uint8Array(31)))],
  ["a dk_commit of 33 bytes", "items", "DAMAGED_HEADER", withoutFixed(3, item(4, new Uint8Array(33)))],
  ["suite 0", "items", "UNSUPPORTED_VERSION", (d) => void (d.header.suite = 0)],
  ["suite 2", "items", "UNSUPPORTED_VERSION", (d) => void (d.header.suite = 2)],
  ["vault_id twice", "items", "DAMAGED_HEADER", (d) => withoutFixed(0, ...Array(2).fill(fixedItems(d)[0]))(d)],
  ["epoch twice", "items", "DAMAGED_HEADER", (d) => withoutFixed(1, item(2, u32(1)), item(2, u32(2)))(d)],
  ["suite before epoch", "items", "DAMAGED_HEADER", (d) => withoutFixed(1, item(3, u16(1)), item(2, u32(1)))(d)],
  ["a slot before dk_commit", "items", "DAMAGED_HEADER", (d) => {
    const fixed = fixedItems(d);
    d.header.fixed = fixed.slice(0, 3);
    d.items = ([passphrase, recovery]) => [passphrase, fixed[3], recovery].filter((x) => x !== undefined);
  }],
  ["an item of type 0", "items", "DAMAGED_HEADER", withoutFixed(0, item(0, new Uint8Array(16)))],
  ["unknown critical item 0x0005", "items", "UNSUPPORTED_VERSION", (d) => {
    d.header.fixed = [...fixedItems(d), extension(0x0005)];
  }],
  ["unknown critical item 0x0011", "items", "UNSUPPORTED_VERSION", moreItems(extension(0x0011))],
  ["unknown critical item 0x7ffe", "items", "UNSUPPORTED_VERSION", moreItems(extension(0x7ffe))],
  ["an extension twice", "items", "DAMAGED_HEADER", moreItems(extension(0x8000), extension(0x8000))],
  ["extensions that descend", "items", "DAMAGED_HEADER", moreItems(extension(0x8001), extension(0x8000))],
  ["a slot after an extension", "items", "DAMAGED_HEADER", (d) => {
    d.items = ([passphrase, recovery]) => [passphrase, extension(0x8000), recovery].filter((x) => x !== undefined);
  }],
  ["no header_mac", "items", "DAMAGED_HEADER", lastItem(() => new Uint8Array(0))],
  ["a header_mac of 31 bytes", "items", "DAMAGED_HEADER", lastItem((mac) => item(0x7fff, mac.slice(1)))],
  [
    "a header_mac of 33 bytes",
    "items",
    "DAMAGED_HEADER",
    lastItem((mac) => item(0x7fff, concat(u16(0), mac.slice(1)))),
  ],
  [
    "an extension after header_mac",
    "items",
    "DAMAGED_HEADER",
    lastItem((m) => concat(item(0x7fff, m), extension(0x8000))),
  ],
  ["header_mac twice", "items", "DAMAGED_HEADER", lastItem((m) => concat(item(0x7fff, m), item(0x7fff, m)))],
  ["a byte after header_mac", "items", "DAMAGED_HEADER", lastItem((m) => concat(item(0x7fff, m), new Uint8Array(1)))],
  ["five bytes where an item should begin", "items", "DAMAGED_HEADER", lastItem(() => new Uint8Array(5))],
  [
    "an item that ends beyond the area",
    "items",
    "DAMAGED_HEADER",
    lastItem((m) => patched(item(0x7fff, m), 2, u32(33))),
  ],
  [
    "an item of 2^32 - 1 bytes",
    "items",
    "DAMAGED_HEADER",
    lastItem((m) => patched(item(0x8000, m), 2, u32(2 ** 32 - 1))),
  ],
  ["header_len one less than the header", "items", "DAMAGED_HEADER", claimedLength((n) => n - 1)],
  ["header_len that takes in a byte of the frame", "items", "DAMAGED_HEADER", claimedLength((n) => n + 1)],
  ["no slot", "items", "DAMAGED_HEADER", (d) => void (d.items = () => [item(0x8000, new Uint8Array(200))])],
  ["33 slots", "items", "DAMAGED_HEADER", (d) => {
    const others = { ...d.built, random: new FixedRandomness("others") };
    const more = Array.from({ length: 31 }, () => slotItem(others, recoverySpec(others, new Uint8Array(20))));
    d.items = (items) => [...items, ...more];
  }],
];

/** All that is found before a key is asked for. */
export const HEADER_FAULTS: Fault[] = [...PREAMBLE, ...CHECKSUM, ...ITEMS];

/** The value of an extension that makes the header area `length` bytes long: two slots and the fixed items stand there. */
function bytesUpTo(length: number): Uint8Array {
  return new Uint8Array(length - 78 - 160 - 150 - 6 - 38);
}

function reserve(d: Draft, at: number): void {
  d.header.reserved = patched(new Uint8Array(8), at, Uint8Array.of(1));
}
