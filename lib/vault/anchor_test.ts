import assert from "node:assert/strict";
import { openVault, put, textOf } from "../../tests/kit/open_vault.ts";
import { Vault } from "./vault.ts";

Deno.test("an older file put back is refused as rolled back, also under a running process", async () => {
  using v = await openVault({ A: "one" });
  const old = Deno.readFileSync(v.homes.vault);
  await v.vault.change([{ op: "remove", name: "A" }]);
  Deno.writeFileSync(v.homes.vault, old);
  await assert.rejects(v.again(), { fault: "ROLLED_BACK" });
  await assert.rejects(v.vault.change([put("B", "x")]), { fault: "ROLLED_BACK" });
  await assert.rejects(v.vault.reload(), { fault: "ROLLED_BACK" });
  assert.equal(v.vault.find("A"), undefined, "the state in memory stays");
  assert.deepEqual(Deno.readFileSync(v.homes.vault), old);
});

Deno.test("a rollback is taken only when it is accepted explicitly, with a note", async () => {
  using v = await openVault({ A: "one" });
  const old = Deno.readFileSync(v.homes.vault);
  await v.vault.change([put("A", "two")]);
  Deno.writeFileSync(v.homes.vault, old);
  const accepted = await Vault.open(v.homes, v.keys(), { acceptRollback: true });
  assert.match(accepted.notes.join(), /ROLLED_BACK: accepted/);
  assert.equal(textOf(accepted, "A"), "one");
  assert.deepEqual((await v.again()).notes, []);
});

Deno.test("two copies changed apart are refused as forked", async () => {
  using v = await openVault({ A: "one" });
  const common = Deno.readFileSync(v.homes.vault);
  const anchor = Deno.readFileSync(v.homes.anchor);
  const other = await v.again();
  await v.vault.change([put("A", "mine")]);
  const mine = Deno.readFileSync(v.homes.vault);
  Deno.writeFileSync(v.homes.vault, common);
  Deno.writeFileSync(v.homes.anchor, anchor);
  await other.change([put("A", "theirs")]);
  Deno.writeFileSync(v.homes.vault, mine);
  await assert.rejects(v.again(), { fault: "FORKED" });
  await assert.rejects(other.change([put("B", "x")]), { fault: "FORKED" });
});

Deno.test("a missing or foreign anchor is a note, and is made anew", async () => {
  using v = await openVault({ A: "one" });
  using foreign = await openVault({ A: "one" });
  Deno.removeSync(v.homes.anchor);
  assert.match((await v.again()).notes.join(), /ANCHOR: this machine has no record/);
  assert.deepEqual((await v.again()).notes, []);
  for (const bytes of [Deno.readFileSync(foreign.homes.anchor), new Uint8Array(0), new Uint8Array(5000)]) {
    Deno.writeFileSync(v.homes.anchor, bytes);
    assert.match((await v.again()).notes.join(), /ANCHOR: .* unusable/);
    assert.deepEqual((await v.again()).notes, []);
  }
});

Deno.test("every flipped bit of the anchor makes it unusable, never another state", async () => {
  using v = await openVault({ A: "one" });
  const good = Deno.readFileSync(v.homes.anchor);
  for (let at = 0; at < good.length; at++) {
    const changed = good.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    Deno.writeFileSync(v.homes.anchor, changed);
    assert.match((await v.again()).notes.join(), /unusable/);
  }
});

Deno.test("the anchor may be behind the file, as after a crash between the two writes, and is healed", async () => {
  using v = await openVault({ A: "one" });
  const behind = Deno.readFileSync(v.homes.anchor);
  await v.vault.change([put("A", "two")]);
  const current = Deno.readFileSync(v.homes.vault);
  Deno.writeFileSync(v.homes.anchor, behind);
  assert.deepEqual((await v.again()).notes, []);
  assert.notDeepEqual(Deno.readFileSync(v.homes.anchor), behind);
  assert.deepEqual(Deno.readFileSync(v.homes.vault), current);
});

Deno.test("a process that fell behind is not fooled by a file between what it knows and what this machine has seen", async () => {
  using v = await openVault({ A: "one" });
  const other = await v.again();
  await other.change([put("A", "two")]);
  const between = Deno.readFileSync(v.homes.vault);
  await other.change([put("A", "three")]);
  Deno.writeFileSync(v.homes.vault, between);
  await assert.rejects(v.vault.change([put("B", "x")]), { fault: "ROLLED_BACK" });
  assert.deepEqual(Deno.readFileSync(v.homes.vault), between);
});

Deno.test("a running process refuses an older file by what it knows itself, even where the anchor is gone", async () => {
  using v = await openVault({ A: "one" });
  const old = Deno.readFileSync(v.homes.vault);
  await v.vault.change([{ op: "remove", name: "A" }]);
  Deno.writeFileSync(v.homes.vault, old);
  Deno.removeSync(v.homes.anchor);
  await assert.rejects(v.vault.change([put("B", "x")]), { fault: "ROLLED_BACK" });
});

Deno.test("what this machine has seen is not kept where others can write", async () => {
  using v = await openVault({ A: "one" });
  const before = Deno.readFileSync(v.homes.anchor);
  Deno.chmodSync(v.homes.state, 0o770);
  assert.match((await v.vault.change([put("A", "two")])).notes.join(), /ANCHOR: .* could not be written/);
  assert.deepEqual(Deno.readFileSync(v.homes.anchor), before);
  Deno.chmodSync(v.homes.state, 0o700);
  assert.deepEqual((await v.again()).notes, []);
});
