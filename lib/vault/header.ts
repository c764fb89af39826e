/**
 * Preamble and header area: the only part of a vault that is parsed before any key is known, so every byte of it is
 * hostile until the header MAC is checked. docs/format.md, "Preamble" and "Header".
 */
import { concat, u16, u32 } from "../bytes.ts";
import { equalConstantTime, hmacSha256, sha256 } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";
import { KEY_LENGTH, type KeyTree, VAULT_ID_LENGTH } from "./key_tree.ts";
import {
  MAC_LENGTH,
  MAGIC,
  MAJOR,
  MAX_HEADER_LENGTH,
  MAX_SLOTS,
  MIN_HEADER_LENGTH,
  MINOR,
  PREAMBLE_LENGTH,
  SUITE,
} from "./layout.ts";
import { type Slot, slotFromBytes, slotToBytes } from "./slot.ts";

const VAULT_ID = 0x0001;
const EPOCH = 0x0002;
const SUITE_ITEM = 0x0003;
const DK_COMMIT = 0x0004;
const SLOT = 0x0010;
const HEADER_MAC = 0x7fff;
/** From here on an item is an extension that a reader may ignore and a writer keeps. */
const FIRST_EXTENSION = 0x8000;
const ITEM_HEAD_LENGTH = 6;

/** An item that this version keeps without understanding it. */
export interface Extension {
  type: number;
  value: Uint8Array;
}

/** What a header says. Nothing in it is proven until `checkHeaderMac`. */
export interface Header {
  minor: number;
  /** Bits of the preamble that a reader may ignore and a writer keeps. */
  ignorableFlags: number;
  vaultId: Uint8Array;
  epoch: number;
  dkCommit: Uint8Array;
  slots: Slot[];
  extensions: Extension[];
}

/** A header as it stands in a file. */
export interface StoredHeader extends Header {
  mac: Uint8Array;
  /** The bytes that the MAC covers. */
  covered: Uint8Array[];
  /** Where the first frame begins. */
  end: number;
}

/**
 * The header of a whole vault file, or of its first 64 KiB and more.
 * @throws {VaultError} NOT_A_VAULT, UNSUPPORTED_VERSION or DAMAGED_HEADER.
 */
export function parseHeader(file: Uint8Array): StoredHeader {
  if (file.length < MAGIC.length || !startsWith(file, MAGIC)) {
    throw new VaultError("NOT_A_VAULT", "Cannot open vault: the file does not begin as a vault does");
  }
  if (file.length < PREAMBLE_LENGTH) throw damaged("the preamble is cut short");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const major = view.getUint16(8);
  if (major !== MAJOR) {
    throw new VaultError(
      "UNSUPPORTED_VERSION",
      `Cannot open vault: format version ${major} is not known`,
      "Use the version of tacit that wrote it",
    );
  }
  if (view.getUint32(12) !== 0) throw unsupported("a critical flag");
  const length = view.getUint32(20);
  const end = PREAMBLE_LENGTH + length;
  if (length < MIN_HEADER_LENGTH || length > MAX_HEADER_LENGTH) throw damaged(`a header of ${length} bytes`);
  if (end > file.length) throw damaged("the header is cut short");
  if (view.getBigUint64(24) !== 0n) throw damaged("reserved bytes are not zero");
  const area = file.subarray(PREAMBLE_LENGTH, end);
  if (!equalConstantTime(sha256(area), file.subarray(32, PREAMBLE_LENGTH))) {
    throw damaged("its checksum does not match");
  }
  const minor = view.getUint16(10);
  const preamble = file.subarray(0, 32);
  return { minor, ignorableFlags: view.getUint32(16), ...parseItems(area, preamble, minor), end };
}

/**
 * Proves that the header was written by someone with these keys.
 * @throws {VaultError} WRONG_SECRET if the keys are another vault's, TAMPERED if they are this one's.
 */
export function checkHeaderMac(header: StoredHeader, keys: KeyTree): void {
  const foreign = !equalConstantTime(header.vaultId, keys.vaultId) ||
    (keys.epoch !== undefined && keys.epoch !== header.epoch) ||
    !equalConstantTime(header.dkCommit, keys.commitment);
  if (foreign) {
    throw new VaultError("WRONG_SECRET", "Cannot open vault: the key belongs to another vault", "Unlock again");
  }
  if (!equalConstantTime(hmacSha256(keys.header, ...header.covered), header.mac)) {
    throw new VaultError("TAMPERED", "Cannot open vault: the header was changed without the key");
  }
}

/**
 * Preamble and header area for `header`, checksum and MAC included, and the MAC itself, which the first frame binds.
 * @throws {VaultError} TOO_LARGE if slots and extensions do not fit.
 */
export function headerToBytes(header: Header, keys: KeyTree): { bytes: Uint8Array; mac: Uint8Array } {
  if (header.slots.length < 1 || header.slots.length > MAX_SLOTS) {
    throw new VaultError("TOO_LARGE", `Cannot write vault: ${header.slots.length} key slots are not in 1…${MAX_SLOTS}`);
  }
  const items = concat(
    item(VAULT_ID, header.vaultId),
    item(EPOCH, u32(header.epoch)),
    item(SUITE_ITEM, u16(SUITE)),
    item(DK_COMMIT, header.dkCommit),
    ...header.slots.map((slot) => item(SLOT, slotToBytes(slot))),
  );
  // Extensions have higher numbers than the MAC, which must end the area: hence they stand before it, out of order.
  const covered = concat(items, ...header.extensions.map((e) => item(e.type, e.value)));
  const length = covered.length + ITEM_HEAD_LENGTH + MAC_LENGTH;
  if (length > MAX_HEADER_LENGTH) {
    throw new VaultError("TOO_LARGE", `Cannot write vault: a header of ${length} bytes is above ${MAX_HEADER_LENGTH}`);
  }
  const preamble = concat(
    MAGIC,
    u16(MAJOR),
    u16(MINOR),
    u32(0),
    u32(header.ignorableFlags),
    u32(length),
    new Uint8Array(8),
  );
  const mac = hmacSha256(keys.header, preamble, covered);
  const area = concat(covered, item(HEADER_MAC, mac));
  return { bytes: concat(preamble, sha256(area), area), mac };
}

function parseItems(area: Uint8Array, preamble: Uint8Array, minor: number) {
  const view = new DataView(area.buffer, area.byteOffset, area.byteLength);
  const fixed = new Map<number, Uint8Array>();
  const slots: Slot[] = [];
  const extensions: Extension[] = [];
  let last = 0;
  for (let at = 0; at < area.length;) {
    if (area.length - at < ITEM_HEAD_LENGTH) throw damaged("an item is cut short");
    const type = view.getUint16(at);
    const end = at + ITEM_HEAD_LENGTH + view.getUint32(at + 2);
    if (end > area.length) throw damaged("an item is cut short");
    const value = area.subarray(at + ITEM_HEAD_LENGTH, end);
    if (type === HEADER_MAC) {
      if (end !== area.length || value.length !== MAC_LENGTH) throw damaged("its MAC is not at the end");
      return {
        ...required(fixed),
        slots: some(slots),
        extensions,
        mac: value,
        covered: [preamble, area.subarray(0, at)],
      };
    }
    if (type < last || (type === last && type !== SLOT)) throw damaged("items are out of order");
    last = type;
    if (type >= FIRST_EXTENSION) extensions.push({ type, value: value.slice() });
    else if (type === SLOT) slots.push(slotFromBytes(value));
    else if (type >= VAULT_ID && type <= DK_COMMIT) fixed.set(type, value);
    else throw unsupported(`header item 0x${type.toString(16)} (minor version ${minor})`);
    at = end;
  }
  throw damaged("it has no MAC");
}

function required(fixed: Map<number, Uint8Array>) {
  const vaultId = field(fixed, VAULT_ID, VAULT_ID_LENGTH);
  const epoch = new DataView(field(fixed, EPOCH, 4).buffer).getUint32(0);
  const suite = new DataView(field(fixed, SUITE_ITEM, 2).buffer).getUint16(0);
  const dkCommit = field(fixed, DK_COMMIT, KEY_LENGTH);
  if (suite !== SUITE) throw unsupported(`cipher suite ${suite}`);
  return { vaultId, epoch, dkCommit };
}

function field(fixed: Map<number, Uint8Array>, type: number, length: number): Uint8Array {
  const value = fixed.get(type);
  if (value?.length !== length) throw damaged(`item 0x${type.toString(16)} is missing or has the wrong size`);
  return value.slice();
}

function some(slots: Slot[]): Slot[] {
  if (slots.length < 1 || slots.length > MAX_SLOTS) throw damaged(`${slots.length} key slots`);
  return slots;
}

function item(type: number, value: Uint8Array): Uint8Array {
  return concat(u16(type), u32(value.length), value);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((b, i) => bytes[i] === b);
}

function damaged(state: string): VaultError {
  return new VaultError(
    "DAMAGED_HEADER",
    `Cannot open vault: the header is damaged: ${state}`,
    "tacit restore",
  );
}

function unsupported(what: string): VaultError {
  return new VaultError(
    "UNSUPPORTED_VERSION",
    `Cannot open vault: ${what} is not known to this version`,
    "Use the version of tacit that wrote it",
  );
}
