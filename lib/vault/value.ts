/** Seals one value into its blob and opens it again. docs/format.md, "Record blob". */
import { concat, u32, utf8 } from "../bytes.ts";
import { NONCE_LENGTH, open, seal, TAG_LENGTH } from "../crypto/aead.ts";
import { VaultError } from "./fault.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAX_VALUE_LENGTH } from "./layout.ts";
import type { SlotContext } from "./slot.ts";

/** Which revision of which record a blob belongs to. */
export interface BlobAddress {
  id: Uint8Array;
  rev: number;
}

/** Largest blob that can occur. */
const MAX_BLOB_LENGTH = NONCE_LENGTH + paddedLength(MAX_VALUE_LENGTH + 4) + TAG_LENGTH;

/** True if a blob of `length` bytes can occur. */
export function isBlobLength(length: number): boolean {
  const padded = length - NONCE_LENGTH - TAG_LENGTH;
  return padded > 0 && length <= MAX_BLOB_LENGTH && paddedLength(padded) === padded;
}

/**
 * The blob of `value`: what a blob's size tells is the bucket its length falls into.
 * @throws {VaultError} TOO_LARGE above 1 MiB.
 */
export function sealValue(keys: KeyTree, context: SlotContext, address: BlobAddress, value: Uint8Array): Uint8Array {
  if (value.length > MAX_VALUE_LENGTH) {
    throw new VaultError("TOO_LARGE", `Cannot store value: ${value.length} bytes are above ${MAX_VALUE_LENGTH}`);
  }
  const plaintext = new Uint8Array(paddedLength(value.length + 4));
  plaintext.set(u32(value.length));
  plaintext.set(value, 4);
  const key = keys.record(address.id, address.rev);
  const blob = seal(key, associatedData(context, address), plaintext);
  key.fill(0);
  plaintext.fill(0);
  return blob;
}

/**
 * The value of a blob, in bytes of its own; the caller wipes it.
 * @throws {VaultError} TAMPERED if it was not sealed for this address, CORRUPT_FRAME if its padding is wrong.
 */
export function openValue(keys: KeyTree, context: SlotContext, address: BlobAddress, blob: Uint8Array): Uint8Array {
  const key = keys.record(address.id, address.rev);
  let plaintext: Uint8Array;
  try {
    plaintext = open(key, associatedData(context, address), blob);
  } catch (cause) {
    throw new VaultError("TAMPERED", "Cannot open value: its seal does not match", undefined, { cause });
  } finally {
    key.fill(0);
  }
  try {
    return unpad(plaintext, "value").slice();
  } finally {
    plaintext.fill(0);
  }
}

/**
 * What stands before the zeros in `u32 length ‖ bytes ‖ zeros`.
 * @throws {VaultError} CORRUPT_FRAME if the length is beyond the end or the padding is not zero.
 */
export function unpad(padded: Uint8Array, what = "index"): Uint8Array {
  const length = padded.length >= 4 ? new DataView(padded.buffer, padded.byteOffset).getUint32(0) : Infinity;
  if (length > padded.length - 4 || padded.subarray(4 + length).some((b) => b !== 0)) {
    throw new VaultError("CORRUPT_FRAME", `Cannot read ${what}: its padding is wrong`);
  }
  return padded.subarray(4, 4 + length);
}

function paddedLength(length: number): number {
  for (let size = 256; size < 4096; size *= 2) if (length <= size) return size;
  return Math.ceil(length / 4096) * 4096;
}

function associatedData(context: SlotContext, address: BlobAddress): Uint8Array {
  return concat(utf8("asv1/rec"), context.vaultId, u32(context.epoch), address.id, u32(address.rev));
}
