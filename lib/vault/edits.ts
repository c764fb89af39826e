/** Edits, and how they meet a state that another process may have changed meanwhile. */
import { equalConstantTime, randomBytes } from "../crypto/hash.ts";
import { emptyGrant, type SecretMetadata } from "../grant/grant.ts";
import { decode, encode, MsgpackError } from "../msgpack.ts";
import { isName } from "../names.ts";
import type { Secret } from "../secret.ts";
import { VaultError } from "./fault.ts";
import type { KeyTree } from "./key_tree.ts";
import { ID_LENGTH, type IndexedRecord, INTERNAL_KIND, recordFromPackable, recordToPackable } from "./record.ts";
import type { SlotContext } from "./slot.ts";
import { type Entry, nameKey, type VaultState } from "./state.ts";
import { sealValue } from "./value.ts";

/** A record to store. The vault itself keeps times and revision; any such fields of the object are ignored. */
export type NewRecord = Omit<SecretMetadata, "created" | "updated" | "rev">;

/** One change. Several are saved together or not at all, in order. */
export type Edit =
  /** Adds the secret or replaces it; with a null value the stored one is kept, for a secret that exists. */
  | { op: "put"; record: NewRecord; value: Secret | null }
  | { op: "remove"; name: string }
  /** Adds or replaces a record of tacit's own. */
  | { op: "put_internal"; name: string; value: Uint8Array };

/** What edits make of a state. */
export interface Edited {
  /** The entries that become others, by `nameKey`; null for one that goes. */
  changed: ReadonlyMap<string, Entry | null>;
  /** True if a stored value was replaced or removed. */
  dropsValues: boolean;
}

/**
 * What `edits`, which were made looking at `loaded`, make of `fresh`.
 * @throws {VaultError} CONFLICT if a record that an edit touches differs between the two; MISSING for a record that an
 *   edit needs; TOO_LARGE.
 * @throws {TypeError} if a record cannot be stored as it is.
 */
export function applyEdits(
  loaded: VaultState,
  fresh: VaultState,
  edits: Edit[],
  keys: KeyTree,
  now: number,
): Edited {
  const changed = new Map<string, Entry | null>();
  let dropsValues = false;
  for (const edit of edits) {
    const key = keyOf(edit);
    if (loaded !== fresh) refuseConflict(loaded.entries.get(key), fresh.entries.get(key));
    const before = (changed.has(key) ? changed.get(key) : fresh.entries.get(key)) ?? undefined;
    // What was removed and comes again is another record, which stands at the end.
    if (changed.get(key) === null) changed.delete(key);
    const replacesValue = edit.op !== "put" || edit.value !== null;
    dropsValues ||= before !== undefined && replacesValue;
    if (edit.op !== "remove") changed.set(key, entryOf(edit, before, keys, fresh.header, now));
    else if (before !== undefined) changed.set(key, null);
    else throw missing(edit.name);
  }
  return { changed, dropsValues };
}

/** All entries of `state` once `changed` is applied; new ones, also of a name that was removed before, stand at the end. */
export function* merged(state: VaultState, changed: Edited["changed"]): Iterable<Entry> {
  const inPlace = (key: string, entry: Entry) => state.entries.get(key)?.id === entry.id;
  for (const [key, entry] of state.entries) {
    const now = changed.has(key) ? changed.get(key) : entry;
    if (now && inPlace(key, now)) yield now;
  }
  for (const [key, entry] of changed) if (entry !== null && !inPlace(key, entry)) yield entry;
}

function keyOf(edit: Edit): string {
  if (edit.op === "remove") {
    // Internal records have keys that are no names.
    if (!isName(edit.name)) throw missing(edit.name);
    return edit.name;
  }
  if (edit.op === "put_internal") return nameKey({ name: edit.name, kind: INTERNAL_KIND });
  if (edit.record.kind.startsWith(".")) {
    throw new TypeError("Cannot store record: kinds that begin with a dot are reserved");
  }
  return edit.record.name;
}

function entryOf(
  edit: Exclude<Edit, { op: "remove" }>,
  before: Entry | undefined,
  keys: KeyTree,
  context: SlotContext,
  now: number,
): Entry {
  const value = edit.op === "put_internal" ? edit.value : edit.value?.reveal();
  if (value === undefined && before === undefined) throw missing(nameOf(edit));
  const id = before?.id ?? randomBytes(ID_LENGTH);
  const rev = (before?.meta.rev ?? 0) + (value === undefined ? 0 : 1);
  const blob = value === undefined && before ? before.blob : sealValue(keys, context, { id, rev }, value as Uint8Array);
  const created = before?.meta.created ?? now;
  const updated = Math.max(now, before?.meta.updated ?? 0);
  const meta = { ...(edit.op === "put" ? edit.record : internalRecord(edit.name)), created, updated, rev };
  return { id, meta: storable({ id, meta, offset: 0, length: blob.length }), blob };
}

/** The metadata as it will be read again, so that nothing is ever stored that could not be. */
function storable(record: IndexedRecord): Readonly<SecretMetadata> {
  try {
    return recordFromPackable(decode(encode(recordToPackable(record))), false).meta;
  } catch (cause) {
    if (!(cause instanceof MsgpackError)) throw cause;
    throw new TypeError("Cannot store record: a text or number in it has no encoding", { cause });
  }
}

function nameOf(edit: Exclude<Edit, { op: "remove" }>): string {
  return edit.op === "put" ? edit.record.name : edit.name;
}

function internalRecord(name: string): NewRecord {
  return { name, kind: INTERNAL_KIND, tags: [], description: "", provider: null, grant: emptyGrant(), weak: false };
}

/** Rewrites copy blobs byte for byte, so an untouched record is the same in both, blob included. */
function refuseConflict(loaded: Entry | undefined, fresh: Entry | undefined): void {
  if (loaded === undefined && fresh === undefined) return;
  if (loaded !== undefined && fresh !== undefined && sameEntry(loaded, fresh)) return;
  const name = (loaded ?? fresh)?.meta.name;
  throw new VaultError(
    "CONFLICT",
    `Cannot change "${name}": another process changed it meanwhile`,
    "Look at it again, then repeat the change",
  );
}

function sameEntry(a: Entry, b: Entry): boolean {
  const encoded = ({ id, meta, blob }: Entry) => encode(recordToPackable({ id, meta, offset: 0, length: blob.length }));
  return equalConstantTime(encoded(a), encoded(b)) && equalConstantTime(a.blob, b.blob);
}

function missing(name: string): VaultError {
  return new VaultError("MISSING", `Cannot change "${name}": there is no such secret`);
}
