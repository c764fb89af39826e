/**
 * What a vault must hold after any edits, as a plain Map: the vault's own promises and nothing of its code.
 * tests/reliability/model_test.ts compares the two after every step.
 */
import type { NewRecord } from "../../lib/vault/vault.ts";

/** A secret as the model has it. `origin` tells it from an earlier one of the same name. */
export interface ModelRecord {
  meta: NewRecord;
  value: string;
  created: number;
  updated: number;
  rev: number;
  origin: number;
}

/** One edit, its value as text. */
export type ModelEdit =
  | { op: "put"; record: NewRecord; value: string | null }
  | { op: "remove"; name: string }
  | { op: "put_internal"; name: string; value: string };

/** What an edit may be refused for. */
export type ModelFault = "CONFLICT" | "MISSING";

/** The state of one vault file; never changed in place. */
export interface ModelState {
  /** By name, internal ones with a dot before it; in the order in which they were added. */
  readonly records: ReadonlyMap<string, ModelRecord>;
  readonly generation: number;
  readonly epoch: number;
}

/** A vault as it is made. */
export const EMPTY: ModelState = { records: new Map(), generation: 1, epoch: 1 };

let origins = 0;

/**
 * `fresh` after `edits` at time `now`, which were made by someone who looked at `loaded`; or why they are refused as a
 * whole. `drops` says whether a stored value was replaced or removed.
 */
export function applied(
  loaded: ModelState,
  fresh: ModelState,
  edits: readonly ModelEdit[],
  now: number,
): { state: ModelState; drops: boolean } | ModelFault {
  const records = new Map(fresh.records);
  let drops = false;
  for (const edit of edits) {
    const key = keyOf(edit);
    if (!isSame(loaded.records.get(key), fresh.records.get(key))) return "CONFLICT";
    const before = records.get(key);
    if (edit.op === "remove") {
      if (before === undefined) return "MISSING";
      records.delete(key);
      drops = true;
      continue;
    }
    const value = edit.value ?? before?.value;
    if (value === undefined) return "MISSING";
    drops ||= before !== undefined && edit.value !== null;
    records.set(key, {
      meta: edit.op === "put" ? edit.record : { ...INTERNAL, name: edit.name },
      value,
      created: before?.created ?? now,
      updated: Math.max(now, before?.updated ?? 0),
      rev: (before?.rev ?? 0) + (edit.value === null ? 0 : 1),
      origin: before?.origin ?? ++origins,
    });
  }
  return { state: { ...fresh, records, generation: fresh.generation + 1 }, drops };
}

/** The same records in a later file, as after a change of slots or of the data key. */
export function rewritten(state: ModelState, more: Partial<ModelState> = {}): ModelState {
  return { ...state, generation: state.generation + 1, ...more };
}

/** The secrets as `Vault.list` must give them. */
export function listed(state: ModelState): object[] {
  return [...state.records].filter(([key]) => !key.startsWith("."))
    .map(([, { meta, created, updated, rev }]) => ({ ...meta, created, updated, rev }));
}

const INTERNAL = {
  kind: ".internal",
  tags: [],
  description: "",
  provider: null,
  grant: { destinations: [], positions: [], modes: [], agents: [], projects: [], confirm: "never", expires: null },
  weak: false,
} satisfies Omit<NewRecord, "name">;

function keyOf(edit: ModelEdit): string {
  if (edit.op === "put") return edit.record.name;
  return edit.op === "put_internal" ? `.${edit.name}` : edit.name;
}

/** True if nobody changed the record between the two looks; a change to the same as before is none. */
function isSame(a: ModelRecord | undefined, b: ModelRecord | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
