/**
 * One key slot: the data key, wrapped under a key that a passphrase or a code yields. docs/format.md, "Slots".
 *
 * The commitment is compared before the cipher is asked, so that no ciphertext can be made that opens under many
 * guesses at once, and a changed parameter changes both keys.
 */
import { concat, u16, u32, utf8 } from "../bytes.ts";
import { open, seal } from "../crypto/aead.ts";
import { equalConstantTime, hkdf, randomBytes } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";
import { KEY_LENGTH } from "./key_tree.ts";

const SLOT_ID_LENGTH = 16;
const COMMITMENT_LENGTH = 32;
/** Nonce, wrapped data key, tag. */
const SEALED_LENGTH = 24 + KEY_LENGTH + 16;
const FIXED_LENGTH = SLOT_ID_LENGTH + 2 + 2 + 4 + COMMITMENT_LENGTH + SEALED_LENGTH;

/** A slot as stored; slots of types this version cannot open are kept byte for byte. */
export interface Slot {
  id: Uint8Array;
  type: number;
  flags: number;
  /** Meaning depends on the type. */
  params: Uint8Array;
  commitment: Uint8Array;
  /** `nonce(24) ‖ wrapped data key(32) ‖ tag(16)`. */
  sealed: Uint8Array;
}

/** The vault a slot belongs to; part of what its seal covers. */
export interface SlotContext {
  vaultId: Uint8Array;
  epoch: number;
}

/**
 * A slot from the value of its header item.
 * @throws {VaultError} DAMAGED_HEADER.
 */
export function slotFromBytes(bytes: Uint8Array): Slot {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const paramsLength = bytes.length >= FIXED_LENGTH ? view.getUint32(20) : -1;
  if (bytes.length !== FIXED_LENGTH + paramsLength) {
    throw new VaultError("DAMAGED_HEADER", "Cannot open vault: the header is damaged: a key slot has the wrong size");
  }
  const copy = bytes.slice();
  const afterParams = 24 + paramsLength;
  return {
    id: copy.subarray(0, SLOT_ID_LENGTH),
    type: view.getUint16(16),
    flags: view.getUint16(18),
    params: copy.subarray(24, afterParams),
    commitment: copy.subarray(afterParams, afterParams + COMMITMENT_LENGTH),
    sealed: copy.subarray(afterParams + COMMITMENT_LENGTH),
  };
}

/** The value of a slot's header item. */
export function slotToBytes(slot: Slot): Uint8Array {
  return concat(
    slot.id,
    u16(slot.type),
    u16(slot.flags),
    u32(slot.params.length),
    slot.params,
    slot.commitment,
    slot.sealed,
  );
}

/** A new slot of `type` that yields `dataKey` to whoever has `ikm` (at least 160 bits of entropy, or stretched). */
export function wrap(
  type: number,
  params: Uint8Array,
  ikm: Uint8Array,
  salt: Uint8Array,
  dataKey: Uint8Array,
  context: SlotContext,
): Slot {
  const slot = { id: randomBytes(SLOT_ID_LENGTH), type, flags: 0, params };
  const aad = associatedData(slot, context);
  const okm = hkdf(ikm, salt, aad, 64);
  const sealed = seal(okm.subarray(0, 32), aad, dataKey);
  const commitment = okm.slice(32);
  okm.fill(0);
  return { ...slot, commitment, sealed };
}

/** The data key, or null if `ikm` is not this slot's. The caller wipes it. */
export function unwrap(slot: Slot, ikm: Uint8Array, salt: Uint8Array, context: SlotContext): Uint8Array | null {
  const aad = associatedData(slot, context);
  const okm = hkdf(ikm, salt, aad, 64);
  try {
    if (!equalConstantTime(okm.subarray(32), slot.commitment)) return null;
    return open(okm.subarray(0, 32), aad, slot.sealed);
  } catch (cause) {
    throw new VaultError(
      "TAMPERED",
      "Cannot open key slot: the secret is right and the slot was changed",
      undefined,
      { cause },
    );
  } finally {
    okm.fill(0);
  }
}

function associatedData(slot: Pick<Slot, "id" | "type" | "params">, context: SlotContext): Uint8Array {
  return concat(
    utf8("asv1/slot"),
    context.vaultId,
    u32(context.epoch),
    slot.id,
    u16(slot.type),
    u32(slot.params.length),
    slot.params,
  );
}
