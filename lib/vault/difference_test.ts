import assert from "node:assert/strict";
import { openVault, put } from "../../tests/kit/open_vault.ts";
import { differenceOf, isSame } from "./difference.ts";
import { outlineAt } from "./file_outline.ts";
import { readState } from "./state.ts";

Deno.test("what comes back, vanishes, or differs in value or settings is told by name", async () => {
  using v = await openVault({ KEPT: "1", GONE: "1", ROTATED: "1", EDITED: "1", REMADE: "1" });
  const stateNow = () => readState(outlineAt(v.homes.vault).bytes, v.keys());
  const before = stateNow();
  await v.vault.change([
    { op: "remove", name: "GONE" },
    { op: "remove", name: "REMADE" },
    put("ROTATED", "2"),
    put("EDITED", null, { tags: ["ci"] }),
    put("NEW", "1"),
    { op: "put_internal", name: "OWN", value: new Uint8Array(3) },
  ]);
  await v.vault.change([put("REMADE", "1")]);
  const after = stateNow();
  assert.deepEqual(differenceOf(after, before), {
    back: ["GONE"],
    gone: ["NEW"],
    otherValue: ["REMADE", "ROTATED"],
    otherSettings: ["EDITED"],
    same: 1,
  });
  assert.deepEqual(differenceOf(before, after).back, ["NEW"]);
  assert.ok(!isSame(differenceOf(after, before)));
  assert.ok(isSame(differenceOf(after, stateNow())));
});

Deno.test("an edit that is taken back leaves no difference, though times moved", async () => {
  using v = await openVault({ A: "1" });
  const before = readState(outlineAt(v.homes.vault).bytes, v.keys());
  await v.vault.change([put("A", null, { tags: ["ci"] })]);
  await v.vault.change([put("A", null)]);
  assert.ok(isSame(differenceOf(readState(outlineAt(v.homes.vault).bytes, v.keys()), before)));
});
