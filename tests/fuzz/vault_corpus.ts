/**
 * Vault files to start from: the worked example of another implementation, and vaults that tests/kit writes byte by
 * byte, with several generations, epochs, slots, extensions and a newer version's fields. Cut at every field.
 */
import { concat, fromHex, u32, u64, utf8 } from "../../lib/bytes.ts";
import { hmacSha256, sha256 } from "../../lib/crypto/hash.ts";
import type { Packable } from "../../lib/msgpack.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import {
  blob,
  type Built,
  frame,
  header,
  item,
  newBuilt,
  passphraseParams,
  recoverySpec,
  slotItem,
} from "../kit/vault_builder.ts";

/** Whoever opens a vault, with what a key holder needs to write one. */
export interface Holder {
  name: string;
  built: Built;
  keys: KeyTree;
  /** The bits of its recovery slots. */
  recovery: Uint8Array;
  files: { name: string; bytes: Uint8Array }[];
}

const KAT = JSON.parse(Deno.readTextFileSync(new URL("../vectors/data/vault_v1_kat.json", import.meta.url)));
const GRANT = {
  destinations: [{ host: "api.example.com", suffix: true, port: 8443, methods: ["GET"], paths: ["/v1"] }],
  positions: [{ kind: "header", max: 1, name: "Authorization" }],
  modes: ["env", "file"],
  agents: ["claude-code"],
  projects: ["/src/app"],
  confirm: "session",
  expires: 1_800_000_000_000,
};

/** Two vaults of two epochs, another vault, and the worked example. */
export function holders(): Holder[] {
  const first = newBuilt("fuzz");
  const rekeyed = { ...newBuilt("fuzz, rekeyed", 2), vaultId: first.vaultId };
  const second: Built = { ...rekeyed, prk: KeyTree.fromDataKey(rekeyed.dataKey, first.vaultId).prk };
  const example: Built = {
    ...newBuilt("kat"),
    vaultId: fromHex(KAT.vault_id),
    dataKey: fromHex(KAT.data_key),
    prk: KeyTree.fromDataKey(fromHex(KAT.data_key), fromHex(KAT.vault_id)).prk,
  };
  return [
    holder("first epoch", first, (bits) => [
      { name: "three generations", bytes: threeGenerations(first, bits) },
      { name: "compacted", bytes: compacted(first, bits, 4) },
      { name: "newer version", bytes: newer(first, bits) },
    ]),
    holder("second epoch", second, (bits) => [{ name: "rekeyed", bytes: compacted(second, bits, 5) }]),
    holder("other vault", newBuilt("fuzz, other"), (bits, built) => [
      { name: "other vault", bytes: threeGenerations(built, bits) },
    ]),
    holder("worked example", example, () => [{ name: "worked example", bytes: fromHex(KAT.file_hex) }]),
  ];
}

function holder(
  name: string,
  built: Built,
  files: (recovery: Uint8Array, built: Built) => Holder["files"],
): Holder {
  const recovery = built.random.bytes(20);
  // Without an epoch of their own the keys open any; a file of another epoch has another data key.
  return {
    name,
    built,
    recovery,
    keys: KeyTree.fromDataKey(built.dataKey, built.vaultId),
    files: files(recovery, built),
  };
}

/** A header with one slot of each kind that tacit makes, and two that it only keeps. */
function slots(built: Built, bits: Uint8Array): Uint8Array[] {
  const salt = built.random.bytes(16);
  const passphrase = { type: 1, params: passphraseParams(65_536, 3, 1, salt), ikm: built.random.bytes(32), salt };
  return [
    slotItem(built, passphrase),
    slotItem(built, recoverySpec(built, bits)),
    slotItem(built, { type: 4, params: built.random.bytes(64), ikm: built.random.bytes(32), salt }),
    item(0x8001, utf8("an extension")),
    item(0x9000, new Uint8Array(0)),
  ];
}

function record(id: Uint8Array, rev: number, name: string, off: number, more: Record<string, Packable> = {}): Packable {
  return { id, rev, name, off, len: 296, ...more };
}

function threeGenerations(built: Built, bits: Uint8Array): Uint8Array {
  const [a = built.vaultId, b = a, c = a] = [1, 2, 3].map(() => built.random.bytes(16));
  const head = header(built, { items: slots(built, bits), ignorableFlags: 5 });
  const full = { kind: "token", tags: ["ci"], description: "for tests", provider: "github", grant: GRANT };
  const put = [
    record(a, 1, "FIRST_TOKEN", 0, { ...full, created: 1_764_000_000_000, updated: 1_764_000_000_000, weak: true }),
    record(b, 7, "SECOND_TOKEN", 296),
    record(c, 1, "FIRST_TOKEN", 592, { kind: ".internal" }),
  ];
  const blobs = [blob(built, a, 1, "first"), blob(built, b, 7, "second"), blob(built, c, 1, "internal")];
  const one = frame(built, { type: 1, generation: 1, index: { v: 1, put, del: [] }, blobs, previous: head.mac });
  const again = [record(a, 2, "FIRST_TOKEN", 0, full)];
  const two = frame(built, {
    type: 2,
    generation: 2,
    index: { v: 1, put: again, del: [] },
    blobs: [blob(built, a, 2, "first again")],
    previous: one.mac,
  });
  const three = frame(built, { type: 2, generation: 3, index: { v: 1, put: [], del: [b] }, previous: two.mac });
  return concat(head.bytes, one.bytes, two.bytes, three.bytes);
}

function compacted(built: Built, bits: Uint8Array, generation: number): Uint8Array {
  const id = built.random.bytes(16);
  const head = header(built, { items: slots(built, bits).slice(0, 2) });
  const index = { v: 1, put: [record(id, 2, "FIRST_TOKEN", 0)], del: [] };
  const blobs = [blob(built, id, 2, "first again")];
  return concat(head.bytes, frame(built, { type: 1, generation, index, blobs, previous: head.mac }).bytes);
}

function newer(built: Built, bits: Uint8Array): Uint8Array {
  const id = built.random.bytes(16);
  const head = header(built, { items: slots(built, bits), minor: 1 });
  const index = {
    v: 1,
    put: [record(id, 1, "FIRST_TOKEN", 0, { grant: { ...GRANT, moon: "full" }, later: 1 })],
    del: [],
  };
  const blobs = [blob(built, id, 1, "first")];
  return concat(head.bytes, frame(built, { type: 1, generation: 9, index, blobs, previous: head.mac }).bytes);
}

/** Where each frame of a sound file begins, and the file's end. */
export function frameStarts(file: Uint8Array): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const starts = [64 + view.getUint32(20)];
  for (let at = starts[0] ?? 0; at < file.length;) {
    at += 48 + view.getUint32(at + 16) + view.getUint32(at + 20) + 32;
    starts.push(at);
  }
  return starts;
}

/** A sound file, cut at every field of preamble, header items, slots and frames. */
export function filePieces(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const cuts = [0, 8, 10, 12, 16, 20, 24, 32, 64];
  const starts = frameStarts(file);
  for (let at = 64; at < (starts[0] ?? 0);) {
    const length = view.getUint32(at + 2);
    cuts.push(at, at + 2, at + 6);
    if (view.getUint16(at) === 0x0010) cuts.push(...slotCuts(at + 6, view.getUint32(at + 6 + 20)));
    at += 6 + length;
  }
  starts.slice(0, -1).forEach((at, i) => {
    const index = at + 48;
    const end = starts[i + 1] ?? file.length;
    cuts.push(...[0, 4, 5, 8, 16, 20, 24].map((n) => at + n), index, index + view.getUint32(at + 20), end - 32);
  });
  return cutAt(file, cuts);
}

function slotCuts(at: number, params: number): number[] {
  const after = at + 24 + params;
  return [at, at + 16, at + 18, at + 20, at + 24, at + 25, at + 29, at + 33, at + 34, after, after + 32, after + 56];
}

/** `bytes` cut at the given offsets, in any order, doubles and what lies outside left out. */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(cuts)].filter((cut) => cut >= 0 && cut < bytes.length).sort((a, b) => a - b);
  return sorted.map((cut, i) => bytes.slice(cut, sorted[i + 1] ?? bytes.length));
}

/** What a file's fields may begin with. */
export const VAULT_WORDS: Uint8Array[] = [
  ...[fromHex("894153560d0a1a0a"), utf8("FRM1"), utf8("FRM1\x01\0\0\0"), utf8("FRM1\x02\0\0\0")],
  ...["0001000000", "0002", "0004", "0010", "7fff00000020", "8000", "ffff", "00000000", "ffffffff"].map(fromHex),
  ...[255, 256, 65_536, 65_537, 67_108_864, 67_108_865, 4112, 528, 1_048_576, 1_048_577, 19_455].map(u32),
  ...[0, 1, 2, 3, 4, 5, 2 ** 53 - 1].map(u64),
  new Uint8Array(32),
];

/** A sound file's preamble without its checksum and header items without their MAC, for a key holder to seal. */
export function unsealedHeader(file: Uint8Array): Uint8Array[] {
  const end = frameStarts(file)[0] ?? 0;
  const pieces = filePieces(file.subarray(0, end));
  // Behind the checksum, which is one piece, and before the MAC's item, which is three.
  const checksum = pieces.findIndex((_, i) => lengthOf(pieces.slice(0, i)) === 32);
  return [...pieces.slice(0, checksum), ...pieces.slice(checksum + 1, -3)];
}

/** Preamble and header as whoever has the keys would seal them, whatever they say; only the length is made to fit. */
export function sealHeader(keys: KeyTree, unsealed: Uint8Array): { bytes: Uint8Array; mac: Uint8Array } {
  const items = unsealed.subarray(32);
  const preamble = concat(unsealed.subarray(0, 20), u32(items.length + 38), unsealed.subarray(24, 32));
  const mac = hmacSha256(keys.header, preamble, items);
  const area = concat(items, item(0x7fff, mac));
  return { bytes: concat(preamble, sha256(area), area), mac };
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((n, piece) => n + piece.length, 0);
}
