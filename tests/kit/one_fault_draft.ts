/** The vault that the faults of one_fault.ts are made in, before it is written: each fault changes one thing in it. */
import { concat } from "../../lib/bytes.ts";
import type { Packable } from "../../lib/msgpack.ts";
import { recoveryCodeOf } from "../../lib/vault/recovery_code.ts";
import {
  anchor,
  blob,
  type BlobSpoil,
  type Built,
  frame,
  type FrameSpec,
  header,
  type HeaderSpec,
  newBuilt,
  passphraseSpec,
  recoverySpec,
  slotItem,
  type SlotSpec,
} from "./vault_builder.ts";

/** The checks of a reader, in the order in which they are made. */
export const LAYERS = [
  ...["preamble", "checksum", "items", "slot shape", "slot cost", "slot commitment", "slot seal", "dk_commit"],
  ...["header MAC", "frame head", "chain MAC", "index seal", "index padding", "msgpack", "index", "record", "grant"],
  ...["records together", "blob place", "anchor", "blob seal", "blob padding"],
] as const;
export type Layer = typeof LAYERS[number];

/** Name, layer that must notice, what it must say (a fault, or which generation is left), and the change. */
export type Fault = [name: string, layer: Layer, result: string, change: (draft: Draft) => void | Promise<void>];

/** One record and the value of its blob. */
export interface RecordDraft {
  map: { [key: string]: Packable };
  id: Uint8Array;
  rev: number;
  value: string;
  spoil?: BlobSpoil;
}

export interface FrameDraft extends Omit<FrameSpec, "previous" | "index" | "blobs"> {
  records: RecordDraft[];
  del: Uint8Array[];
  /** Replaces the index made of the two. */
  index?: Packable | Uint8Array;
  /** Changes the blobs before the MAC is made. */
  blobs?: (blobs: Uint8Array[]) => Uint8Array[];
}

/** A vault before it is written. A fault changes one thing in it. */
export interface Draft {
  built: Built;
  passphrase: SlotSpec;
  recovery: SlotSpec;
  /** More items than the two slots, which come first. */
  header: HeaderSpec;
  first: FrameDraft;
  middle: FrameDraft;
  last: FrameDraft;
  alpha: RecordDraft;
  beta: RecordDraft;
  /** What the delta in the middle makes of ALPHA. */
  alphaAgain: RecordDraft;
  gamma: RecordDraft;
  omega: RecordDraft;
  /** Changes the finished items of the header, MAC excluded. */
  items: (items: Uint8Array[]) => Uint8Array[];
  /** Changes the finished file. */
  file: (file: Uint8Array, at: Places) => Uint8Array;
  /** What the machine remembers; nothing by default. */
  anchor?: { epoch?: number; generation: number; lastMac: Uint8Array };
  by: "recovery code" | "passphrase";
}

/** Where things begin in a finished file. */
export interface Places {
  passphrase: number;
  recovery: number;
  mac: number;
  first: number;
  middle: number;
  last: number;
}

/** A finished file and what must come of it. */
export interface Vector {
  name: string;
  layer: Layer;
  result: string;
  by: "recovery code" | "passphrase";
  file: Uint8Array;
  anchor?: Uint8Array;
}

export const FAULT_PASSPHRASE = "a made-up passphrase";
/** Of the whole file: two slots, a checkpoint, two deltas. */
export const NEWEST = 9;

/** Keys and recovery code that all vectors share. */
export function faultKeys(): { built: Built; bits: Uint8Array; code: string } {
  const built = newBuilt("one fault");
  const bits = built.random.bytes(20);
  return { built, bits, code: recoveryCodeOf(bits) };
}

/** The file that a change makes of a right one. Always the same bytes. */
export async function vectorOf([name, layer, result, change]: Fault): Promise<Vector> {
  const draft = await newDraft();
  await change(draft);
  const { built } = draft;
  const file = written(draft);
  const vector = { name, layer, result, by: draft.by, file };
  return draft.anchor === undefined ? vector : { ...vector, anchor: anchor(built, draft.anchor) };
}

async function newDraft(): Promise<Draft> {
  const { built, bits } = faultKeys();
  const [alpha, beta, alphaAgain, gamma, omega] = [
    record(built, 1, 1, "ALPHA", 0, { grant: { destinations: [{ host: "api.example.com" }], modes: ["sealed"] } }),
    record(built, 2, 1, "BETA", 296),
    record(built, 1, 2, "ALPHA", 0, { tags: ["again"] }),
    record(built, 3, 1, "GAMMA", 296),
    record(built, 4, 1, "OMEGA", 0),
  ] as const;
  return {
    built,
    passphrase: await passphraseSpec(built, FAULT_PASSPHRASE),
    recovery: recoverySpec(built, bits),
    header: { items: [] },
    first: { type: 1, generation: 7, records: [alpha, beta], del: [] },
    middle: { type: 2, generation: 8, records: [alphaAgain, gamma], del: [beta.id] },
    last: { type: 2, generation: NEWEST, records: [omega], del: [] },
    ...{ alpha, beta, alphaAgain, gamma, omega },
    items: (items) => items,
    file: (file) => file,
    by: "recovery code",
  };
}

function record(
  built: Built,
  n: number,
  rev: number,
  name: string,
  off: number,
  more: Record<string, Packable> = {},
): RecordDraft {
  const id = built.vaultId.map((b) => b ^ n);
  return { map: { id, rev, name, off, len: 296, ...more }, id, rev, value: `made-up value ${rev} of ${name}` };
}

function written(draft: Draft): Uint8Array {
  const { built } = draft;
  const slots = [draft.passphrase, draft.recovery].map((spec) => slotItem(built, spec));
  const items = draft.items([...slots, ...draft.header.items]);
  const head = header(built, { ...draft.header, items });
  const bodies: Uint8Array[] = [];
  let previous = head.mac;
  for (const body of [draft.first, draft.middle, draft.last]) {
    const { bytes, mac } = frame(built, {
      ...body,
      index: body.index === undefined ? indexOf(body) : body.index,
      blobs: blobsOf(built, body),
      previous,
    });
    bodies.push(bytes);
    previous = mac;
  }
  const [first = bytes0, middle = bytes0] = bodies;
  const passphrase = 64 + 78;
  const at: Places = {
    passphrase,
    recovery: passphrase + (slots[0]?.length ?? 0),
    mac: head.bytes.length - 38,
    first: head.bytes.length,
    middle: head.bytes.length + first.length,
    last: head.bytes.length + first.length + middle.length,
  };
  return draft.file(concat(head.bytes, ...bodies), at);
}

const bytes0 = new Uint8Array(0);

/** The index that lists what the frame holds. */
export function indexOf({ records, del }: FrameDraft): { v: number; put: Packable[]; del: Packable[] } {
  return { v: 1, put: records.map(({ map }) => map), del };
}

function blobsOf(built: Built, { records, blobs }: FrameDraft): Uint8Array[] {
  const right = records.map(({ id, rev, value, spoil }) => blob(built, id, rev, value, spoil));
  return blobs?.(right) ?? right;
}

/** `bytes` with one bit of the byte at `at` (from the end, if negative) flipped. */
export function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const changed = bytes.slice();
  const i = at < 0 ? bytes.length + at : at;
  changed[i] = (changed[i] ?? 0) ^ bit;
  return changed;
}

/** `bytes` with others written over them from `at` on. */
export function patched(bytes: Uint8Array, at: number, others: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed.set(others, at);
  return changed;
}
