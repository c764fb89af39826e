/** From a plan of a vault to its bytes, by vault_builder.ts, and to what any later version must read in them. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, toHex, utf8 } from "../../lib/bytes.ts";
import type { Packable } from "../../lib/msgpack.ts";
import { recoveryCodeOf } from "../../lib/vault/recovery_code.ts";
import type { KdfParams } from "../../wasm/argon2id.ts";
import {
  blob,
  type Built,
  frame,
  header,
  type HeaderSpec,
  newBuilt,
  passphraseSpec,
  recoverySpec,
  slotItem,
  type SlotSpec,
} from "./vault_builder.ts";

/** A map of the index. */
type Map_ = { [key: string]: Packable };

/** One record of a frame. `n` makes its id. */
export interface PlannedRecord {
  n: number;
  name: string;
  value: string | Uint8Array;
  rev?: number;
  /** Every other field of the index, defaults left out. */
  fields?: Map_;
  /** The same as a reader must give it, defaults included; where absent, `fields` and the defaults. */
  readsAs?: Partial<ExpectedRecord>;
  /** Writes the fields in the opposite order. */
  backwards?: boolean;
}

export interface PlannedFrame {
  type: "checkpoint" | "delta";
  put?: PlannedRecord[];
  /** Ids by number. */
  del?: number[];
  /** More fields of the index. */
  more?: Map_;
}

export interface Plan {
  /** Name of the file without its ending. */
  name: string;
  /** What no other vault of the corpus has. */
  feature: string;
  epoch?: number;
  /** Of the first frame; 1 if absent. */
  generation?: number;
  /** As typed; slots are made of the NFC form. */
  passphrases?: string[];
  /** Other spellings that must open it too. */
  alsoOpens?: string[];
  kdf?: KdfParams;
  /** How many recovery slots; 1 if absent. */
  codes?: number;
  slots?: (built: Built) => SlotSpec[];
  slotFlags?: number;
  header?: Partial<HeaderSpec>;
  /** What stands between the slots and the MAC. */
  items?: Uint8Array[];
  frames?: PlannedFrame[];
  /** Cuts or lengthens the finished file; `lastAt` is where the last frame begins. */
  damage?: (file: Uint8Array, lastAt: number) => Uint8Array;
  /** True if the last frame does not count. */
  lost?: boolean;
  torn?: boolean;
  readOnly?: boolean;
  refused?: string;
}

/** A record as any later version must read it. */
export interface ExpectedRecord {
  name: string;
  rev: number;
  kind: string;
  tags: string[];
  description: string;
  provider: string | null;
  grant: Packable;
  created: number;
  updated: number;
  weak: boolean;
  /** The value if it is a short text, else its SHA-256. */
  value?: string;
  value_sha256?: string;
}

/** One vault of the manifest. */
export interface Kept {
  file: string;
  sha256: string;
  feature: string;
  made_by: string;
  /** The version of tacit that could first read it. */
  since: string;
  passphrases: string[];
  recovery_codes: string[];
  vault_id?: string;
  data_key?: string;
  refused?: string;
  expect?: {
    minor: number;
    epoch: number;
    generation: number;
    torn: boolean;
    read_only: boolean;
    slots: number[];
    records: ExpectedRecord[];
    internal: { [name: string]: string };
  };
}

export const CORPUS = new URL("../vectors/data/corpus/", import.meta.url);

/** Always the same bytes. */
export async function written(plan: Plan): Promise<{ bytes: Uint8Array; kept: Kept }> {
  const built = newBuilt(`corpus ${plan.name}`, plan.epoch);
  const specs: SlotSpec[] = [];
  for (const passphrase of plan.passphrases ?? []) {
    specs.push(await passphraseSpec(built, passphrase.normalize("NFC"), plan.kdf));
  }
  const codes = Array.from({ length: plan.codes ?? 1 }, () => built.random.bytes(20));
  specs.push(...codes.map((bits) => recoverySpec(built, bits)), ...plan.slots?.(built) ?? []);
  const slots = specs.map((spec) => slotItem(built, { flags: plan.slotFlags ?? 0, ...spec }));
  const head = header(built, { ...plan.header, items: [...slots, ...plan.items ?? []] });
  const first = plan.generation ?? 1;
  const frames = plan.frames ?? [{ type: "checkpoint", put: [] }];
  const bodies: Uint8Array[] = [];
  let previous = head.mac;
  for (const [i, planned] of frames.entries()) {
    const body = frame(built, {
      type: planned.type === "checkpoint" ? 1 : 2,
      generation: BigInt(first) + BigInt(i),
      ...indexAndBlobs(built, planned),
      previous,
    });
    bodies.push(body.bytes);
    previous = body.mac;
  }
  const before = concat(head.bytes, ...bodies.slice(0, -1));
  const file = concat(before, bodies.at(-1) ?? new Uint8Array(0));
  const bytes = plan.damage?.(file, before.length) ?? file;
  const kept: Kept = {
    file: `${plan.name}.asv1`,
    sha256: toHex(sha256(bytes)),
    feature: plan.feature,
    made_by: "tests/kit/corpus.ts",
    since: "0.1.0",
    passphrases: [...plan.passphrases ?? [], ...plan.alsoOpens ?? []],
    recovery_codes: codes.map(recoveryCodeOf),
    vault_id: toHex(built.vaultId),
    data_key: toHex(built.dataKey),
  };
  if (plan.refused !== undefined) return { bytes, kept: { ...kept, refused: plan.refused } };
  const good = plan.lost ? frames.slice(0, -1) : frames;
  const state = {
    minor: plan.header?.minor ?? 0,
    epoch: built.epoch,
    generation: first + good.length - 1,
    torn: plan.torn ?? false,
    read_only: plan.readOnly ?? false,
    slots: specs.map((spec) => spec.type),
    ...contents(good),
  };
  return { bytes, kept: { ...kept, expect: state } };
}

function indexAndBlobs(built: Built, { put = [], del = [], more = {} }: PlannedFrame) {
  const blobs = put.map((record) => blob(built, idOf(record.n), record.rev ?? 1, record.value));
  let off = 0;
  const maps = put.map((record, i): Map_ => {
    const len = blobs[i]?.length ?? 0;
    const map: Map_ = { id: idOf(record.n), rev: record.rev ?? 1, name: record.name, off, len, ...record.fields };
    off += len;
    return record.backwards ? Object.fromEntries(Object.entries(map).reverse()) : map;
  });
  return { index: { v: 1, put: maps, del: del.map(idOf), ...more }, blobs };
}

/** What is left after all frames. */
function contents(frames: PlannedFrame[]): { records: ExpectedRecord[]; internal: { [name: string]: string } } {
  const left = new Map<number, PlannedRecord>();
  for (const { type, put = [], del = [] } of frames) {
    if (type === "checkpoint") left.clear();
    del.forEach((n) => left.delete(n));
    put.forEach((record) => left.set(record.n, record));
  }
  const isInternal = (record: PlannedRecord) => record.fields?.kind === ".internal";
  const all = [...left.values()];
  return {
    records: all.filter((record) => !isInternal(record)).map(expected),
    internal: Object.fromEntries(all.filter(isInternal).map(({ name, value }) => [name, value as string])),
  };
}

/** Public so that what the product wrote is listed in the same way. */
export function expectedValue(value: string | Uint8Array): Pick<ExpectedRecord, "value" | "value_sha256"> {
  if (typeof value === "string" && value.length <= 64) return { value };
  return { value_sha256: toHex(sha256(typeof value === "string" ? utf8(value) : value)) };
}

/** The fields that a writer may leave out, but for the grant. */
const NOTHING = { kind: "", tags: [], description: "", provider: null, created: 0, updated: 0, weak: false };

function expected({ name, value, rev = 1, fields = {}, readsAs = {} }: PlannedRecord): ExpectedRecord {
  const grant = fullGrant((fields.grant ?? {}) as Map_);
  const known = Object.fromEntries(Object.entries(fields).filter(([key]) => key in NOTHING));
  return { name, rev, ...NOTHING, ...known, grant, ...readsAs, ...expectedValue(value) };
}

/** A grant with its defaults. */
export function fullGrant(grant: Map_): Map_ {
  const list = (key: string) => (grant[key] ?? []) as Map_[];
  return {
    destinations: list("destinations").map((d) => ({ suffix: false, port: null, methods: [], paths: [], ...d })),
    positions: list("positions").map((p) => ({ name: null, ...p })),
    modes: list("modes"),
    agents: list("agents"),
    projects: list("projects"),
    confirm: grant.confirm ?? "never",
    expires: grant.expires ?? null,
  };
}

function idOf(n: number): Uint8Array {
  return sha256(utf8(`record ${n}`)).slice(0, 16);
}
