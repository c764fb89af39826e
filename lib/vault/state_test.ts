/** One fault each, in files whose every seal and MAC is otherwise right: which layer refuses, and why. */
import assert from "node:assert/strict";
import { concat, u16, u32 } from "../bytes.ts";
import type { Packable } from "../msgpack.ts";
import {
  blob,
  type Built,
  fixChecksum,
  frame,
  header,
  type HeaderSpec,
  item,
  newBuilt,
  recoverySpec,
  slotItem,
} from "../../tests/kit/vault_builder.ts";
import { fastest } from "../../tests/kit/fastest.ts";
import { VaultError } from "./fault.ts";
import { KeyTree } from "./key_tree.ts";
import { readState } from "./state.ts";
import { openValue } from "./value.ts";

const keysOf = (built: Built) => KeyTree.fromPrk(built.prk, built.vaultId);
const ID = new Uint8Array(16).fill(7);
const OTHER = new Uint8Array(16).fill(8);

interface Parts {
  head: { bytes: Uint8Array; mac: Uint8Array };
  frames: { bytes: Uint8Array; mac: Uint8Array }[];
}

/** A vault of three generations; `change` may spoil what goes into it. */
function vault(
  built: Built,
  change: { header?: Partial<HeaderSpec>; index?: Packable; blobs?: Uint8Array[] } = {},
): Parts {
  const items = [1, 2].map(() => slotItem(built, recoverySpec(built, built.random.bytes(20))));
  const head = header(built, { items, ...change.header });
  const first = frame(built, {
    type: 1,
    generation: 1,
    index: change.index ?? { v: 1, put: [record(ID, 1, "A", 0)], del: [] },
    blobs: change.blobs ?? [blob(built, ID, 1, "one")],
    previous: head.mac,
  });
  const second = delta(built, 2, first.mac, [record(OTHER, 1, "B", 0)], [], [blob(built, OTHER, 1, "two")]);
  const third = delta(built, 3, second.mac, [], [OTHER], []);
  return { head, frames: [first, second, third] };
}

function record(id: Uint8Array, rev: number, name: string, off: number, more: Record<string, Packable> = {}) {
  return { id, rev, name, off, len: 296, ...more };
}

function delta(
  built: Built,
  generation: number,
  previous: Uint8Array,
  put: Packable[],
  del: Packable[],
  blobs: Uint8Array[],
) {
  return frame(built, { type: 2, generation, index: { v: 1, put, del }, blobs, previous });
}

const join = (parts: Parts) => concat(parts.head.bytes, ...parts.frames.map((f) => f.bytes));
const joinFirst = (parts: Parts, n: number) =>
  concat(parts.head.bytes, ...parts.frames.slice(0, n).map((f) => f.bytes));

function refused(file: Uint8Array, built: Built, fault: string, layer: RegExp): void {
  assert.throws(() => readState(file, keysOf(built)), (e) => {
    assert.ok(e instanceof VaultError, `${e}`);
    assert.equal(e.fault, fault, e.message);
    assert.match(e.message, layer);
    assert.match(e.message, /^[A-Z].*[^.]$/);
    return true;
  });
}

Deno.test("checkpoint and deltas give the state of each generation", () => {
  const built = newBuilt("state");
  const parts = vault(built);
  const names = [["A"], ["A", "B"], ["A"]];
  names.forEach((expected, i) => {
    const state = readState(joinFirst(parts, i + 1), keysOf(built));
    assert.equal(state.generation, i + 1);
    assert.deepEqual([...state.entries.values()].map((e) => e.meta.name), expected);
    assert.equal(state.tornAt, null);
  });
});

Deno.test("an upsert in a delta replaces the record and its blob", () => {
  const built = newBuilt("upsert");
  const parts = vault(built);
  const last = parts.frames[2]?.mac ?? assert.fail();
  parts.frames.push(delta(built, 4, last, [record(ID, 2, "RENAMED", 0)], [], [blob(built, ID, 2, "new")]));
  const state = readState(join(parts), keysOf(built));
  const entry = state.entries.get("RENAMED") ?? assert.fail();
  assert.equal(state.entries.size, 1);
  const value = openValue(keysOf(built), state.header, { id: entry.id, rev: 2 }, entry.blob);
  assert.equal(new TextDecoder().decode(value), "new");
});

Deno.test("frames cannot be swapped, dropped, repeated or taken from another vault", () => {
  const built = newBuilt("chain");
  const { head, frames } = vault(built);
  const [a, b, c] = frames.map((f) => f.bytes) as [Uint8Array, Uint8Array, Uint8Array];
  const foreign = vault(newBuilt("foreign")).frames.map((f) => f.bytes) as [Uint8Array, Uint8Array, Uint8Array];
  const orders: [string, Uint8Array[], RegExp][] = [
    ["first and second swapped", [b, a, c], /out of order|MAC|checkpoint/],
    ["second and third swapped", [a, c, b], /damaged/],
    ["second dropped", [a, c], /out of order/],
    ["second repeated", [a, b, b, c], /damaged/],
    ["first dropped", [b, c], /damaged|malformed/],
    ["second from another vault", [a, foreign[1], c], /MAC does not match/],
    ["first from another vault", [foreign[0], b, c], /MAC does not match/],
    ["no frame", [], /no frame/],
  ];
  for (const [, list, layer] of orders) {
    const file = concat(head.bytes, ...list);
    refused(file, built, "CORRUPT_FRAME", layer);
  }
});

Deno.test("damage before the end is refused and never taken for a torn tail", () => {
  const built = newBuilt("middle");
  const { head, frames } = vault(built);
  const [a, b, c] = frames.map((f) => f.bytes) as [Uint8Array, Uint8Array, Uint8Array];
  for (const at of [0, 4, 8, 15, 16, 17, 19, 20, 23, 30, 60, b.length - 1]) {
    const changed = b.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    refused(concat(head.bytes, a, changed, c), built, "CORRUPT_FRAME", /damaged/);
  }
});

Deno.test("a cut at any byte of the last frame gives the generation before", () => {
  const built = newBuilt("torn");
  const parts = vault(built);
  const file = join(parts);
  const lastAt = joinFirst(parts, 2).length;
  for (let n = lastAt + 1; n < file.length; n++) {
    const state = readState(file.subarray(0, n), keysOf(built));
    assert.deepEqual([state.generation, state.tornAt], [2, lastAt], `length ${n}`);
  }
  const zeros = concat(file.subarray(0, lastAt), new Uint8Array(4096));
  assert.equal(readState(zeros, keysOf(built)).tornAt, lastAt);
});

const CONTEXT: [string, Partial<HeaderSpec>, string, RegExp][] = [
  ["other major version", { major: 2 }, "UNSUPPORTED_VERSION", /version 2/],
  ["unknown critical flag", { criticalFlags: 1 }, "UNSUPPORTED_VERSION", /critical flag/],
  ["other suite", { suite: 2 }, "UNSUPPORTED_VERSION", /suite 2/],
  ["reserved bytes", { reserved: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) }, "DAMAGED_HEADER", /reserved/],
  ["no slot", { items: [item(0x8000, new Uint8Array(200))] }, "DAMAGED_HEADER", /0 key slots/],
  ["slot of the wrong size", { items: [item(0x10, new Uint8Array(147))] }, "DAMAGED_HEADER", /wrong size/],
  ["unknown item", { items: [item(0x20, new Uint8Array(200))] }, "UNSUPPORTED_VERSION", /0x20/],
  [
    "extension twice",
    { items: [item(0x8000, new Uint8Array(99)), item(0x8000, new Uint8Array(99))] },
    "DAMAGED_HEADER",
    /order/,
  ],
  [
    "items out of order",
    { fixed: [item(2, u32(1)), item(1, new Uint8Array(16)), item(3, u16(1))] },
    "DAMAGED_HEADER",
    /order/,
  ],
  [
    "no vault id",
    { fixed: [item(2, u32(1)), item(3, u16(1)), item(4, new Uint8Array(32))] },
    "DAMAGED_HEADER",
    /0x1 is missing/,
  ],
  [
    "short data key commitment",
    { fixed: [item(1, new Uint8Array(16)), item(2, u32(1)), item(3, u16(1)), item(4, new Uint8Array(31))] },
    "DAMAGED_HEADER",
    /0x4/,
  ],
];

for (const [what, change, fault, layer] of CONTEXT) {
  Deno.test(`header with one fault is refused: ${what}`, () => {
    const built = newBuilt(what);
    refused(join(vault(built, { header: change })), built, fault, layer);
  });
}

Deno.test("33 slots are refused and 32 are not", () => {
  const built = newBuilt("slots");
  const slots = Array.from({ length: 33 }, () => slotItem(built, recoverySpec(built, built.random.bytes(20))));
  refused(join(vault(built, { header: { items: slots } })), built, "DAMAGED_HEADER", /33 key slots/);
  assert.equal(
    readState(join(vault(built, { header: { items: slots.slice(1) } })), keysOf(built)).header.slots.length,
    32,
  );
});

Deno.test("an integer of the header at any extreme is refused in under 50 ms", async () => {
  const built = newBuilt("bounds");
  const good = join(vault(built));
  const extremes = [0, 1, 255, 256, 65_536, 65_537, 2 ** 31, 2 ** 32 - 1];
  // header_len, the length of the first item, of the slot item, of the slot's parameters.
  for (const at of [20, 64 + 2, 142 + 2, 142 + 6 + 20]) {
    for (const n of extremes) {
      const changed = good.slice();
      changed.set(u32(n), at);
      if (changed.every((b, i) => b === good[i])) continue;
      for (const file of [changed, at === 20 ? changed : fixChecksum(changed)]) {
        const keys = keysOf(built);
        const read = () => assert.throws(() => readState(file, keys), VaultError, `${n} at ${at}`);
        assert.ok(await fastest(read) < 50);
      }
    }
  }
});

Deno.test("a header changed by someone who knows the file but not the key is refused by its MAC", () => {
  const built = newBuilt("mac");
  const file = join(vault(built));
  for (const at of [11, 19, 95, 148, 160, 200, 290]) {
    const changed = file.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    if (at >= 64) assert.throws(() => readState(changed, keysOf(built)), { fault: "DAMAGED_HEADER" });
    refused(fixChecksum(changed), built, "TAMPERED", /header was changed/);
  }
});

Deno.test("a slot's parameters are covered by the MAC: a cheaper derivation cannot be planted", () => {
  const built = newBuilt("params");
  const file = join(vault(built));
  const paramsAt = 142 + 6 + 24;
  const changed = file.slice();
  changed[paramsAt] = (changed[paramsAt] ?? 0) ^ 1;
  refused(fixChecksum(changed), built, "TAMPERED", /header/);
});

Deno.test("another vault's key, or the key of another epoch, opens nothing", () => {
  const built = newBuilt("mine");
  const file = join(vault(built));
  refused(file, newBuilt("yours"), "WRONG_SECRET", /another vault/);
  assert.throws(() => readState(file, KeyTree.fromPrk(built.prk, built.vaultId, 2)), { fault: "WRONG_SECRET" });
  assert.throws(() => readState(file, KeyTree.fromPrk(new Uint8Array(32), built.vaultId)), { fault: "WRONG_SECRET" });
});

const good = (more: Record<string, Packable> = {}) => record(ID, 1, "A", 0, more);
const INDEX: [string, Packable, RegExp][] = [
  ["not a map", [], /not a map/],
  ["no version", { put: [], del: [] }, /"v"/],
  ["version 2", { v: 2, put: [good()], del: [] }, /"v"/],
  ["unknown field", { v: 1, put: [good()], del: [], more: 1 }, /unknown field/],
  ["unknown record field", { v: 1, put: [good({ more: 1 })], del: [] }, /unknown field/],
  ["tombstone in a checkpoint", { v: 1, put: [good()], del: [OTHER] }, /"del"/],
  ["record without id", { v: 1, put: [{ rev: 1, name: "A", off: 0, len: 296 }], del: [] }, /"id"/],
  ["short id", { v: 1, put: [record(new Uint8Array(15), 1, "A", 0)], del: [] }, /"id"/],
  ["revision 0", { v: 1, put: [record(ID, 0, "A", 0)], del: [] }, /"rev"/],
  ["revision beyond 32 bits", { v: 1, put: [record(ID, 2 ** 32, "A", 0)], del: [] }, /"rev"/],
  ["lower-case name", { v: 1, put: [record(ID, 1, "a", 0)], del: [] }, /grammar/],
  ["name with an escape sequence", { v: 1, put: [record(ID, 1, "A\u001b", 0)], del: [] }, /grammar/],
  ["name of 65 characters", { v: 1, put: [record(ID, 1, "A".repeat(65), 0)], del: [] }, /"name"/],
  ["text where a flag stands", { v: 1, put: [good({ weak: "yes" })], del: [] }, /"weak"/],
  ["kind of 33 characters", { v: 1, put: [good({ kind: "k".repeat(33) })], del: [] }, /"kind"/],
  ["unknown mode", { v: 1, put: [good({ grant: { modes: ["telepathy"] } })], del: [] }, /unknown choice/],
  ["unknown grant field", { v: 1, put: [good({ grant: { only: "mondays" } })], del: [] }, /unknown field/],
  ["port 0", { v: 1, put: [good({ grant: { destinations: [{ host: "h", port: 0 }] } })], del: [] }, /"port"/],
  ["tags that are no texts", { v: 1, put: [good({ tags: [1] })], del: [] }, /"tags"/],
  ["blob that begins late", { v: 1, put: [record(ID, 1, "A", 1)], del: [] }, /out of place/],
  ["blob of an impossible size", { v: 1, put: [{ ...good(), len: 295 }], del: [] }, /out of place/],
  ["blob beyond the area", { v: 1, put: [{ ...good(), len: 552 }], del: [] }, /disagree/],
  ["area without a record", { v: 1, put: [], del: [] }, /disagree/],
];

for (const [what, index, layer] of INDEX) {
  Deno.test(`index with one fault is refused under right seals: ${what}`, () => {
    const built = newBuilt(what);
    const parts = vault(built, { index });
    refused(joinFirst(parts, 1), built, "CORRUPT_FRAME", layer);
  });
}

Deno.test("two records with one id or one name are refused", () => {
  const built = newBuilt("double");
  const blobs = [blob(built, ID, 1, "x"), blob(built, OTHER, 1, "y")];
  for (const [id, name, layer] of [[ID, "B", /twice/], [OTHER, "A", /same name/]] as const) {
    const parts = vault(built, { index: { v: 1, put: [good(), record(id, 1, name, 296)], del: [] }, blobs });
    refused(joinFirst(parts, 1), built, "CORRUPT_FRAME", layer);
  }
});

Deno.test("a delta that removes what is not there, or comes first, is refused", () => {
  const built = newBuilt("delta");
  const parts = vault(built);
  const orphan = delta(built, 2, parts.frames[0]?.mac ?? ID, [], [OTHER], []);
  refused(concat(joinFirst(parts, 1), orphan.bytes), built, "CORRUPT_FRAME", /not there/);
  const early = delta(built, 1, parts.head.mac, [record(ID, 1, "A", 0)], [], [blob(built, ID, 1, "x")]);
  refused(concat(parts.head.bytes, early.bytes), built, "CORRUPT_FRAME", /not a checkpoint/);
});

Deno.test("a blob moved to another record or revision does not open", () => {
  const built = newBuilt("moved");
  const index = { v: 1, put: [record(ID, 1, "A", 0), record(OTHER, 1, "B", 296)], del: [] };
  const blobs = [blob(built, OTHER, 1, "b"), blob(built, OTHER, 2, "old")];
  const state = readState(joinFirst(vault(built, { index, blobs }), 1), keysOf(built));
  for (const entry of state.entries.values()) {
    const address = { id: entry.id, rev: entry.meta.rev };
    assert.throws(() => openValue(keysOf(built), state.header, address, entry.blob), { fault: "TAMPERED" });
  }
});

Deno.test("a newer minor version is read, its unknown fields are skipped, an unknown restriction denies everything", () => {
  const built = newBuilt("newer");
  const put = [
    record(ID, 1, "A", 0, { shiny: true, grant: { modes: ["env"], only: "mondays" } }),
    record(OTHER, 1, "B", 296, { grant: { modes: ["env"] } }),
  ];
  const blobs = [blob(built, ID, 1, "a"), blob(built, OTHER, 1, "b")];
  const newer = vault(built, { header: { minor: 1 }, index: { v: 1, put, del: [], also: 1 }, blobs });
  const state = readState(joinFirst(newer, 1), keysOf(built));
  assert.equal(state.header.minor, 1);
  assert.deepEqual(state.entries.get("A")?.meta.grant.modes, []);
  assert.deepEqual(state.entries.get("B")?.meta.grant.modes, ["env"]);
});

Deno.test("a checkpoint in the midst of a file begins anew: what stood before it is gone", () => {
  const built = newBuilt("anew");
  const parts = vault(built);
  const third = frame(built, {
    type: 1,
    generation: 3,
    index: { v: 1, put: [record(OTHER, 3, "C", 0)], del: [] },
    blobs: [blob(built, OTHER, 3, "three")],
    previous: parts.frames[1]?.mac ?? ID,
  });
  const state = readState(concat(joinFirst(parts, 2), third.bytes), keysOf(built));
  assert.deepEqual([...state.entries.keys()], ["C"]);
});

Deno.test("a damaged frame with bytes behind it is no torn tail, even if they are no frame", () => {
  const built = newBuilt("bytes behind");
  const parts = vault(built);
  const file = join(parts);
  file[file.length - 40] = (file[file.length - 40] ?? 0) ^ 1;
  assert.equal(readState(file, keysOf(built)).tornAt, joinFirst(parts, 2).length);
  for (const behind of [1, 48, 500]) {
    refused(concat(file, new Uint8Array(behind)), built, "CORRUPT_FRAME", /damaged: its MAC does not match/);
  }
});

Deno.test("a frame's reserved bytes are zero, or it is none", () => {
  for (const reserved of [[1, 0, 0], [0, 0, 0x80]]) {
    const built = newBuilt("reserved");
    const items = [1, 2].map(() => slotItem(built, recoverySpec(built, built.random.bytes(20))));
    const head = header(built, { items });
    const index = { v: 1, put: [], del: [] };
    const first = frame(built, { type: 1, generation: 1, index, previous: head.mac, zeros: Uint8Array.from(reserved) });
    refused(concat(head.bytes, first.bytes), built, "CORRUPT_FRAME", /its head is not one/);
  }
});
