import assert from "node:assert/strict";
import { join } from "node:path";
import { randomBytes } from "../crypto/hash.ts";
import { ClockFloor, Stopwatch } from "./clock.ts";

Deno.test("time never goes back, also over a restart", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "clock");
    const key = randomBytes(32);
    let wall = 5_000_000;
    const clock = { wall: () => wall, steady: () => 0 };
    const floor = new ClockFloor(path, clock);
    assert.equal(floor.load(key), true);
    assert.equal(floor.now(), 5_000_000);
    wall = 1_000;
    assert.equal(floor.now(), 5_000_000);
    floor.save(key, true);
    const next = new ClockFloor(path, clock);
    assert.equal(next.now(), 1_000);
    assert.equal(next.load(key), true);
    assert.equal(next.now(), 5_000_000);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a floor that another hand wrote is reported and not believed", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "clock");
    const key = randomBytes(32);
    const clock = { wall: () => 1_000, steady: () => 0 };
    new ClockFloor(path, clock).save(key, true);
    const text = Deno.readTextFileSync(path);
    for (const forged of [text.replace("1000", "9000"), "", "9000\n", "x"]) {
      Deno.writeTextFileSync(path, forged);
      const floor = new ClockFloor(path, clock);
      assert.equal(floor.load(key), false);
      assert.equal(floor.now(), 1_000);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
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
  const floor = new ClockFloor("/nowhere", { wall: () => 1_000, steady: () => 0 });
  floor.raiseWithin(900);
  assert.equal(floor.now(), 1_000);
  floor.raiseWithin(5_000);
  assert.equal(floor.now(), 5_000);
  floor.raiseWithin(Number.MAX_SAFE_INTEGER);
  assert.equal(floor.now(), 1_000 + 86_400_000);
});
