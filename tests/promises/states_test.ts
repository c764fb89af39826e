/**
 * Promise: what tacit does in each of its states with a call that has a placeholder, with one that has none, and with
 * a tool's output. docs/protocol.md, "States", names these tests; the states in which no daemon answers are the hooks'.
 */
import assert from "node:assert/strict";
import { callerOf, exchange, prepare, redeem, scrub, setStage, type Stage } from "../kit/daemon_stage.ts";

/** A daemon that was unlocked and is locked again. */
async function lockedStage(): Promise<Stage> {
  const stage = await setStage();
  await stage.start();
  assert.equal((await exchange(stage.homes, { verb: "lock" }, undefined, true)).message["ok"], true);
  return stage;
}

async function neverUnlockedStage(): Promise<Stage> {
  const stage = await setStage();
  await stage.start({ key: false });
  return stage;
}

Deno.test("unlocked, with placeholder: a ticket, and the value for it", async () => {
  await using stage = await setStage();
  await stage.start();
  const command = "curl -H 'X: '{{TOKEN}} https://example.com";
  const { message } = await prepare(stage.homes, command);
  assert.deepEqual(message["names"], ["TOKEN"]);
  const fill = await redeem(stage.homes, message["ticket"], command);
  assert.equal(new TextDecoder().decode(fill.attachment), stage.values["TOKEN"]);
});

Deno.test("unlocked, without placeholder: nothing to do", async () => {
  await using stage = await setStage();
  await stage.start();
  for (const command of ["ls -l", "docker ps --format '{{.Names}}'", "echo '{{ x }}' ${{ github.token }} {{name}}"]) {
    const { message } = await prepare(stage.homes, command);
    assert.deepEqual([message["ok"], message["ticket"], message["names"]], [true, null, []], command);
  }
});

Deno.test("unlocked, tool output: every value is replaced", async () => {
  await using stage = await setStage();
  await stage.start();
  const { TOKEN, SEALED } = stage.values;
  const { leaves, reply } = await scrub(stage.homes, `a ${TOKEN} b`, "none", `${SEALED}${TOKEN}`);
  assert.deepEqual(leaves, ["a [REDACTED:TOKEN] b", "none", "[REDACTED:SEALED][REDACTED:TOKEN]"]);
  assert.deepEqual(reply.message["names"], ["SEALED", "TOKEN"]);
});

Deno.test("locked since unlock, with placeholder: denied with the one command", async () => {
  await using stage = await lockedStage();
  const { message } = await prepare(stage.homes, "curl {{TOKEN}}");
  assert.equal(message["code"], "locked");
  assert.equal(message["hint"], `tacit --home '${stage.homes.chosen}' unlock`);
});

Deno.test("locked since unlock, with placeholder: a ticket from before the lock is gone", async () => {
  await using stage = await setStage();
  await stage.start();
  const { message } = await prepare(stage.homes, "curl {{TOKEN}}");
  assert.equal(typeof message["ticket"], "string");
  await exchange(stage.homes, { verb: "lock" }, undefined, true);
  const fill = await redeem(stage.homes, message["ticket"], "curl {{TOKEN}}");
  assert.equal(fill.message["code"], "ticket_unknown");
  const run = await exchange(stage.homes, { verb: "run", caller: callerOf(), wants: [{ name: "TOKEN", mode: "env" }] });
  assert.equal(run.message["code"], "locked");
});

Deno.test("locked since unlock, without placeholder: passes, and names that are not ours too", async () => {
  await using stage = await lockedStage();
  for (const command of ["ls -l", "echo {{SOMETHING_ELSE}}"]) {
    assert.deepEqual((await prepare(stage.homes, command)).message["ticket"], null, command);
  }
});

Deno.test("locked since unlock, tool output: still every value is replaced", async () => {
  await using stage = await lockedStage();
  assert.deepEqual((await scrub(stage.homes, `a ${stage.values["TOKEN"]}`)).leaves, ["a [REDACTED:TOKEN]"]);
});

Deno.test("locked since unlock: names and metadata still answer, literal values are still found", async () => {
  await using stage = await lockedStage();
  const { message } = await exchange(stage.homes, { verb: "list" });
  const names = (message["secrets"] as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, ["BRIEF", "KEYFILE", "SEALED", "TOKEN"]);
  assert.equal((await prepare(stage.homes, `curl '${stage.values["TOKEN"]}'`)).message["code"], "literal_value");
});

Deno.test("never unlocked, with placeholder: every name is denied with the one command", async () => {
  await using stage = await neverUnlockedStage();
  for (const command of ["curl {{TOKEN}}", "curl {{WHATEVER_1}}"]) {
    const { message } = await prepare(stage.homes, command);
    assert.equal(message["code"], "never_unlocked", command);
    assert.equal(message["hint"], `tacit --home '${stage.homes.chosen}' unlock`);
  }
});

Deno.test("never unlocked, without placeholder: passes", async () => {
  await using stage = await neverUnlockedStage();
  for (const command of ["ls -l", "docker ps --format '{{.Names}}'", "true # {{TOKEN}}"]) {
    assert.deepEqual((await prepare(stage.homes, command)).message["ticket"], null, command);
  }
});

Deno.test("never unlocked, tool output: passes as it is, and says that scrubbing is off", async () => {
  await using stage = await neverUnlockedStage();
  const text = `a ${stage.values["TOKEN"]}`;
  assert.deepEqual((await scrub(stage.homes, text)).leaves, [text]);
  const start = await exchange(stage.homes, { verb: "session", event: "start", caller: callerOf() });
  assert.deepEqual([start.message["state"], start.message["scrubbing"]], ["never_unlocked", false]);
});

Deno.test("a name one or two edits from a known one is asked back, any other is not ours", async () => {
  await using stage = await setStage();
  await stage.start();
  for (const near of ["TOKE", "TOKENS", "TOKEN_2", "SEALD"]) {
    const { message } = await prepare(stage.homes, `curl {{${near}}}`);
    assert.equal(message["code"], "unknown_name", near);
    assert.match(String(message["message"]), /did you mean \{\{(TOKEN|SEALED)\}\}/);
  }
  assert.equal((await prepare(stage.homes, "curl {{QUITE_ANOTHER}}")).message["ticket"], null);
});

Deno.test("a literal value in any leaf is refused by its placeholder, in any encoding, and never repeated", async () => {
  await using stage = await setStage();
  await stage.start();
  const value = stage.values["TOKEN"] ?? "";
  const spellings = [value, btoa(value), encodeURIComponent(value), JSON.stringify({ a: value })];
  for (const text of spellings) {
    const leaves = ["ls", `x ${text} y`].map((leaf) => new TextEncoder().encode(leaf));
    const lengths = leaves.map((leaf) => leaf.length);
    const bytes = new TextEncoder().encode(`lsx ${text} y`);
    const { message } = await exchange(
      stage.homes,
      { verb: "prepare", caller: callerOf(), lengths, command: 0 },
      bytes,
    );
    assert.equal(message["code"], "literal_value", text);
    assert.match(String(message["message"]), /write \{\{TOKEN\}\}/);
    assert.ok(!JSON.stringify(message).includes(value.slice(0, 12)));
  }
});

Deno.test("text that is only a placeholder is no literal value, even where the value is its own name", async () => {
  await using stage = await setStage({ values: { GITHUB_TOKEN_MAIN: "GITHUB_TOKEN_MAIN" } });
  await stage.start();
  assert.equal(typeof (await prepare(stage.homes, "curl {{GITHUB_TOKEN_MAIN}}")).message["ticket"], "string");
  assert.equal((await prepare(stage.homes, "echo GITHUB_TOKEN_MAIN")).message["code"], "literal_value");
});

Deno.test("a prompt with a value is stopped each time; one with a token-like text passes when sent again", async () => {
  await using stage = await setStage();
  const daemon = await stage.start();
  const send = (text: string) =>
    exchange(stage.homes, { verb: "prompt", caller: callerOf() }, new TextEncoder().encode(text));
  const withValue = `use ${stage.values["TOKEN"]} please`;
  for (let i = 0; i < 2; i++) assert.equal((await send(withValue)).message["code"], "prompt_has_value");
  const withToken = `use ghp_${"a1B2c3D4e5F6".repeat(3)} please`;
  assert.equal((await send(withToken)).message["code"], "prompt_has_token");
  assert.equal((await send(withToken)).message["ok"], true);
  // The second time is used up, and so it is after two minutes.
  assert.equal((await send(withToken)).message["code"], "prompt_has_token");
  stage.clock.pass(2 * 60_000);
  assert.equal((await send(withToken)).message["code"], "prompt_has_token");
  assert.equal((await send("hello")).message["ok"], true);
  assert.equal(daemon.service.keyring.state, "unlocked");
});
