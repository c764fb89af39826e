/**
 * Vaults cut at every boundary of docs/format.md, to be put together wrongly: one vault, a fork of it, itself with
 * other key slots, its next epoch with the same data key and with another, and a stranger, all of the same shape and
 * generations.
 */
import { concat, u32 } from "../../lib/bytes.ts";
import type { Packable } from "../../lib/msgpack.ts";
import {
  blob,
  type Built,
  FixedRandomness,
  frame,
  header,
  newBuilt,
  passphraseParams,
  recoverySpec,
  slotItem,
} from "./vault_builder.ts";

/** A stretch between two boundaries. */
export interface Part {
  name: string;
  bytes: Uint8Array;
}

/** A vault in parts, header first. */
export interface CutVault {
  name: string;
  built: Built;
  header: Part[];
  /** One list of parts for each generation. */
  frames: Part[][];
}

/** Generations of every one of these vaults. */
export const GENERATIONS = 3;
/** What opens the second slot of all of them. */
export const BITS = new Uint8Array(20).fill(0x2a);

/** The vaults by name; `mine` is the one that is attacked. Always the same bytes. */
export function cutVaults(): Record<"mine" | "fork" | "reslotted" | "epoch" | "rekeyed" | "other", CutVault> {
  const built = newBuilt("mine");
  const again = (label: string, more: Partial<Built> = {}): Built => ({
    ...built,
    random: new FixedRandomness(label),
    ...more,
  });
  const rekeyed = newBuilt("rekeyed", 2, built.vaultId);
  return {
    mine: cut("mine", again("one history")),
    // The same randomness up to the second frame: header and checkpoint are the same.
    fork: cut("fork", again("one history"), "another"),
    reslotted: cut("reslotted", again("other slots")),
    epoch: cut("epoch", again("next epoch", { epoch: 2 })),
    rekeyed: cut("rekeyed", { ...rekeyed, random: new FixedRandomness("rekeyed history") }),
    other: cut("other", newBuilt("other")),
  };
}

/** All parts of a vault in order. */
export function partsOf(vault: CutVault): Part[] {
  return [...vault.header, ...vault.frames.flat()];
}

/** The file of the first `generations` generations. */
export function joined(vault: CutVault, generations = GENERATIONS): Uint8Array {
  return concat(...[...vault.header, ...vault.frames.slice(0, generations).flat()].map((part) => part.bytes));
}

function cut(name: string, built: Built, word = "a"): CutVault {
  const salt = built.random.bytes(16);
  const slots = [
    { type: 1, params: passphraseParams(19_456, 1, 1, salt), ikm: new Uint8Array(32), salt },
    recoverySpec(built, BITS),
  ].map((spec) => slotItem(built, spec));
  const head = header(built, { items: slots });
  const ids = [1, 2, 3].map((n) => new Uint8Array(16).fill(n)) as [Uint8Array, Uint8Array, Uint8Array];
  const put = (n: 0 | 1 | 2, rev: number, off: number): Packable => ({
    id: ids[n],
    rev,
    name: ["ALPHA", "BETA", "GAMMA"][n] ?? "",
    off,
    len: 296,
  });
  const value = (n: 0 | 1 | 2, rev: number, text: string) => blob(built, ids[n], rev, `${text} ${n} ${rev}`);
  const plans: { put: Packable[]; del: Uint8Array[]; blobs: () => Uint8Array[] }[] = [
    { put: [put(0, 1, 0), put(1, 1, 296)], del: [], blobs: () => [value(0, 1, "a"), value(1, 1, "a")] },
    { put: [put(0, 2, 0), put(2, 1, 296)], del: [], blobs: () => [value(0, 2, word), value(2, 1, word)] },
    { put: [put(0, 3, 0), put(2, 2, 296)], del: [ids[1]], blobs: () => [value(0, 3, word), value(2, 2, word)] },
  ];
  let previous = head.mac;
  const frames = plans.map(({ put, del, blobs: make }, i) => {
    const blobs = make();
    const spec = { type: i === 0 ? 1 : 2, generation: i + 1, index: { v: 1, put, del }, blobs, previous };
    const { bytes, mac } = frame(built, spec);
    previous = mac;
    const index = bytes.length - 48 - 2 * 296 - 32;
    const names: [string, number][] = [
      ...[["magic", 4], ["type", 4], ["generation", 8], ["blob_len", 4], ["index_len", 4], ["nonce", 24]],
      ...[["index", index], ["first blob", 296], ["second blob", 296], ["chain_mac", 32]],
    ] as [string, number][];
    return partsFrom(bytes, names.map(([part, length]) => [`frame ${i + 1} ${part}`, length]));
  });
  const fields: [string, number][] = [
    ["magic", 8],
    ["version", 4],
    ["flags", 8],
    ["header_len", 4],
    ["zeros", 8],
    ["checksum", 32],
    ["vault_id", 22],
    ["epoch", 10],
    ["suite", 8],
    ["dk_commit", 38],
    ["passphrase slot", slots[0]?.length ?? 0],
    ["recovery slot", slots[1]?.length ?? 0],
    ["header_mac", 38],
  ];
  return { name, built, header: partsFrom(head.bytes, fields), frames };
}

function partsFrom(bytes: Uint8Array, fields: [string, number][]): Part[] {
  let at = 0;
  const parts = fields.map(([name, length]) => ({ name, bytes: bytes.slice(at, at += length) }));
  if (at !== bytes.length) throw new Error(`Cannot cut vault: parts have ${at} of ${bytes.length} bytes`);
  return parts;
}

/** The same with a `header_len` that ends the header where its MAC ends, or where the first frame begins. */
export function withFittingLength(parts: Part[]): Part[] {
  const from = parts.findIndex(({ name }) => name === "checksum") + 1;
  const mac = parts.findIndex(({ name }) => name === "header_mac");
  const end = mac >= from ? mac + 1 : parts.findIndex(({ name }, i) => i >= from && name.startsWith("frame"));
  const length = parts.slice(from, end).reduce((n, { bytes }) => n + bytes.length, 0);
  return parts.map((part) => part.name === "header_len" ? { ...part, bytes: u32(length) } : part);
}
