import assert from "node:assert/strict";
import { openVault } from "../../tests/kit/open_vault.ts";
import { readSeen, writeSeen } from "./clock.ts";

Deno.test("the highest time seen never goes down, whatever the clock says", async () => {
  using v = await openVault();
  const keys = v.keys();
  const saved = readSeen(v.homes, keys) ?? assert.fail();
  assert.ok(Math.abs(saved - Date.now()) < 60_000, "a save records the time by itself");
  const later = saved + 1_000_000;
  assert.equal(writeSeen(v.homes, keys, later), later);
  assert.equal(writeSeen(v.homes, keys, later - 5000), later);
  assert.equal(writeSeen(v.homes, keys, 0), later);
  assert.equal(readSeen(v.homes, keys), later);
});

Deno.test("a time record changed without the key, or of another vault, counts for nothing", async () => {
  using v = await openVault();
  using foreign = await openVault();
  const keys = v.keys();
  const saved = readSeen(v.homes, keys);
  writeSeen(v.homes, keys, Date.now() + 10_000_000);
  const bytes = Deno.readFileSync(v.homes.clockFloor);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    Deno.writeFileSync(v.homes.clockFloor, changed);
    assert.equal(readSeen(v.homes, keys), saved, `byte ${at}`);
  }
  assert.equal(readSeen(v.homes, foreign.keys()), null);
});

Deno.test("deleting one of the two records of time does not lower the floor below the other", async () => {
  using v = await openVault();
  const keys = v.keys();
  const saved = readSeen(v.homes, keys) ?? assert.fail();
  writeSeen(v.homes, keys, saved + 5000);
  Deno.removeSync(v.homes.anchor);
  assert.equal(readSeen(v.homes, keys), saved + 5000);
  Deno.removeSync(v.homes.clockFloor);
  assert.equal(readSeen(v.homes, keys), null);
});
