import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { queryAudit } from "../audit/query.ts";
import { callerOf, exchange, prepare, setStage } from "../../tests/kit/daemon_stage.ts";

// In two parts, so that no scanner takes this file for a leak.
const TOKEN = `ghp_${"aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"}`;

Deno.test("a call that holds a token-like text is refused in any leaf, and the text is not repeated", async () => {
  await using stage = await setStage();
  await stage.start();
  const { message } = await prepare(stage.homes, `curl -H 'Authorization: Bearer ${TOKEN}' https://x`);
  assert.equal(message["code"], "known_token");
  assert.ok(!JSON.stringify(message).includes(TOKEN.slice(4, 20)));
  const [first, second] = [utf8("content"), utf8(`token=${TOKEN}\n`)];
  const write = { verb: "prepare", caller: callerOf(), lengths: [first.length, second.length], command: null };
  const reply = await exchange(stage.homes, write, Uint8Array.from([...first, ...second]));
  assert.equal(reply.message["code"], "known_token");
  assert.equal(queryAudit(stage.homes.audit, { code: "known_token" }).length, 2);
  assert.equal((await prepare(stage.homes, "ls -l")).message["ok"], true);
});

Deno.test("without a vault there is nothing to offer instead, and such a call passes", async () => {
  await using stage = await setStage();
  await stage.start({ key: false });
  assert.equal((await prepare(stage.homes, `echo ${TOKEN}`)).message["ok"], true);
});
