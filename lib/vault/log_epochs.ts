/**
 * Up to which epoch each audit log was taken over: an internal record, so that who kept the keys of an earlier epoch
 * cannot make a log end there again. Several, since machines that share a vault each have a log of their own.
 * docs/audit.md, "Epochs".
 */
import { concat, toHex, u32 } from "../bytes.ts";

/** Name of the internal record. */
export const LOG_EPOCHS = "LOG_EPOCHS";

const IDENTITY_LENGTH = 32;
const ENTRY_LENGTH = 4 + IDENTITY_LENGTH;

/**
 * The epoch up to which `log` (its identity, 32 bytes) was taken over, or 0 if the record does not know it.
 * @throws {TypeError} if `value` is no such record.
 */
export function logEpoch(value: Uint8Array | undefined, log: Uint8Array): number {
  const entry = entriesOf(value).find((entry) => isAbout(entry, log));
  return entry === undefined ? 0 : new DataView(entry.buffer, entry.byteOffset).getUint32(0);
}

/** The record's value once `log` was taken over up to `epoch`. @throws {TypeError} as `logEpoch`. */
export function withLogEpoch(value: Uint8Array | undefined, log: Uint8Array, epoch: number): Uint8Array {
  if (log.length !== IDENTITY_LENGTH) throw new TypeError("Cannot note log: expected an identity of 32 bytes");
  return concat(...entriesOf(value).filter((entry) => !isAbout(entry, log)), u32(epoch), log);
}

function entriesOf(value: Uint8Array | undefined): Uint8Array[] {
  if (value === undefined) return [];
  if (value.length % ENTRY_LENGTH !== 0) throw new TypeError("Cannot read log epochs: the record has a wrong size");
  const count = value.length / ENTRY_LENGTH;
  return Array.from({ length: count }, (_, i) => value.subarray(i * ENTRY_LENGTH, (i + 1) * ENTRY_LENGTH));
}

function isAbout(entry: Uint8Array, log: Uint8Array): boolean {
  return toHex(entry.subarray(4)) === toHex(log);
}
