/** Promise: no line, no use. While the log cannot be written no ticket is given and no value filled. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { queryAudit } from "../../lib/audit/query.ts";
import { callerOf, exchange, prepare, redeem, scrub, setStage, type Stage } from "../kit/daemon_stage.ts";

/** Takes the log's directory away and puts a file in its place, which stops root too. */
function breakLog(stage: Stage): () => void {
  const aside = join(stage.homes.state, "audit.aside");
  Deno.renameSync(stage.homes.audit, aside);
  Deno.writeTextFileSync(stage.homes.audit, "");
  return () => {
    Deno.removeSync(stage.homes.audit);
    Deno.renameSync(aside, stage.homes.audit);
  };
}

const wants = [{ name: "TOKEN", mode: "env" }];

Deno.test("while the log cannot be written, no ticket, no redeemed value, no run; everything else goes on", async () => {
  await using stage = await setStage();
  await stage.start();
  const { message } = await prepare(stage.homes, "curl {{TOKEN}}");
  assert.equal(typeof message["ticket"], "string");
  const mend = breakLog(stage);
  const refused = [
    await prepare(stage.homes, "curl {{TOKEN}}"),
    await redeem(stage.homes, message["ticket"], "curl {{TOKEN}}"),
    await exchange(stage.homes, { verb: "run", caller: callerOf(), wants }),
  ];
  for (const { message, attachment } of refused) {
    assert.deepEqual([message["code"], attachment.length], ["audit_unavailable", 0]);
  }
  assert.equal((await prepare(stage.homes, "ls")).message["ok"], true);
  assert.deepEqual((await scrub(stage.homes, stage.values["TOKEN"] ?? "")).leaves, ["[REDACTED:TOKEN]"]);
  assert.equal((await prepare(stage.homes, "curl {{SEALED}}")).message["code"], "sealed_unavailable");
  mend();
  const again = await prepare(stage.homes, "curl {{TOKEN}}");
  assert.equal((await redeem(stage.homes, again.message["ticket"], "curl {{TOKEN}}")).message["ok"], true);
});

Deno.test("a daemon that starts without a writable log serves, and refuses every use", async () => {
  await using stage = await setStage();
  Deno.writeTextFileSync(stage.homes.audit, "");
  await stage.start();
  assert.equal((await exchange(stage.homes, { verb: "status" })).message["state"], "unlocked");
  const { message } = await exchange(stage.homes, { verb: "run", caller: callerOf(), wants });
  assert.equal(message["code"], "audit_unavailable");
});

Deno.test("locking does not wait for the log", async () => {
  await using stage = await setStage();
  await stage.start();
  breakLog(stage);
  assert.equal((await exchange(stage.homes, { verb: "lock" }, undefined, true)).message["ok"], true);
  assert.equal((await exchange(stage.homes, { verb: "status" })).message["state"], "locked");
});

Deno.test("the control: with the log each use has its line, written before the value is out", async () => {
  await using stage = await setStage();
  await stage.start();
  await exchange(stage.homes, { verb: "run", caller: callerOf(), wants });
  const [line] = queryAudit(stage.homes.audit, { event: "use" });
  assert.deepEqual([line?.secret, line?.injection, line?.agent], ["TOKEN", "env", "claude-code"]);
  const { message } = await exchange(stage.homes, { verb: "audit_verify" });
  assert.deepEqual([message["verified"], message["keyed"]], [true, true]);
});
