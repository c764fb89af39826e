/** Passphrase slots: Argon2id over the normalised passphrase. docs/format.md, "Slot type 1". */
import { argon2id, kdfFault, type KdfParams } from "../../wasm/argon2id.ts";
import { concat, u32 } from "../bytes.ts";
import { randomBytes } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";
import { SLOT_PASSPHRASE } from "./layout.ts";
import { type Slot, type SlotContext, unwrap, wrap } from "./slot.ts";

const ARGON2ID = 1;
const SALT_LENGTH = 16;
const PARAMS_LENGTH = 1 + 4 + 4 + 1 + SALT_LENGTH;
/** Bytes after normalisation: more is a file handed over by mistake. */
const MAX_PASSPHRASE = 1024;
/** KiB above which a person is asked first: a small machine may start to swap. */
export const ASK_ABOVE_KIB = 524_288;

/** What `calibrateKdf` aims at and the range it stays in. */
const TARGET_MS = 1000;
const CALIBRATED_PASSES = 3;
const MIN_CALIBRATED_KIB = 64 * 1024;
const MAX_CALIBRATED_KIB = 256 * 1024;

/**
 * True if a derivation of this cost is cheaper to guess against than the least that a new vault gets today. Cost is
 * memory times passes, as the limits of the format count it: a slot made anew for this never becomes a cheaper one.
 */
export function isBelowLeast({ memoryKib, passes }: KdfParams): boolean {
  return memoryKib * passes < MIN_CALIBRATED_KIB * CALIBRATED_PASSES;
}

/** Parameters for about one second on this machine, memory in whole MiB between 64 and 256, three passes, one lane. */
export async function calibrateKdf(): Promise<KdfParams> {
  const trial = { memoryKib: MIN_CALIBRATED_KIB, passes: 1, lanes: 1 };
  const input = randomBytes(SALT_LENGTH);
  // The first run pays for loading the module and must not count.
  await argon2id(input, input, { ...trial, memoryKib: MIN_CALIBRATED_KIB / 2 });
  const start = performance.now();
  await argon2id(input, input, trial);
  const elapsed = Math.max(1, performance.now() - start);
  const affordable = MIN_CALIBRATED_KIB * TARGET_MS / (elapsed * CALIBRATED_PASSES);
  const bounded = Math.min(MAX_CALIBRATED_KIB, Math.max(MIN_CALIBRATED_KIB, affordable));
  return { memoryKib: Math.floor(bounded / 1024) * 1024, passes: CALIBRATED_PASSES, lanes: 1 };
}

/**
 * A new slot that opens with `passphrase`.
 * @throws {VaultError} KDF_OUT_OF_BOUNDS, or WRONG_SECRET if the passphrase is empty, too long or not UTF-8.
 */
export async function passphraseSlot(
  passphrase: Uint8Array,
  kdf: KdfParams,
  dataKey: Uint8Array,
  context: SlotContext,
): Promise<Slot> {
  const salt = randomBytes(SALT_LENGTH);
  const ikm = await stretch(passphrase, salt, kdf);
  const cost = concat(u32(kdf.memoryKib), u32(kdf.passes), Uint8Array.of(kdf.lanes));
  const params = concat(Uint8Array.of(ARGON2ID), cost, salt);
  const slot = wrap(SLOT_PASSPHRASE, params, ikm, salt, dataKey, context);
  ikm.fill(0);
  return slot;
}

/**
 * The data key if `slot` opens with `passphrase`, else null.
 * @throws {VaultError} KDF_OUT_OF_BOUNDS before anything is allocated; WRONG_SECRET for an unusable passphrase.
 */
export async function openPassphraseSlot(
  slot: Slot,
  passphrase: Uint8Array,
  context: SlotContext,
  allowLargeMemory: boolean,
): Promise<Uint8Array | null> {
  const { kdf, salt } = slotCost(slot);
  if (kdf.memoryKib > ASK_ABOVE_KIB && !allowLargeMemory) {
    throw new VaultError(
      "KDF_OUT_OF_BOUNDS",
      `Cannot open key slot: it asks for ${Math.ceil(kdf.memoryKib / 1024)} MiB of memory`,
      "Allow it only if you chose this cost yourself",
    );
  }
  const ikm = await stretch(passphrase, salt, kdf);
  try {
    return unwrap(slot, ikm, salt, context);
  } finally {
    ikm.fill(0);
  }
}

/**
 * Cost and salt of a passphrase slot.
 * @throws {VaultError} KDF_OUT_OF_BOUNDS or DAMAGED_HEADER.
 */
export function slotCost(slot: Slot): { kdf: KdfParams; salt: Uint8Array } {
  const { params } = slot;
  if (params.length !== PARAMS_LENGTH || params[0] !== ARGON2ID) {
    throw new VaultError("DAMAGED_HEADER", "Cannot open key slot: its parameters are malformed");
  }
  const view = new DataView(params.buffer, params.byteOffset, params.byteLength);
  const kdf = { memoryKib: view.getUint32(1), passes: view.getUint32(5), lanes: view.getUint8(9) };
  checkCost(kdf);
  return { kdf, salt: params.subarray(PARAMS_LENGTH - SALT_LENGTH) };
}

function checkCost(kdf: KdfParams): void {
  const fault = kdfFault(kdf);
  if (fault !== null) throw new VaultError("KDF_OUT_OF_BOUNDS", `Cannot stretch passphrase: ${fault}`);
}

async function stretch(passphrase: Uint8Array, salt: Uint8Array, kdf: KdfParams): Promise<Uint8Array> {
  checkCost(kdf);
  const normal = normalise(passphrase);
  try {
    return await argon2id(normal, salt, kdf);
  } finally {
    normal.fill(0);
  }
}

/** NFC, since keyboards and systems differ in how they compose accents. Returns bytes of its own. */
function normalise(passphrase: Uint8Array): Uint8Array {
  if (passphrase.length > 4 * MAX_PASSPHRASE) throw unusable("longer than 1024 bytes");
  let normal = passphrase.slice();
  // Plain ASCII is its own normal form and need not become a string, which could not be wiped.
  if (normal.some((b) => b > 0x7f)) {
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(normal);
      normal.fill(0);
      normal = new TextEncoder().encode(text.normalize("NFC"));
    } catch {
      throw unusable("not UTF-8");
    }
  }
  if (normal.length === 0) throw unusable("empty");
  if (normal.length > MAX_PASSPHRASE) throw unusable("longer than 1024 bytes");
  return normal;
}

function unusable(state: string): VaultError {
  return new VaultError("WRONG_SECRET", `Cannot use passphrase: it is ${state}`);
}
