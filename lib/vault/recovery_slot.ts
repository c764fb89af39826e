/** Recovery slots: 160 random bits need no stretching. docs/format.md, "Slot type 2". */
import { randomBytes } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";
import { SLOT_RECOVERY } from "./layout.ts";
import { RECOVERY_LENGTH } from "./recovery_code.ts";
import { type Slot, type SlotContext, unwrap, wrap } from "./slot.ts";

const SALT_LENGTH = 16;

/** A new slot that opens with these bits. */
export function recoverySlot(bits: Uint8Array, dataKey: Uint8Array, context: SlotContext): Slot {
  if (bits.length !== RECOVERY_LENGTH) throw new TypeError("Cannot make recovery slot: expected 20 bytes");
  const salt = randomBytes(SALT_LENGTH);
  return wrap(SLOT_RECOVERY, salt, bits, salt, dataKey, context);
}

/**
 * The data key if `slot` opens with these bits, else null.
 * @throws {VaultError} DAMAGED_HEADER if its parameters are malformed.
 */
export function openRecoverySlot(slot: Slot, bits: Uint8Array, context: SlotContext): Uint8Array | null {
  if (slot.params.length !== SALT_LENGTH) {
    throw new VaultError("DAMAGED_HEADER", "Cannot open key slot: its parameters are malformed");
  }
  return unwrap(slot, bits, slot.params, context);
}
