/** Times in a vault, under a clock that the test sets. */
import assert from "node:assert/strict";
import { openVault, put } from "../../tests/kit/open_vault.ts";
import { readSeen, writeSeen } from "./clock.ts";

const START = 1_900_000_000_000;

async function atTimes(work: (set: (ms: number) => void) => Promise<void>): Promise<void> {
  const wall = Date.now;
  let now = START;
  Date.now = () => now;
  try {
    await work((ms) => now = START + ms);
  } finally {
    Date.now = wall;
  }
}

Deno.test("a secret keeps the time of its making through every change, and begins anew after it was removed", () =>
  atTimes(async (set) => {
    using v = await openVault({ A: "one" });
    const times = () => [v.vault.find("A")?.created, v.vault.find("A")?.updated].map((t) => (t ?? 0) - START);
    assert.deepEqual(times(), [0, 0]);
    set(5);
    await v.vault.change([put("A", null, { description: "x" })]);
    assert.deepEqual(times(), [0, 5]);
    set(9);
    await v.vault.change([put("A", "two")]);
    assert.deepEqual(times(), [0, 9]);
    set(20);
    await v.vault.change([{ op: "remove", name: "A" }, put("A", "three")]);
    assert.deepEqual(times(), [20, 20]);
    assert.equal(v.vault.find("A")?.rev, 1);
  }));

Deno.test("a change under a clock set back does not look older than the one before", () =>
  atTimes(async (set) => {
    using v = await openVault({ A: "one" });
    set(-1_000_000);
    await v.vault.change([put("A", "two"), put("B", "new")]);
    assert.equal(v.vault.find("A")?.updated, START);
    assert.equal(v.vault.find("B")?.updated, START - 1_000_000);
  }));

Deno.test("a save under a clock set back does not lower the time seen", () =>
  atTimes(async (set) => {
    using v = await openVault();
    const keys = v.keys();
    set(50_000);
    await v.vault.change([put("A", "one")]);
    assert.equal(readSeen(v.homes, keys), START + 50_000);
    set(-50_000);
    await v.vault.change([put("A", "two")]);
    assert.equal(readSeen(v.homes, keys), START + 50_000);
  }));

Deno.test("the higher of the two records of time counts, whichever it is", () =>
  atTimes(async (set) => {
    using v = await openVault();
    const keys = v.keys();
    writeSeen(v.homes, keys, START + 1_000);
    set(9_000);
    await v.vault.change([put("A", "one")]);
    assert.equal(readSeen(v.homes, keys), START + 9_000);
    writeSeen(v.homes, keys, START + 20_000);
    assert.equal(readSeen(v.homes, keys), START + 20_000);
  }));
