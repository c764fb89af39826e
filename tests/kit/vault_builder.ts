/**
 * Writes vaults byte by byte from docs/format.md, right or wrong on purpose. It shares no code with lib/vault, and
 * takes its "randomness" from a counter, so that the same call always gives the same bytes.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract, hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromHex, toHex, u16, u32, utf8 } from "../../lib/bytes.ts";
import { encode, type Packable } from "../../lib/msgpack.ts";
import { type KdfParams, MIN_MEMORY_KIB, testOnlyUnboundedArgon2id } from "../../wasm/argon2id.ts";

/** Everything random in one vault. */
export class FixedRandomness {
  #counter = 0;
  readonly #label: string;

  constructor(label: string) {
    this.#label = label;
  }

  bytes(n: number): Uint8Array {
    let all = new Uint8Array(0);
    while (all.length < n) all = concat(all, sha256(utf8(`${this.#label}${this.#counter++}`)));
    return all.slice(0, n);
  }
}

/** Keys and identity of a vault under construction. */
export interface Built {
  random: FixedRandomness;
  vaultId: Uint8Array;
  epoch: number;
  dataKey: Uint8Array;
  prk: Uint8Array;
}

/** Of its own identity, or with another data key for a vault that exists. */
export function newBuilt(label: string, epoch = 1, existing?: Uint8Array): Built {
  const random = new FixedRandomness(label);
  const drawn = random.bytes(16);
  const vaultId = existing ?? drawn;
  const dataKey = random.bytes(32);
  return { random, vaultId, epoch, dataKey, prk: extract(sha256, dataKey, vaultId) };
}

export function derived(built: Built, label: string): Uint8Array {
  return expand(sha256, built.prk, utf8(`asv1/${label}`), 32);
}

export function item(type: number, value: Uint8Array): Uint8Array {
  return concat(u16(type), u32(value.length), value);
}

/** The stored fields of a slot, as they are joined. */
export interface SlotFields {
  id: Uint8Array;
  type: number;
  flags: number;
  paramsLength: number;
  params: Uint8Array;
  commitment: Uint8Array;
  nonce: Uint8Array;
  wrapped: Uint8Array;
}

export interface SlotSpec {
  type: number;
  params: Uint8Array;
  ikm: Uint8Array;
  salt: Uint8Array;
  flags?: number;
  /** What the slot yields; another key makes a slot that lies. */
  dataKey?: Uint8Array;
  /** Where the slot claims to belong; else to the vault it stands in. */
  sealedFor?: Partial<Pick<Built, "vaultId" | "epoch">>;
  /** Key of the wrapping; else the one that the commitment commits to. */
  kek?: Uint8Array;
  /** Replaces finished fields. */
  spoil?: (slot: SlotFields) => Partial<SlotFields>;
}

export function slotItem(built: Built, spec: SlotSpec): Uint8Array {
  const id = built.random.bytes(16);
  const { type, params } = spec;
  const { vaultId, epoch } = { ...built, ...spec.sealedFor };
  const aad = concat(utf8("asv1/slot"), vaultId, u32(epoch), id, u16(type), u32(params.length), params);
  const okm = hkdf(sha256, spec.ikm, spec.salt, aad, 64);
  const nonce = built.random.bytes(24);
  const wrapped = xchacha20poly1305(spec.kek ?? okm.slice(0, 32), nonce, aad).encrypt(spec.dataKey ?? built.dataKey);
  const whole: SlotFields = {
    ...{ id, type, flags: spec.flags ?? 0, paramsLength: params.length, params },
    ...{ commitment: okm.slice(32), nonce, wrapped },
  };
  const slot = { ...whole, ...spec.spoil?.(whole) };
  const words = concat(u16(slot.type), u16(slot.flags), u32(slot.paramsLength));
  return item(0x0010, concat(slot.id, words, slot.params, slot.commitment, slot.nonce, slot.wrapped));
}

/** What the tests use: the cheapest accepted cost. */
const CHEAPEST: KdfParams = { memoryKib: MIN_MEMORY_KIB, passes: 1, lanes: 1 };
/** Stretched once; the kits make the same slot over and over. */
const stretched = new Map<string, Uint8Array>();

/** A passphrase slot that opens with these very bytes, at any cost that this machine can bear. */
export async function passphraseSpec(
  built: Built,
  passphrase: string,
  kdf = CHEAPEST,
  salt = built.random.bytes(16),
): Promise<SlotSpec> {
  const { memoryKib, passes, lanes } = kdf;
  const key = JSON.stringify([passphrase, toHex(salt), memoryKib, passes, lanes]);
  const ikm = stretched.get(key) ?? await testOnlyUnboundedArgon2id(utf8(passphrase), salt, kdf);
  stretched.set(key, ikm);
  return { type: 1, params: passphraseParams(memoryKib, passes, lanes, salt), ikm, salt };
}

export function passphraseParams(memoryKib: number, passes: number, lanes: number, salt: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(1), u32(memoryKib), u32(passes), Uint8Array.of(lanes), salt);
}

/** A recovery slot for 20 bytes. */
export function recoverySpec(built: Built, bits: Uint8Array): SlotSpec {
  const salt = built.random.bytes(16);
  return { type: 2, params: salt, ikm: bits, salt };
}

export interface HeaderSpec {
  /** Slot items and anything between them and the MAC. */
  items: Uint8Array[];
  magic?: Uint8Array;
  major?: number;
  minor?: number;
  criticalFlags?: number;
  ignorableFlags?: number;
  /** What the preamble claims; else the truth. */
  length?: number;
  reserved?: Uint8Array;
  suite?: number;
  /** Replaces the four fixed items. */
  fixed?: Uint8Array[];
  /** Label of the key of the MAC. */
  macUnder?: string;
  /** What the MAC covers; else preamble and items. */
  macOver?: (preamble: Uint8Array, items: Uint8Array) => Uint8Array;
  /** Replaces the last item. */
  macItem?: (mac: Uint8Array) => Uint8Array;
  /** Replaces the checksum. */
  checksum?: (checksum: Uint8Array) => Uint8Array;
}

/** Preamble and header area with a right checksum and a right MAC, whatever else is wrong. */
export function header(built: Built, spec: HeaderSpec): { bytes: Uint8Array; mac: Uint8Array } {
  const fixed = spec.fixed ?? [
    item(1, built.vaultId),
    item(2, u32(built.epoch)),
    item(3, u16(spec.suite ?? 1)),
    item(4, derived(built, "dk-commit")),
  ];
  const covered = concat(...fixed, ...spec.items);
  const macItem = spec.macItem ?? ((mac) => item(0x7fff, mac));
  const preamble = concat(
    spec.magic ?? fromHex("894153560d0a1a0a"),
    u16(spec.major ?? 1),
    u16(spec.minor ?? 0),
    u32(spec.criticalFlags ?? 0),
    u32(spec.ignorableFlags ?? 0),
    u32(spec.length ?? covered.length + macItem(new Uint8Array(32)).length),
    spec.reserved ?? new Uint8Array(8),
  );
  const over = spec.macOver?.(preamble, covered) ?? concat(preamble, covered);
  const last = macItem(hmac(sha256, derived(built, spec.macUnder ?? "header"), over));
  const area = concat(covered, last);
  const checksum = sha256(area);
  return { bytes: concat(preamble, spec.checksum?.(checksum) ?? checksum, area), mac: last.slice(-32) };
}

export interface FrameSpec {
  /** 1 or 2; any other is a fault. */
  type: number;
  generation: number | bigint;
  /** A map to encode, or raw bytes. */
  index: Packable | Uint8Array;
  blobs?: Uint8Array[];
  previous: Uint8Array;
  magic?: Uint8Array;
  zeros?: Uint8Array;
  /** What the head claims; else the truth. */
  blobLength?: number;
  indexLength?: number;
  /** Replaces the padded plaintext of the index. */
  plaintext?: (padded: Uint8Array) => Uint8Array;
  /** Where the index claims to belong; else to this place of this vault. */
  sealedFor?: Partial<Pick<Built, "vaultId" | "epoch"> & { previous: Uint8Array; head: Uint8Array }>;
  /** Label of the key that seals the index. */
  sealedUnder?: string;
  /** Changes the sealed index before the MAC is made. */
  sealed?: (sealed: Uint8Array) => Uint8Array;
  /** Label of the key of the MAC. */
  macUnder?: string;
  /** What the MAC takes for the one before. */
  macAfter?: Uint8Array;
  /** Changes the finished MAC; the next frame follows what then stands there. */
  mac?: (mac: Uint8Array) => Uint8Array;
}

/** A frame with right seals and a right MAC, whatever its index says. */
export function frame(built: Built, spec: FrameSpec): { bytes: Uint8Array; mac: Uint8Array } {
  const index = spec.index instanceof Uint8Array ? spec.index : encode(spec.index);
  const unit = spec.type === 1 ? 4096 : 512;
  const padded = new Uint8Array(Math.ceil((4 + index.length) / unit) * unit);
  padded.set(u32(index.length));
  padded.set(index, 4);
  const plaintext = spec.plaintext?.(padded) ?? padded;
  const blobs = concat(...(spec.blobs ?? []));
  const covered = concat(
    spec.magic ?? utf8("FRM1"),
    Uint8Array.of(spec.type),
    spec.zeros ?? new Uint8Array(3),
    eight(spec.generation),
    u32(spec.blobLength ?? blobs.length),
    u32(spec.indexLength ?? plaintext.length + 16),
  );
  const nonce = built.random.bytes(24);
  const at = { vaultId: built.vaultId, epoch: built.epoch, previous: spec.previous, head: covered, ...spec.sealedFor };
  const aad = concat(utf8("asv1/idx"), at.vaultId, u32(at.epoch), at.previous, at.head);
  const whole = xchacha20poly1305(derived(built, spec.sealedUnder ?? "index"), nonce, aad).encrypt(plaintext);
  const sealed = spec.sealed?.(whole) ?? whole;
  const head = concat(covered, nonce);
  const over = concat(spec.macAfter ?? spec.previous, head, sha256(sealed), sha256(blobs));
  const right = hmac(sha256, derived(built, spec.macUnder ?? "chain"), over);
  const mac = spec.mac?.(right) ?? right;
  return { bytes: concat(head, sealed, blobs, mac), mac };
}

export interface BlobSpoil {
  /** Replaces the padded plaintext. */
  plaintext?: (padded: Uint8Array) => Uint8Array;
  /** Which record of which vault the blob claims to be; else the right one. */
  sealedFor?: Partial<Pick<Built, "vaultId" | "epoch"> & { id: Uint8Array; rev: number }>;
  /** Changes the finished blob. */
  blob?: (blob: Uint8Array) => Uint8Array;
}

/** The blob of one value. */
export function blob(
  built: Built,
  id: Uint8Array,
  rev: number,
  value: string | Uint8Array,
  spoil: BlobSpoil = {},
): Uint8Array {
  const bytes = typeof value === "string" ? utf8(value) : value;
  const padded = new Uint8Array(bucket(bytes.length + 4));
  padded.set(u32(bytes.length));
  padded.set(bytes, 4);
  const at = { vaultId: built.vaultId, epoch: built.epoch, id, rev, ...spoil.sealedFor };
  const key = expand(sha256, built.prk, concat(utf8("asv1/record"), at.id, u32(at.rev)), 32);
  const nonce = built.random.bytes(24);
  const aad = concat(utf8("asv1/rec"), at.vaultId, u32(at.epoch), at.id, u32(at.rev));
  const whole = concat(nonce, xchacha20poly1305(key, nonce, aad).encrypt(spoil.plaintext?.(padded) ?? padded));
  return spoil.blob?.(whole) ?? whole;
}

/** The file in which a machine remembers the newest state it has seen. */
export function anchor(
  built: Built,
  { epoch = built.epoch, generation, lastMac }: { epoch?: number; generation: number; lastMac: Uint8Array },
): Uint8Array {
  const head = concat(utf8("ASVA"), u16(1), u16(0), built.vaultId, u32(epoch), eight(generation));
  const body = concat(head, lastMac, eight(1_764_000_000_000));
  return concat(body, hmac(sha256, derived(built, "anchor"), body));
}

/** Recomputes the unkeyed checksum of a changed header, so that only the keyed MAC can notice the change. */
export function fixChecksum(file: Uint8Array): Uint8Array {
  const fixed = file.slice();
  const length = new DataView(fixed.buffer).getUint32(20);
  fixed.set(sha256(fixed.subarray(64, 64 + length)), 32);
  return fixed;
}

function bucket(length: number): number {
  const small = [256, 512, 1024, 2048, 4096].find((size) => length <= size);
  return small ?? Math.ceil(length / 4096) * 4096;
}

function eight(n: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(n));
  return bytes;
}
