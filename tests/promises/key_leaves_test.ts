/** Promise: the key leaves after the idle time, after the absolute time, and when told; then no value is to be had. */
import assert from "node:assert/strict";
import { queryAudit } from "../../lib/audit/query.ts";
import { exchange, HOUR, prepare, redeem, setStage, type Stage } from "../kit/daemon_stage.ts";

async function stateOf(stage: Stage): Promise<unknown> {
  return (await exchange(stage.homes, { verb: "status" })).message["state"];
}

Deno.test("the key leaves after the idle time; uses keep it, questions do not", async () => {
  await using stage = await setStage();
  await stage.start();
  stage.clock.pass(8 * HOUR - 1);
  assert.equal(typeof (await prepare(stage.homes, "curl {{TOKEN}}")).message["ticket"], "string");
  stage.clock.pass(8 * HOUR - 1);
  assert.equal(await stateOf(stage), "unlocked");
  await prepare(stage.homes, "ls");
  stage.clock.pass(1);
  assert.equal(await stateOf(stage), "locked");
  const [line] = queryAudit(stage.homes.audit, { event: "lock" });
  assert.deepEqual([line?.detail, line?.key === null], ["idle", false]);
});

Deno.test("the key leaves after the absolute time however busy it was", async () => {
  await using stage = await setStage();
  await stage.start();
  for (let i = 0; i < 23; i++) {
    stage.clock.pass(HOUR);
    await prepare(stage.homes, "curl {{TOKEN}}");
  }
  assert.equal(await stateOf(stage), "unlocked");
  stage.clock.pass(HOUR);
  assert.equal(await stateOf(stage), "locked");
  assert.equal(queryAudit(stage.homes.audit, { event: "lock" })[0]?.detail, "absolute");
});

Deno.test("a clock set back does not keep the key longer, nor does a sleep", async () => {
  await using stage = await setStage();
  await stage.start({ idleMs: 2 * HOUR });
  const begin = stage.clock.wall();
  stage.clock.pass(2 * HOUR);
  stage.clock.set(begin);
  assert.equal(await stateOf(stage), "locked");
  await using other = await setStage();
  await other.start({ idleMs: 2 * HOUR });
  other.clock.set(other.clock.wall() + 2 * HOUR);
  assert.equal(await stateOf(other), "locked");
});

Deno.test("the limits are those of the unlock, and status tells them", async () => {
  await using stage = await setStage();
  await stage.start({ idleMs: HOUR, absoluteMs: 3 * HOUR });
  const begin = stage.clock.wall();
  stage.clock.pass(1_000);
  const { message } = await exchange(stage.homes, { verb: "status" });
  assert.deepEqual([message["idle_deadline"], message["absolute_deadline"]], [begin + HOUR, begin + 3 * HOUR]);
});

Deno.test("after lock every key of the tree is wiped and no value is to be had", async () => {
  await using stage = await setStage();
  const { service } = await stage.start();
  const keys = service.keyring.keys;
  assert.ok(keys !== null);
  const held = [keys.prk, keys.admin, keys.audit, keys.anchor];
  const before = await prepare(stage.homes, "curl {{TOKEN}}");
  await exchange(stage.homes, { verb: "lock" }, undefined, true);
  await service.keyring.settled();
  for (const key of held) assert.deepEqual(key, new Uint8Array(32));
  assert.throws(() => keys.admin);
  assert.equal(service.keyring.read("TOKEN"), null);
  const fill = await redeem(stage.homes, before.message["ticket"], "curl {{TOKEN}}");
  assert.equal(fill.message["ok"], false);
});

Deno.test("lock, stop and status need no presence; use.sock has none of the administrative verbs", async () => {
  await using stage = await setStage();
  const daemon = await stage.start();
  for (const verb of ["lock", "stop", "challenge", "prove", "sealed", "add", "edit", "remove", "reload"]) {
    const { message } = await exchange(stage.homes, { verb, nonce: "0".repeat(64) });
    assert.equal(message["code"], "bad_request", verb);
  }
  for (const verb of ["list", "prepare", "redeem", "run", "scrub", "prompt", "add", "edit", "remove", "reload"]) {
    assert.equal((await exchange(stage.homes, { verb }, undefined, true)).message["code"], "bad_request", verb);
  }
  assert.equal(await stateOf(stage), "unlocked");
  assert.equal((await exchange(stage.homes, { verb: "stop" }, undefined, true)).message["ok"], true);
  await daemon.ended;
  await assert.rejects(exchange(stage.homes, { verb: "status" }));
});
