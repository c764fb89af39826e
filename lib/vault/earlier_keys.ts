/**
 * What stays of the keys of earlier epochs: an internal record with those that prove this machine's own records. Without
 * them a change of the data key would leave an anchor that looks forged and an audit log that nobody can check.
 * docs/format.md, "Epochs".
 */
import { concat, u32 } from "../bytes.ts";
import { KEY_LENGTH, type KeyTree } from "./key_tree.ts";

/** Name of the internal record. */
export const EARLIER_KEYS = "EARLIER_KEYS";

const ENTRY_LENGTH = 4 + 2 * KEY_LENGTH;

/** Keys of one earlier epoch. They open no secret. */
export interface EarlierKeys {
  /** From 1 on, below the vault's own. */
  epoch: number;
  /** MACs the anchor and the clock record, 32 bytes. */
  anchor: Uint8Array;
  /** MACs the audit log, 32 bytes. */
  audit: Uint8Array;
}

/**
 * The entries of the record's value, oldest first; none if there is no such record.
 * @throws {TypeError} if it is no such record.
 */
export function parseEarlierKeys(value: Uint8Array | undefined): EarlierKeys[] {
  if (value === undefined) return [];
  if (value.length % ENTRY_LENGTH !== 0) throw new TypeError("Cannot read earlier keys: the record has a wrong size");
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.length / ENTRY_LENGTH }, (_, i) => {
    const at = i * ENTRY_LENGTH;
    const split = at + 4 + KEY_LENGTH;
    return {
      epoch: view.getUint32(at),
      anchor: value.slice(at + 4, split),
      audit: value.slice(split, at + ENTRY_LENGTH),
    };
  });
}

/** The record's value once `keys` of `epoch` are earlier ones too. The caller wipes it after sealing. */
export function withEarlierKeys(value: Uint8Array | undefined, epoch: number, keys: KeyTree): Uint8Array {
  return concat(value ?? new Uint8Array(), u32(epoch), keys.anchor, keys.audit);
}
