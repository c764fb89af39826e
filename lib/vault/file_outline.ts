/**
 * What a vault file says of itself to someone without a key: its header, whose checksum holds, and where its frames lie.
 * Nothing of it is proven. docs/format.md, "Preamble" and "Frames".
 */
import { toHex } from "../bytes.ts";
import { readGuarded } from "./guarded_file.ts";
import { parseHeader, type StoredHeader } from "./header.ts";
import { FRAME_HEAD_LENGTH, FRAME_MAGIC, MAC_LENGTH, MAX_FILE_LENGTH } from "./layout.ts";
import type { VaultState } from "./state.ts";

/** Where the fields of a frame's head stand. */
const GENERATION_AT = 8;
const BLOB_LENGTH_AT = 16;
const INDEX_LENGTH_AT = 20;

/** One file's outline. */
export interface FileOutline {
  header: StoredHeader;
  /** Where each frame ends that is there in full, in order. */
  frameEnds: number[];
  /** Generation of the last of them, 0 if there is none. */
  generation: number;
  /** `stateId` of what the file seems to hold; of no state if there is no frame. */
  id: string;
  /** False if something else follows the frames, or there are none. */
  complete: boolean;
}

/** How a state is named to people and scripts: its generation, and the first eight digits of its last MAC. */
export function stateId(state: Pick<VaultState, "generation" | "lastMac">): string {
  return `${state.generation}-${toHex(state.lastMac.subarray(0, 4))}`;
}

/**
 * The outline of the file at `path`, and its bytes.
 * @throws {VaultError} as `readGuarded` and `parseHeader`.
 */
export function outlineAt(path: string): { outline: FileOutline; bytes: Uint8Array } {
  const bytes = readGuarded(path, MAX_FILE_LENGTH);
  return { outline: outlineOf(bytes), bytes };
}

/**
 * The outline of these bytes.
 * @throws {VaultError} NOT_A_VAULT, UNSUPPORTED_VERSION or DAMAGED_HEADER.
 */
export function outlineOf(bytes: Uint8Array): FileOutline {
  const header = parseHeader(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frameEnds: number[] = [];
  let generation = 0;
  let at = header.end;
  while (at + FRAME_HEAD_LENGTH + MAC_LENGTH <= bytes.length && FRAME_MAGIC.every((b, i) => bytes[at + i] === b)) {
    const found = Number(view.getBigUint64(at + GENERATION_AT));
    const length = view.getUint32(at + BLOB_LENGTH_AT) + view.getUint32(at + INDEX_LENGTH_AT);
    const end = at + FRAME_HEAD_LENGTH + length + MAC_LENGTH;
    const due = generation === 0 ? Number.isSafeInteger(found) && found >= 1 : found === generation + 1;
    if (end > bytes.length || !due) break;
    generation = found;
    frameEnds.push(end);
    at = end;
  }
  const lastMac = bytes.subarray(at - MAC_LENGTH, at);
  return {
    header,
    frameEnds,
    generation,
    id: stateId({ generation, lastMac }),
    complete: at === bytes.length && at > header.end,
  };
}
