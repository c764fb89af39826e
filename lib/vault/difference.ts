/** How two states of one vault differ, by names only: no value is opened, since revisions tell. */
import { equalConstantTime } from "../crypto/hash.ts";
import { encode } from "../msgpack.ts";
import { INTERNAL_KIND, recordToPackable } from "./record.ts";
import type { Entry, VaultState } from "./state.ts";

/** What is different once `to` stands where `from` stood; names in order. */
export interface Difference {
  /** Only in `to`: they come back. */
  back: string[];
  /** Only in `from`: they vanish. */
  gone: string[];
  /** In both, with another value. */
  otherValue: string[];
  /** In both, with the same value and other settings: what it may be used for, expiry, labels. */
  otherSettings: string[];
  /** How many are the same in both. */
  same: number;
}

/** The difference between two states. Records of tacit's own are no secrets and are passed over. */
export function differenceOf(from: Pick<VaultState, "entries">, to: Pick<VaultState, "entries">): Difference {
  const [before, after] = [byName(from), byName(to)];
  const difference: Difference = { back: [], gone: [], otherValue: [], otherSettings: [], same: 0 };
  for (const name of before.keys()) if (!after.has(name)) difference.gone.push(name);
  for (const [name, entry] of after) {
    const there = before.get(name);
    if (there === undefined) difference.back.push(name);
    else if (!sameValue(there, entry)) difference.otherValue.push(name);
    else if (!sameSettings(there, entry)) difference.otherSettings.push(name);
    else difference.same++;
  }
  for (const names of [difference.back, difference.gone, difference.otherValue, difference.otherSettings]) names.sort();
  return difference;
}

/** True if nothing differs. */
export function isSame({ back, gone, otherValue, otherSettings }: Difference): boolean {
  return back.length + gone.length + otherValue.length + otherSettings.length === 0;
}

/** The secrets of a state; records of tacit's own are none. */
export function secretsOf({ entries }: Pick<VaultState, "entries">): Entry[] {
  return [...entries.values()].filter(({ meta }) => meta.kind !== INTERNAL_KIND);
}

/** Records of tacit's own. */
export function ownRecordsOf({ entries }: Pick<VaultState, "entries">): Entry[] {
  return [...entries.values()].filter(({ meta }) => meta.kind === INTERNAL_KIND);
}

function byName(state: Pick<VaultState, "entries">): Map<string, Entry> {
  return new Map(secretsOf(state).map((entry) => [entry.meta.name, entry]));
}

/** A record made anew under the same name has another id, and revisions of its own. */
function sameValue(a: Entry, b: Entry): boolean {
  return equalConstantTime(a.id, b.id) && a.meta.rev === b.meta.rev && equalConstantTime(a.blob, b.blob);
}

function sameSettings(a: Entry, b: Entry): boolean {
  const encoded = ({ id, meta }: Entry) =>
    encode(recordToPackable({ id, meta: { ...meta, created: 0, updated: 0 }, offset: 0, length: 0 }));
  return equalConstantTime(encoded(a), encoded(b));
}
