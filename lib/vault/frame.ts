/** One commit frame: head, sealed index, blobs, chain MAC. docs/format.md, "Frames". */
import { concat, u32, u64, utf8 } from "../bytes.ts";
import { AuthenticationError, NONCE_LENGTH, open, seal, TAG_LENGTH } from "../crypto/aead.ts";
import { equalConstantTime, hmacSha256, sha256 } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";
import type { KeyTree } from "./key_tree.ts";
import {
  CHECKPOINT,
  DELTA,
  FRAME_HEAD_LENGTH,
  FRAME_MAGIC,
  INDEX_PADDING,
  MAC_LENGTH,
  MAX_FRAME_PART,
} from "./layout.ts";
import type { SlotContext } from "./slot.ts";
import { unpad } from "./value.ts";

/** Bytes of the head that the index seal covers; the nonce follows them. */
const COVERED_HEAD = 24;

export type FrameType = typeof CHECKPOINT | typeof DELTA;

/** A frame whose chain MAC matched. */
export interface Frame {
  type: FrameType;
  generation: number;
  /** Canonical MessagePack. */
  index: Uint8Array;
  blobs: Uint8Array;
  mac: Uint8Array;
  /** Position after the frame. */
  end: number;
}

/** A frame that is cut short or does not match. */
export interface BrokenFrame {
  broken: string;
  /** True if a write that was cut short, or whose bytes never reached the disk, can look like this. */
  torn: boolean;
}

/**
 * The frame at `at`, which must follow a frame with MAC `previous` and have `generation` (null: any from 1 on).
 * @throws {VaultError} TAMPERED or CORRUPT_FRAME for what no torn write can produce: a matching MAC over a bad seal.
 */
export function readFrame(
  file: Uint8Array,
  at: number,
  previous: Uint8Array,
  generation: number | null,
  keys: KeyTree,
  context: SlotContext,
): Frame | BrokenFrame {
  const head = parseHead(file, at, generation);
  if ("broken" in head) return head;
  const indexAt = at + FRAME_HEAD_LENGTH;
  const blobsAt = indexAt + head.indexLength;
  const macAt = blobsAt + head.blobLength;
  const end = macAt + MAC_LENGTH;
  if (end > file.length) return { broken: "it is cut short", torn: true };
  const headBytes = file.subarray(at, indexAt);
  const sealedIndex = file.subarray(indexAt, blobsAt);
  const blobs = file.subarray(blobsAt, macAt);
  const mac = file.subarray(macAt, end);
  if (!equalConstantTime(chainMac(keys, previous, headBytes, sealedIndex, blobs), mac)) {
    return { broken: "its MAC does not match", torn: end === file.length };
  }
  const aad = indexData(context, previous, headBytes);
  const index = openIndex(keys, aad, concat(headBytes.subarray(COVERED_HEAD), sealedIndex));
  return { type: head.type, generation: head.generation, index, blobs, mac, end };
}

/**
 * A frame that follows one with MAC `previous`.
 * @throws {VaultError} TOO_LARGE if index or blobs exceed 64 MiB.
 */
export function writeFrame(
  frame: { type: FrameType; generation: number; index: Uint8Array; blobs: Uint8Array[] },
  previous: Uint8Array,
  keys: KeyTree,
  context: SlotContext,
): Uint8Array {
  if (!Number.isSafeInteger(frame.generation)) {
    throw new VaultError("TOO_LARGE", "Cannot write vault: there is no further generation");
  }
  const unit = INDEX_PADDING[frame.type];
  const plaintext = new Uint8Array(Math.ceil((frame.index.length + 4) / unit) * unit);
  const blobs = concat(...frame.blobs);
  if (plaintext.length + TAG_LENGTH > MAX_FRAME_PART || blobs.length > MAX_FRAME_PART) {
    throw new VaultError("TOO_LARGE", "Cannot write vault: all values or all metadata together exceed 64 MiB");
  }
  plaintext.set(u32(frame.index.length));
  plaintext.set(frame.index, 4);
  const covered = concat(
    FRAME_MAGIC,
    Uint8Array.of(frame.type, 0, 0, 0),
    u64(frame.generation),
    u32(blobs.length),
    u32(plaintext.length + TAG_LENGTH),
  );
  const sealed = seal(keys.index, indexData(context, previous, covered), plaintext);
  const head = concat(covered, sealed.subarray(0, NONCE_LENGTH));
  const sealedIndex = sealed.subarray(NONCE_LENGTH);
  return concat(head, sealedIndex, blobs, chainMac(keys, previous, head, sealedIndex, blobs));
}

/**
 * True if a frame of `generation` or a later one seems to begin after `at`: then what stands at `at` is damage in the
 * middle of the file, and not a last write that was cut short. A chance match needs 13 bytes to agree.
 */
export function hasLaterFrame(file: Uint8Array, at: number, generation: number): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let p = file.indexOf(0x46, at + 1); p >= 0 && p + 16 <= file.length; p = file.indexOf(0x46, p + 1)) {
    if (!FRAME_MAGIC.every((b, i) => file[p + i] === b)) continue;
    if (!isFrameType(file[p + 4]) || view.getUint32(p + 4) % 2 ** 24 !== 0) continue;
    const later = view.getBigUint64(p + 8);
    if (later >= BigInt(generation) && later <= BigInt(generation) + 65536n) return true;
  }
  return false;
}

interface Head {
  type: FrameType;
  generation: number;
  blobLength: number;
  indexLength: number;
}

function parseHead(file: Uint8Array, at: number, generation: number | null): Head | BrokenFrame {
  if (file.length - at < FRAME_HEAD_LENGTH) return { broken: "its head is cut short", torn: true };
  const view = new DataView(file.buffer, file.byteOffset + at, FRAME_HEAD_LENGTH);
  const type = file[at + 4];
  const wellFormed = FRAME_MAGIC.every((b, i) => file[at + i] === b) && view.getUint32(4) % 2 ** 24 === 0;
  if (!wellFormed || !isFrameType(type)) return { broken: "its head is not one", torn: true };
  const found = Number(view.getBigUint64(8));
  const inOrder = Number.isSafeInteger(found) && (generation === null ? found >= 1 : found === generation);
  if (!inOrder) return { broken: "its generation is out of order", torn: false };
  const blobLength = view.getUint32(16);
  const indexLength = view.getUint32(20);
  const padded = indexLength - TAG_LENGTH;
  if (
    blobLength > MAX_FRAME_PART || indexLength > MAX_FRAME_PART || padded <= 0 || padded % INDEX_PADDING[type] !== 0
  ) {
    return { broken: "its sizes are out of bounds", torn: true };
  }
  return { type, generation: found, blobLength, indexLength };
}

function isFrameType(type: number | undefined): type is FrameType {
  return type === CHECKPOINT || type === DELTA;
}

function openIndex(keys: KeyTree, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    return unpad(open(keys.index, aad, sealed));
  } catch (cause) {
    if (!(cause instanceof AuthenticationError)) throw cause;
    throw new VaultError("TAMPERED", "Cannot open vault: the seal of its index does not match", undefined, { cause });
  }
}

function indexData(context: SlotContext, previous: Uint8Array, head: Uint8Array): Uint8Array {
  return concat(utf8("asv1/idx"), context.vaultId, u32(context.epoch), previous, head.subarray(0, COVERED_HEAD));
}

function chainMac(
  keys: KeyTree,
  previous: Uint8Array,
  head: Uint8Array,
  sealedIndex: Uint8Array,
  blobs: Uint8Array,
): Uint8Array {
  return hmacSha256(keys.chain, previous, head, sha256(sealedIndex), sha256(blobs));
}
