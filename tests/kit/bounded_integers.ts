/** Every integer of a vault file: how wide it is, what a reader accepts, and a file in which it alone is another. */
import { concat, u32 } from "../../lib/bytes.ts";
import { type Draft, type FrameDraft, patched, vectorOf } from "./one_fault_draft.ts";
import { FixedRandomness, item, recoverySpec, slotItem } from "./vault_builder.ts";

/** One integer. Out of `min…max` the file is refused with `fault`, in it the file opens. */
export interface BoundedInteger {
  name: string;
  bits: number;
  min: bigint;
  max: bigint;
  fault: RegExp;
  /** True for integers of the index, which have a sign. */
  signed?: boolean;
  /** Limits that this file does not reach, but that a reader may take for room to allocate. */
  limits?: bigint[];
  change: (draft: Draft, n: bigint) => void;
}

const U16 = 2n ** 16n - 1n;
const U32 = 2n ** 32n - 1n;
const MIB64 = 2n ** 26n;
const SAFE = 2n ** 53n - 1n;

/** All but the costs of a passphrase slot, which are asked for in another way. */
export const INTEGERS: BoundedInteger[] = [
  header("major version", 16, 1n, 1n, /UNSUPPORTED_VERSION/, (n) => ({ major: Number(n) })),
  header("minor version", 16, 0n, U16, /none/, (n) => ({ minor: Number(n) })),
  header("critical flags", 32, 0n, 0n, /UNSUPPORTED_VERSION/, (n) => ({ criticalFlags: Number(n) })),
  header("ignorable flags", 32, 0n, U32, /none/, (n) => ({ ignorableFlags: Number(n) })),
  header("header_len", 32, 426n, 426n, /DAMAGED_HEADER/, (n) => ({ length: Number(n) })),
  header("reserved", 64, 0n, 0n, /DAMAGED_HEADER/, (n) => ({ reserved: bytesOf(n, 8) })),
  header("suite", 16, 1n, 1n, /UNSUPPORTED_VERSION/, (n) => ({ suite: Number(n) })),
  whole("epoch", 32, 0n, U32, /none/, (d, n) => void (d.built.epoch = Number(n))),
  whole(
    "type of an item after the slots",
    16,
    0x8000n,
    U16,
    /UNSUPPORTED_VERSION|DAMAGED_HEADER/,
    (d, n) => void d.header.items.push(item(Number(n), new Uint8Array(8))),
  ),
  whole(
    "length of an item",
    32,
    8n,
    8n,
    /DAMAGED_HEADER/,
    (d, n) => void d.header.items.push(patched(item(0x8000, new Uint8Array(8)), 2, u32(Number(n)))),
  ),
  slot("slot type", 16, 0n, U16, /none/, (n) => ({ type: Number(n) })),
  slot("slot flags", 16, 0n, U16, /none/, (n) => ({ flags: Number(n) })),
  slot("length of a slot's params", 32, 16n, 16n, /DAMAGED_HEADER/, (n) => ({ paramsLength: Number(n) })),
  whole("frame type", 8, 1n, 2n, /CORRUPT_FRAME/, (d, n) => {
    d.middle = { ...d.middle, type: Number(n), del: [] };
  }),
  frame("zeros of a head", 24, 0n, 0n, (n) => ({ zeros: bytesOf(n, 3) })),
  whole("first generation", 64, 1n, SAFE, /CORRUPT_FRAME/, (d, n) => {
    d.first = { ...d.first, generation: n };
    d.file = (f, at) => f.subarray(0, at.middle);
  }),
  frame("next generation", 64, 8n, 8n, (n) => ({ generation: n })),
  { ...frame("blob_len", 32, 592n, 592n, (n) => ({ blobLength: Number(n) })), limits: [MIB64, MIB64 + 1n] },
  {
    ...frame("index_len", 32, 528n, 528n, (n) => ({ indexLength: Number(n) })),
    limits: [MIB64 - 512n + 16n, MIB64 + 16n],
  },
  index("version of an index", 1n, 1n, (d, n) => {
    d.middle.index = { v: Number(n), put: d.middle.records.map(({ map }) => map), del: d.middle.del };
  }),
  index("rev", 1n, U32, (d, n) => {
    d.gamma.rev = Number(BigInt.asUintN(32, n));
    d.gamma.map.rev = Number(n);
  }),
  index("off", 296n, 296n, (d, n) => void (d.gamma.map.off = Number(n))),
  index("len", 296n, 296n, (d, n) => void (d.gamma.map.len = Number(n))),
  index("created", 0n, SAFE, (d, n) => void (d.gamma.map.created = Number(n))),
  index("updated", 0n, SAFE, (d, n) => void (d.gamma.map.updated = Number(n))),
  index("expires", 0n, SAFE, (d, n) => void (d.gamma.map.grant = { expires: Number(n) })),
  index("port", 1n, 65_535n, (d, n) => {
    d.gamma.map.grant = { destinations: [{ host: "api.example.com", port: Number(n) }] };
  }),
  index("max of a position", 1n, U32, (d, n) => {
    d.gamma.map.grant = { positions: [{ kind: "header", max: Number(n) }] };
  }),
];

/** Zero, both bounds and their neighbours, and where signs and widths end; only what the field can hold. */
export function pointsOf(
  { bits, min, max, signed, limits = [] }: Pick<BoundedInteger, "bits" | "min" | "max" | "signed" | "limits">,
): bigint[] {
  const widest = signed ? SAFE : 2n ** BigInt(bits) - 1n;
  const points = [0n, min - 1n, min, max, max + 1n, 2n ** 31n - 1n, 2n ** 31n, U32, U32 + 1n, widest, ...limits];
  return [...new Set(points)].filter((n) => n <= widest && n >= (signed ? -SAFE : 0n));
}

/** The file with this integer at `n`; every seal, MAC and checksum is right. */
export async function fileWith(integer: BoundedInteger, n: bigint): Promise<Uint8Array> {
  return (await vectorOf([integer.name, "preamble", "", (draft) => integer.change(draft, n)])).file;
}

/** A header area of exactly `length` bytes: one slot of a type that nobody knows, and extensions. */
export async function fileWithHeaderOf(length: number): Promise<Uint8Array> {
  const change = (d: Draft) => {
    const least = 78 + 6 + 128 + 38;
    const params = new Uint8Array(Math.min(16, length - least));
    const rest = length - least - params.length;
    const spec = { ...recoverySpec({ ...d.built, random: new FixedRandomness("short") }, d.recovery.ikm), type: 99 };
    d.items = () => [
      slotItem({ ...d.built, random: new FixedRandomness("short slot") }, { ...spec, params }),
      ...(rest >= 6 ? [item(0x8000, new Uint8Array(rest - 6))] : []),
    ];
  };
  return (await vectorOf([`header of ${length}`, "preamble", "", change])).file;
}

type Make<T> = (n: bigint) => T;

function whole(
  ...[name, bits, min, max, fault, change]: [string, number, bigint, bigint, RegExp, BoundedInteger["change"]]
): BoundedInteger {
  return { name, bits, min, max, fault, change };
}

function header(
  ...[name, bits, min, max, fault, make]: [string, number, bigint, bigint, RegExp, Make<Partial<Draft["header"]>>]
): BoundedInteger {
  return whole(name, bits, min, max, fault, (d, n) => void Object.assign(d.header, make(n)));
}

/** Of the passphrase slot, which need not be opened. */
function slot(
  ...[name, bits, min, max, fault, make]: [string, number, bigint, bigint, RegExp, Make<object>]
): BoundedInteger {
  return whole(name, bits, min, max, fault, (d, n) => void (d.recovery = { ...d.recovery, spoil: () => make(n) }));
}

/** Of the frame in the middle, so that nothing passes for a torn tail. */
function frame(
  ...[name, bits, min, max, make]: [string, number, bigint, bigint, Make<Partial<FrameDraft>>]
): BoundedInteger {
  return whole(name, bits, min, max, /CORRUPT_FRAME/, (d, n) => void (d.middle = { ...d.middle, ...make(n) }));
}

function index(
  ...[name, min, max, change]: [string, bigint, bigint, BoundedInteger["change"]]
): BoundedInteger {
  return { name, bits: 54, min, max, fault: /CORRUPT_FRAME/, signed: true, change };
}

function bytesOf(n: bigint, length: number): Uint8Array {
  const bytes = concat(u32(Number(n >> 32n)), u32(Number(n & U32)));
  return bytes.slice(8 - length);
}
