/** A whole vault file read under its keys, and written again. No value is opened here. docs/format.md, "Frames". */
import { concat } from "../bytes.ts";
import type { SecretMetadata } from "../grant/grant.ts";
import { decode, encode, MsgpackError, type Packable } from "../msgpack.ts";
import { VaultError } from "./fault.ts";
import { Fields } from "./fields.ts";
import { type Frame, hasLaterFrame, readFrame, writeFrame } from "./frame.ts";
import { checkHeaderMac, type Header, headerToBytes, parseHeader, type StoredHeader } from "./header.ts";
import type { KeyTree } from "./key_tree.ts";
import { CHECKPOINT, DELTA, MAX_FILE_LENGTH, MAX_SECRETS, MINOR } from "./layout.ts";
import { ID_LENGTH, type IndexedRecord, INTERNAL_KIND, recordFromPackable, recordToPackable } from "./record.ts";
import { isBlobLength } from "./value.ts";

/** A record with its still sealed value. */
export interface Entry {
  id: Uint8Array;
  meta: Readonly<SecretMetadata>;
  blob: Uint8Array;
}

/** What one vault file holds. */
export interface VaultState {
  header: StoredHeader;
  generation: number;
  /** MAC of the last good frame: with the generation it names this state. */
  lastMac: Uint8Array;
  /** By `nameKey`, in the order of the index. */
  entries: ReadonlyMap<string, Entry>;
  /** Where the last checkpoint ends; what follows it are deltas. */
  checkpointEnd: number;
  /** Deltas after the last checkpoint. */
  deltas: number;
  /** Where the last good frame ends. */
  end: number;
  /** Where a torn tail begins, or null. */
  tornAt: number | null;
}

/**
 * Stops a save of what a newer version wrote, since fields unknown to this one would be lost.
 * @throws {VaultError} READ_ONLY.
 */
export function refuseNewer(state: VaultState): void {
  if (state.header.minor <= MINOR) return;
  throw new VaultError(
    "READ_ONLY",
    "Cannot change vault: a newer version of tacit wrote it",
    "Update tacit on this machine",
  );
}

/** Key of an entry: secrets and internal records have name spaces of their own. */
export function nameKey(meta: { name: string; kind: string }): string {
  return meta.kind === INTERNAL_KIND ? `.${meta.name}` : meta.name;
}

/**
 * The state of a vault file. Every byte of every good frame is proven before anything in it is believed.
 * @throws {VaultError}
 */
export function readState(bytes: Uint8Array, keys: KeyTree): VaultState {
  if (bytes.length > MAX_FILE_LENGTH) {
    throw new VaultError("TOO_LARGE", `Cannot open vault: ${bytes.length} bytes are above ${MAX_FILE_LENGTH}`);
  }
  const header = parseHeader(bytes);
  checkHeaderMac(header, keys);
  const entries = new Entries(header.minor > MINOR);
  let at = header.end;
  let lastMac = header.mac;
  let generation: number | null = null;
  let tornAt: number | null = null;
  let checkpointEnd = at;
  let deltas = 0;
  while (at < bytes.length) {
    const expected: number | null = generation === null ? null : generation + 1;
    const frame = readFrame(bytes, at, lastMac, expected, keys, header);
    if ("broken" in frame) {
      if (expected === null || !frame.torn || hasLaterFrame(bytes, at, expected)) {
        throw new VaultError("CORRUPT_FRAME", `Cannot open vault: frame at byte ${at} is damaged: ${frame.broken}`);
      }
      tornAt = at;
      break;
    }
    entries.apply(frame, generation === null);
    ({ end: at, mac: lastMac, generation } = frame);
    deltas = frame.type === CHECKPOINT ? 0 : deltas + 1;
    if (frame.type === CHECKPOINT) checkpointEnd = at;
  }
  if (generation === null) throw new VaultError("CORRUPT_FRAME", "Cannot open vault: it has no frame");
  return { header, generation, lastMac, entries: entries.byName(), checkpointEnd, deltas, end: at, tornAt };
}

/**
 * A file that holds exactly `entries`: one checkpoint, blobs copied byte for byte.
 * @throws {VaultError} TOO_LARGE.
 */
export function writeState(header: Header, generation: number, entries: Iterable<Entry>, keys: KeyTree): Uint8Array {
  const { index, blobs, count } = layOut(entries);
  refuseTooMany(count);
  const { bytes, mac } = headerToBytes(header, keys);
  return concat(bytes, writeFrame({ type: CHECKPOINT, generation, index, blobs }, mac, keys, header));
}

/**
 * The DELTA that adds `entries` to `state` or replaces those of the same id.
 * @throws {VaultError} TOO_LARGE.
 */
export function writeDelta(state: VaultState, entries: Iterable<Entry>, keys: KeyTree): Uint8Array {
  const { index, blobs } = layOut(entries);
  const generation = state.generation + 1;
  return writeFrame({ type: DELTA, generation, index, blobs }, state.lastMac, keys, state.header);
}

/**
 * `state` after `frame`, as `writeDelta` made it and as it was read back; proves it as any reader would. The two share
 * their entries, since copying ten thousand of them would cost more than the save: the old one must not be used on.
 * @throws {VaultError} CORRUPT_FRAME; `state` is then as it was.
 */
export function advance(state: VaultState, frame: Uint8Array, keys: KeyTree): VaultState {
  const read = readFrame(frame, 0, state.lastMac, state.generation + 1, keys, state.header);
  if ("broken" in read || read.end !== frame.length || read.type !== DELTA) {
    throw new VaultError("CORRUPT_FRAME", "Cannot save vault: the new frame does not read back as written");
  }
  const { put, removed } = readIndex(read, false);
  if (removed.length > 0) throw corrupt("an appended frame removes a record");
  const added = put.filter((entry) => !state.entries.has(nameKey(entry.meta)));
  refuseTooMany(state.entries.size + added.length);
  const entries = state.entries as Map<string, Entry>;
  for (const entry of put) entries.set(nameKey(entry.meta), entry);
  const end = state.end + frame.length;
  return { ...state, generation: read.generation, lastMac: read.mac, deltas: state.deltas + 1, end };
}

/** An index and the blob area that it describes. */
function layOut(entries: Iterable<Entry>): { index: Uint8Array; blobs: Uint8Array[]; count: number } {
  const put: Packable[] = [];
  const blobs: Uint8Array[] = [];
  let offset = 0;
  for (const { id, meta, blob } of entries) {
    put.push(recordToPackable({ id, meta, offset, length: blob.length }));
    blobs.push(blob);
    offset += blob.length;
  }
  return { index: encode({ v: 1, put, del: [] }), blobs, count: put.length };
}

function refuseTooMany(count: number): void {
  if (count <= MAX_SECRETS) return;
  throw new VaultError("TOO_LARGE", `Cannot write vault: ${count} secrets are above ${MAX_SECRETS}`);
}

/** Entries as frame after frame changes them. */
class Entries {
  readonly #newer: boolean;
  #byId = new Map<string, Entry>();

  constructor(newer: boolean) {
    this.#newer = newer;
  }

  apply(frame: Frame, first: boolean): void {
    if (first && frame.type !== CHECKPOINT) throw corrupt("the first frame is not a checkpoint");
    if (frame.type === CHECKPOINT) this.#byId = new Map();
    const { put, removed } = readIndex(frame, this.#newer);
    for (const id of removed) if (!this.#byId.delete(id)) throw corrupt("it removes a record that is not there");
    for (const entry of put) this.#byId.set(idKey(entry.id), entry);
    if (this.#byId.size > MAX_SECRETS) {
      throw new VaultError("TOO_LARGE", `Cannot open vault: more than ${MAX_SECRETS} secrets`);
    }
  }

  byName(): Map<string, Entry> {
    const named = new Map<string, Entry>();
    for (const entry of this.#byId.values()) named.set(nameKey(entry.meta), entry);
    if (named.size !== this.#byId.size) throw corrupt("two records have the same name");
    return named;
  }
}

/** What one frame says, its blobs in place. @throws {VaultError} CORRUPT_FRAME. */
function readIndex(frame: Frame, newer: boolean): { put: Entry[]; removed: string[] } {
  try {
    const fields = new Fields(decode(frame.index), "index");
    fields.integer("v", undefined, 1, 1);
    const records = fields.list("put", MAX_SECRETS, (item) => recordFromPackable(item, newer));
    const removed = fields.list("del", frame.type === CHECKPOINT ? 0 : MAX_SECRETS, idFromPackable);
    fields.end(newer);
    return { put: withBlobs(records, frame.blobs), removed };
  } catch (cause) {
    if (cause instanceof MsgpackError || cause instanceof TypeError) throw corrupt(cause.message, cause);
    throw cause;
  }
}

function withBlobs(records: IndexedRecord[], blobs: Uint8Array): Entry[] {
  let offset = 0;
  const seen = new Set<string>();
  const entries = records.map((record) => {
    const id = idKey(record.id);
    if (seen.has(id)) throw corrupt("a record occurs twice");
    seen.add(id);
    if (record.offset !== offset || !isBlobLength(record.length)) throw corrupt("blobs are out of place");
    offset += record.length;
    return { id: record.id, meta: record.meta, blob: blobs.subarray(record.offset, offset) };
  });
  if (offset !== blobs.length) throw corrupt("blobs and index disagree");
  return entries;
}

function idFromPackable(item: Packable): string {
  if (!(item instanceof Uint8Array) || item.length !== ID_LENGTH) throw new TypeError("Cannot read index: not an id");
  return idKey(item);
}

/** A map key for an id; hexadecimal would cost a quarter of opening a large vault. */
function idKey(id: Uint8Array): string {
  return String.fromCharCode.apply(null, id as unknown as number[]);
}

function corrupt(state: string, cause?: unknown): VaultError {
  return new VaultError("CORRUPT_FRAME", `Cannot open vault: its index is malformed: ${state}`, undefined, { cause });
}
