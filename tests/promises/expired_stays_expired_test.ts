/** Promise: past its expiry a secret is refused everywhere, and no clock set back revives it. */
import assert from "node:assert/strict";
import { callerOf, exchange, HOUR, prepare, redeem, setStage, type Stage } from "../kit/daemon_stage.ts";

async function assertRefused(stage: Stage): Promise<void> {
  const { message } = await prepare(stage.homes, "curl {{BRIEF}}");
  assert.equal(message["code"], "expired");
  assert.match(String(message["hint"]), /edit BRIEF --expires/);
  const wants = [{ name: "BRIEF", mode: "env" }];
  assert.equal((await exchange(stage.homes, { verb: "run", caller: callerOf(), wants })).message["code"], "expired");
  const list = (await exchange(stage.homes, { verb: "list" })).message["secrets"] as {
    name: string;
    expired: boolean;
  }[];
  assert.deepEqual(list.filter(({ expired }) => expired).map(({ name }) => name), ["BRIEF"]);
}

Deno.test("before its expiry it is used, at it and after it is refused", async () => {
  await using stage = await setStage();
  await stage.start();
  stage.clock.pass(HOUR - 1);
  assert.equal(typeof (await prepare(stage.homes, "curl {{BRIEF}}")).message["ticket"], "string");
  stage.clock.pass(1);
  await assertRefused(stage);
  assert.equal(typeof (await prepare(stage.homes, "curl {{TOKEN}}")).message["ticket"], "string");
});

Deno.test("a ticket from before the expiry does not outlive it", async () => {
  await using stage = await setStage();
  await stage.start();
  stage.clock.pass(HOUR - 1);
  const { message } = await prepare(stage.homes, "curl {{BRIEF}}");
  stage.clock.pass(1);
  assert.equal((await redeem(stage.homes, message["ticket"], "curl {{BRIEF}}")).message["code"], "expired");
});

Deno.test("a clock set back does not revive it, in the same daemon", async () => {
  await using stage = await setStage();
  await stage.start();
  const begin = stage.clock.wall();
  stage.clock.pass(HOUR);
  await assertRefused(stage);
  stage.clock.set(begin - 24 * HOUR);
  await assertRefused(stage);
});

Deno.test("a clock set back does not revive it, in a fresh daemon", async () => {
  await using stage = await setStage();
  const first = await stage.start();
  const begin = stage.clock.wall();
  stage.clock.pass(HOUR);
  await first.stop();
  stage.clock.set(begin);
  await stage.start();
  await assertRefused(stage);
});

Deno.test("without the floor's file the log's last line still tells the time", async () => {
  await using stage = await setStage();
  const first = await stage.start();
  const begin = stage.clock.wall();
  stage.clock.pass(HOUR);
  await prepare(stage.homes, "curl {{BRIEF}}");
  await first.stop();
  Deno.removeSync(stage.homes.clockFloor);
  stage.clock.set(begin);
  await stage.start();
  await assertRefused(stage);
});
