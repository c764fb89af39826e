import assert from "node:assert/strict";
import { openVault } from "../../tests/kit/open_vault.ts";
import { homesOf } from "../paths.ts";
import { ClockFloor, Stopwatch } from "./clock.ts";

Deno.test("time never goes back, also over a restart", async () => {
  using v = await openVault();
  const keys = v.keys();
  const start = Date.now();
  let wall = start + 5_000_000;
  const clock = { wall: () => wall, steady: () => 0 };
  const floor = new ClockFloor(v.homes, clock);
  assert.equal(floor.load(keys), true);
  assert.equal(floor.now(), start + 5_000_000);
  wall = 1_000;
  assert.equal(floor.now(), start + 5_000_000);
  floor.save(keys, true);
  const next = new ClockFloor(v.homes, clock);
  assert.equal(next.now(), 1_000);
  assert.equal(next.load(keys), true);
  assert.equal(next.now(), start + 5_000_000);
});

Deno.test("a floor that another hand wrote is reported and not believed", async () => {
  using v = await openVault();
  const keys = v.keys();
  const wall = Date.now();
  const clock = { wall: () => wall, steady: () => 0 };
  new ClockFloor(v.homes, { ...clock, wall: () => wall + 9_000_000 }).save(keys, true);
  const bytes = Deno.readFileSync(v.homes.clockFloor);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  for (const forged of [bytes, new Uint8Array(0), new TextEncoder().encode("9000\n")]) {
    Deno.writeFileSync(v.homes.clockFloor, forged);
    const floor = new ClockFloor(v.homes, clock);
    assert.equal(floor.load(keys), false);
    assert.ok(floor.now() - wall < 60_000);
  }
});

Deno.test("a stopwatch follows the clock that is ahead", () => {
  let [wall, steady] = [100, 100];
  const watch = new Stopwatch({ wall: () => wall, steady: () => steady });
  wall += 50;
  assert.equal(watch.elapsed(), 50);
  wall = 0;
  steady += 70;
  assert.equal(watch.elapsed(), 70);
});

Deno.test("a time that nobody vouches for moves the floor by a day at most", () => {
  const floor = new ClockFloor(homesOf("/nowhere"), { wall: () => 1_000, steady: () => 0 });
  floor.raiseWithin(900);
  assert.equal(floor.now(), 1_000);
  floor.raiseWithin(5_000);
  assert.equal(floor.now(), 5_000);
  floor.raiseWithin(Number.MAX_SAFE_INTEGER);
  assert.equal(floor.now(), 1_000 + 86_400_000);
});
