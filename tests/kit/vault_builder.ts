/**
 * Writes vaults byte by byte from docs/format.md, right or wrong on purpose. It shares no code with lib/vault, and
 * takes its "randomness" from a counter, so that the same call always gives the same bytes.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract, hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromHex, u16, u32, u64, utf8 } from "../../lib/bytes.ts";
import { encode, type Packable } from "../../lib/msgpack.ts";
import { argon2id, MIN_MEMORY_KIB } from "../../wasm/argon2id.ts";

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

export function newBuilt(label: string, epoch = 1): Built {
  const random = new FixedRandomness(label);
  const vaultId = random.bytes(16);
  const dataKey = random.bytes(32);
  return { random, vaultId, epoch, dataKey, prk: extract(sha256, dataKey, vaultId) };
}

export function derived(built: Built, label: string): Uint8Array {
  return expand(sha256, built.prk, utf8(`asv1/${label}`), 32);
}

export function item(type: number, value: Uint8Array): Uint8Array {
  return concat(u16(type), u32(value.length), value);
}

export interface SlotSpec {
  type: number;
  params: Uint8Array;
  ikm: Uint8Array;
  salt: Uint8Array;
  /** What the slot yields; another key makes a slot that lies. */
  dataKey?: Uint8Array;
}

export function slotItem(built: Built, spec: SlotSpec): Uint8Array {
  const id = built.random.bytes(16);
  const aad = concat(
    utf8("asv1/slot"),
    built.vaultId,
    u32(built.epoch),
    id,
    u16(spec.type),
    u32(spec.params.length),
    spec.params,
  );
  const okm = hkdf(sha256, spec.ikm, spec.salt, aad, 64);
  const nonce = built.random.bytes(24);
  const wrapped = xchacha20poly1305(okm.slice(0, 32), nonce, aad).encrypt(spec.dataKey ?? built.dataKey);
  const value = concat(
    id,
    u16(spec.type),
    u16(0),
    u32(spec.params.length),
    spec.params,
    okm.slice(32),
    nonce,
    wrapped,
  );
  return item(0x0010, value);
}

/** A passphrase slot at the cheapest accepted cost. */
export async function passphraseSpec(built: Built, passphrase: string): Promise<SlotSpec> {
  const salt = built.random.bytes(16);
  const ikm = await argon2id(utf8(passphrase), salt, { memoryKib: MIN_MEMORY_KIB, passes: 1, lanes: 1 });
  return { type: 1, params: passphraseParams(MIN_MEMORY_KIB, 1, 1, salt), ikm, salt };
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
  major?: number;
  minor?: number;
  criticalFlags?: number;
  ignorableFlags?: number;
  reserved?: Uint8Array;
  suite?: number;
  /** Replaces the four fixed items. */
  fixed?: Uint8Array[];
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
  const preamble = concat(
    fromHex("894153560d0a1a0a"),
    u16(spec.major ?? 1),
    u16(spec.minor ?? 0),
    u32(spec.criticalFlags ?? 0),
    u32(spec.ignorableFlags ?? 0),
    u32(covered.length + 38),
    spec.reserved ?? new Uint8Array(8),
  );
  const mac = hmac(sha256, derived(built, "header"), concat(preamble, covered));
  const area = concat(covered, item(0x7fff, mac));
  return { bytes: concat(preamble, sha256(area), area), mac };
}

export interface FrameSpec {
  type: 1 | 2;
  generation: number;
  /** A map to encode, or raw bytes. */
  index: Packable | Uint8Array;
  blobs?: Uint8Array[];
  previous: Uint8Array;
}

/** A frame with right seals and a right MAC, whatever its index says. */
export function frame(built: Built, spec: FrameSpec): { bytes: Uint8Array; mac: Uint8Array } {
  const index = spec.index instanceof Uint8Array ? spec.index : encode(spec.index);
  const unit = spec.type === 1 ? 4096 : 512;
  const plaintext = new Uint8Array(Math.ceil((4 + index.length) / unit) * unit);
  plaintext.set(u32(index.length));
  plaintext.set(index, 4);
  const blobs = concat(...(spec.blobs ?? []));
  const covered = concat(
    utf8("FRM1"),
    Uint8Array.of(spec.type, 0, 0, 0),
    u64(spec.generation),
    u32(blobs.length),
    u32(plaintext.length + 16),
  );
  const nonce = built.random.bytes(24);
  const aad = concat(utf8("asv1/idx"), built.vaultId, u32(built.epoch), spec.previous, covered);
  const sealed = xchacha20poly1305(derived(built, "index"), nonce, aad).encrypt(plaintext);
  const head = concat(covered, nonce);
  const mac = hmac(sha256, derived(built, "chain"), concat(spec.previous, head, sha256(sealed), sha256(blobs)));
  return { bytes: concat(head, sealed, blobs, mac), mac };
}

/** The blob of one value, padded to 256 bytes. */
export function blob(built: Built, id: Uint8Array, rev: number, value: string): Uint8Array {
  const plaintext = new Uint8Array(256);
  plaintext.set(u32(utf8(value).length));
  plaintext.set(utf8(value), 4);
  const key = expand(sha256, built.prk, concat(utf8("asv1/record"), id, u32(rev)), 32);
  const nonce = built.random.bytes(24);
  const aad = concat(utf8("asv1/rec"), built.vaultId, u32(built.epoch), id, u32(rev));
  return concat(nonce, xchacha20poly1305(key, nonce, aad).encrypt(plaintext));
}

/** Recomputes the unkeyed checksum of a changed header, so that only the keyed MAC can notice the change. */
export function fixChecksum(file: Uint8Array): Uint8Array {
  const fixed = file.slice();
  const length = new DataView(fixed.buffer).getUint32(20);
  fixed.set(sha256(fixed.subarray(64, 64 + length)), 32);
  return fixed;
}
