/** The door to key slots: opening them, changing them, recovery codes, cost. docs/format.md, "Slots". */
export type { KdfParams } from "../../wasm/argon2id.ts";
export { changeDataKey, type KeyChange, type NewWays } from "./data_key.ts";
export { VaultError, type VaultFault } from "./fault.ts";
export {
  describeSlots,
  type OpenedSlot,
  openWithPassphrase,
  openWithRecovery,
  type SlotOptions,
  type SlotSummary,
} from "./open_slot.ts";
export { ASK_ABOVE_KIB, calibrateKdf, isBelowLeast } from "./passphrase.ts";
export { newRecoveryCode, parseRecoveryCode, RecoveryCodeError } from "./recovery_code.ts";
export { restretchPassphrase, setPassphrase, setRecovery, type SlotChange } from "./rekey.ts";
