/** Promise: a secret that is sealed only has no way into a child, not even for a forged ticket. */
import assert from "node:assert/strict";
import { fill } from "../../lib/daemon/fill.ts";
import { RefusedRequest } from "../../lib/daemon/service.ts";
import { callerOf, exchange, prepare, redeem, setStage, sha256Hex } from "../kit/daemon_stage.ts";

Deno.test("a sealed secret gets no ticket", async () => {
  await using stage = await setStage();
  await stage.start();
  const { message } = await prepare(stage.homes, "curl {{SEALED}}");
  assert.equal(message["code"], "sealed_unavailable");
  // Not even beside one that may be used.
  assert.equal((await prepare(stage.homes, "curl {{TOKEN}} {{SEALED}}")).message["code"], "sealed_unavailable");
});

Deno.test("a sealed secret is refused to a forged ticket and to run", async () => {
  await using stage = await setStage();
  const { service } = await stage.start();
  const command = "curl {{SEALED}}";
  const ticket = service.tickets.mint({
    commandSha256: await sha256Hex(command),
    cwd: "/",
    caller: callerOf(),
    names: ["SEALED"],
  });
  const forged = await redeem(stage.homes, ticket, command);
  assert.deepEqual([forged.message["code"], forged.attachment.length], ["sealed_unavailable", 0]);
  for (const mode of ["env", "file"]) {
    const run = await exchange(stage.homes, { verb: "run", caller: callerOf(), wants: [{ name: "SEALED", mode }] });
    assert.deepEqual([run.message["code"], run.attachment.length], ["sealed_unavailable", 0]);
  }
});

Deno.test("the fill itself asks the grant, whoever calls it", async () => {
  await using stage = await setStage();
  const { service } = await stage.start();
  for (const [name, mode] of [["SEALED", "env"], ["SEALED", "file"], ["TOKEN", "file"], ["NOBODY", "env"]] as const) {
    assert.throws(() => fill(service, "u1", [{ name: "TOKEN", mode: "env" }, { name, mode }]), RefusedRequest);
  }
  assert.ok((fill(service, "u1", [{ name: "KEYFILE", mode: "file" }]).attachment?.length ?? 0) > 0);
});

Deno.test("no grant for env means no, never another way", async () => {
  await using stage = await setStage({
    values: { FILED: "only-as-a-file-4711" },
    grants: { FILED: { modes: ["file"] } },
  });
  await stage.start();
  assert.equal((await prepare(stage.homes, "curl {{FILED}}")).message["code"], "no_env_grant");
  const run = await exchange(stage.homes, { verb: "run", caller: callerOf(), wants: [{ name: "FILED", mode: "env" }] });
  assert.equal(run.message["code"], "no_env_grant");
});
