import assert from "node:assert/strict";
import { toHex } from "../bytes.ts";
import { derived, newBuilt } from "../../tests/kit/vault_builder.ts";
import { KeyTree } from "./key_tree.ts";

/** Each key and its label in docs/format.md. */
const LABELS = {
  commitment: "dk-commit",
  header: "header",
  index: "index",
  chain: "chain",
  anchor: "anchor",
  share: "share",
  admin: "admin",
  audit: "audit",
} as const;

Deno.test("each use has a key of its own, by the label of the format", () => {
  const built = newBuilt("labels");
  const keys = KeyTree.fromDataKey(built.dataKey, built.vaultId);
  const names = Object.keys(LABELS) as (keyof typeof LABELS)[];
  for (const name of names) assert.deepEqual(keys[name], derived(built, LABELS[name]), name);
  const ids = [built.random.bytes(16), built.random.bytes(16)];
  const records = ids.flatMap((id) => [1, 2, 256].map((rev) => keys.record(id, rev)));
  const all = [keys.prk, ...names.map((name) => keys[name]), ...records].map(toHex);
  assert.equal(new Set(all).size, all.length);
});

Deno.test("wiping a tree wipes its own bytes, not those it was made from", () => {
  const built = newBuilt("wipe");
  const [prk, dataKey] = [built.prk.slice(), built.dataKey.slice()];
  for (const keys of [KeyTree.fromPrk(prk, built.vaultId), KeyTree.fromDataKey(dataKey, built.vaultId)]) {
    const held = [keys.prk, keys.audit];
    keys.wipe();
    for (const key of held) assert.deepEqual(key, new Uint8Array(32));
    assert.throws(() => keys.audit, /wiped/);
    assert.throws(() => keys.record(new Uint8Array(16), 1), /wiped/);
  }
  assert.deepEqual([prk, dataKey], [built.prk, built.dataKey]);
});

Deno.test("a tree is made of a whole key and a whole identity", () => {
  for (const [key, id] of [[31, 16], [33, 16], [0, 16], [32, 15], [32, 17]] as const) {
    assert.throws(() => KeyTree.fromPrk(new Uint8Array(key), new Uint8Array(id)), TypeError);
    assert.throws(() => KeyTree.fromDataKey(new Uint8Array(key), new Uint8Array(id)), TypeError);
  }
});
