/**
 * Promise: of many daemons that are started at once for one home exactly one serves, with or without a key; the others
 * end content, and the winner's death opens the race anew.
 */
import assert from "node:assert/strict";
import { spawnDaemon, type SpawnedDaemon } from "../kit/daemon_process.ts";
import { exchange, setStage, type Stage } from "../kit/daemon_stage.ts";
import { depth } from "../kit/depth.ts";

const DAEMONS = 8;
const RACES = depth(1, 50);

const LIMIT_MS = 60_000;

/** The status of whoever serves; a killed daemon's socket is there before its successor listens. */
async function statusOf(stage: Stage): Promise<Record<string, unknown>> {
  for (const limit = performance.now() + LIMIT_MS;;) {
    try {
      return (await exchange(stage.homes, { verb: "status" })).message;
    } catch (error) {
      if (performance.now() > limit) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Starts all of them; the one that serves, after the others were held against what they must say. */
async function race(stage: Stage, key: boolean): Promise<SpawnedDaemon> {
  const daemons = await Promise.all(Array.from({ length: DAEMONS }, () => spawnDaemon(stage, { key })));
  try {
    const message = await statusOf(stage);
    const winner = daemons.find(({ pid }) => pid === message["pid"]);
    assert.ok(winner !== undefined, `a stranger serves: ${JSON.stringify(message)}`);
    assert.equal(message["state"], key ? "unlocked" : "never_unlocked");
    if (key) assert.equal(winner.reply?.["ok"], true);
    for (const other of daemons.filter((daemon) => daemon !== winner)) {
      const { code, stderr } = await other.printed;
      assert.equal(code, 0);
      if (key) assert.equal(other.reply?.["code"], "busy");
      else assert.match(new TextDecoder().decode(stderr), /another one is running/);
    }
    return winner;
  } catch (error) {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    throw error;
  }
}

for (const key of [false, true]) {
  Deno.test(`${DAEMONS} daemons started at once ${key ? "with" : "without"} a key: one serves, and so after its death`, async () => {
    await using stage = await setStage();
    for (let i = 0; i < RACES; i++) {
      const winner = await race(stage, key);
      Deno.kill(winner.pid, "SIGKILL");
      await winner.printed;
    }
    const winner = await race(stage, key);
    await winner.stop();
    console.log(`daemons: ${RACES + 1} races of ${DAEMONS} ${key ? "with" : "without"} a key, one winner each`);
  });
}
