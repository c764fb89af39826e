/** Promise: one daemon serves a home; a second finds it and is content, and nothing of the first is disturbed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sweepOneShot } from "../../lib/daemon/sweep.ts";
import { spawnDaemon } from "../kit/daemon_process.ts";
import { exchange, setStage } from "../kit/daemon_stage.ts";

Deno.test("a second daemon exits 0 and says that one is running", async () => {
  await using stage = await setStage();
  const first = await spawnDaemon(stage, { key: true });
  try {
    const second = await (await spawnDaemon(stage)).printed;
    assert.equal(second.code, 0);
    assert.equal(second.stdout.length, 0);
    assert.match(new TextDecoder().decode(second.stderr), /another one is running/);
    const { message } = await exchange(stage.homes, { verb: "status" });
    assert.deepEqual([message["state"], message["pid"]], ["unlocked", first.pid]);
  } finally {
    await first.stop();
  }
});

Deno.test("a killed daemon's sockets and one-shot files do not stand in the way of the next", async () => {
  await using stage = await setStage();
  const first = await spawnDaemon(stage, { key: true });
  Deno.mkdirSync(stage.homes.oneShot, { recursive: true, mode: 0o700 });
  const [left, mine] = ["u0123-TOKEN", `${Deno.pid}-u0123-TOKEN`].map((name) => join(stage.homes.oneShot, name));
  for (const path of [left, mine]) Deno.writeTextFileSync(path ?? "", "left behind", { mode: 0o600 });
  Deno.kill(first.pid, "SIGKILL");
  await first.printed;
  const second = await spawnDaemon(stage, { key: true });
  try {
    assert.equal(second.reply?.["ok"], true);
    assert.equal((await exchange(stage.homes, { verb: "status" })).message["state"], "unlocked");
    assert.throws(() => Deno.lstatSync(left ?? ""), Deno.errors.NotFound);
    // A runner that is still alive keeps its file.
    assert.equal(Deno.readTextFileSync(mine ?? ""), "left behind");
  } finally {
    await second.stop();
  }
});

Deno.test("SIGTERM and stop end it cleanly: exit 0, no sockets, nothing printed but the answer to the key", async () => {
  await using stage = await setStage();
  for (const how of ["SIGTERM", "SIGINT", "stop"] as const) {
    const daemon = await spawnDaemon(stage, { key: true });
    if (how === "stop") await exchange(stage.homes, { verb: "stop" }, undefined, true);
    else Deno.kill(daemon.pid, how);
    const { code, stdout, stderr } = await daemon.printed;
    assert.deepEqual([code, stderr.length], [0, 0], how);
    assert.match(new TextDecoder().decode(stdout.subarray(8)), /^\{"v":1,"ok":true,"pid":\d+\}$/);
    for (const path of [stage.homes.useSocket, stage.homes.adminSocket]) {
      assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
    }
  }
});

Deno.test("a wrong key is refused with the vault's fault, and nothing keeps running", async () => {
  await using stage = await setStage();
  stage.prk.fill(7);
  const daemon = await spawnDaemon(stage, { key: true });
  assert.equal(daemon.reply?.["code"], "vault_fault");
  assert.equal((await daemon.printed).code, 1);
  await assert.rejects(exchange(stage.homes, { verb: "status" }));
});

Deno.test("the sweep leaves directories and links alone", () => {
  const directory = Deno.makeTempDirSync();
  Deno.mkdirSync(join(directory, "sub"));
  Deno.writeTextFileSync(join(directory, "target"), "x");
  Deno.mkdirSync(join(directory, "swept"));
  Deno.symlinkSync(join(directory, "target"), join(directory, "swept", "link"));
  Deno.writeTextFileSync(join(directory, "swept", "4294967-old"), "x");
  // A second name of a file that is not ours to overwrite, and one that would fill the memory with its zeros.
  Deno.linkSync(join(directory, "target"), join(directory, "swept", "4294967-second"));
  Deno.writeTextFileSync(join(directory, "swept", "4294967-huge"), "x");
  Deno.truncateSync(join(directory, "swept", "4294967-huge"), 2 ** 40);
  assert.equal(sweepOneShot(join(directory, "swept")), 3);
  assert.equal(Deno.readTextFileSync(join(directory, "target")), "x");
  Deno.removeSync(directory, { recursive: true });
});
