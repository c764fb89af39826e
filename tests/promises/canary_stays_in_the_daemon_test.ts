/**
 * Promise: no reply but a fill carries a value, in any encoding; nor does anything that the daemon writes to a disk or
 * prints. Every verb is asked, with values in the places where a value could be echoed.
 */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { connect } from "../../lib/client/client.ts";
import { FrameReader } from "../../lib/protocol/frame.ts";
import { formsOf, searchBytes, searchTree } from "../kit/canary.ts";
import { spawnDaemon } from "../kit/daemon_process.ts";
import { callerOf, exchange, redeem, setStage } from "../kit/daemon_stage.ts";

type Question = [message: Record<string, unknown>, attachment?: Uint8Array | undefined, admin?: boolean];

/** All verbs of both sockets with `value` wherever a text may stand. */
function questions(value: string): Question[] {
  const told = callerOf(value, { agent: value, turn: value, tool: value, tool_call: value, project: value, cwd: "/" });
  const leaf = utf8(value);
  const lengths = [leaf.length];
  const command = utf8(`curl {{TOKEN}} ${value}`);
  return [
    [{ verb: "status" }],
    [{ verb: "list" }],
    [{ verb: "session", event: "start", caller: callerOf("s9") }],
    [{ verb: "session", event: "start", caller: told }],
    [{ verb: "run", caller: told, wants: [{ name: "BRIEF", mode: "file" }] }],
    [{ verb: "prepare", caller: callerOf(), lengths, command: 0 }, leaf],
    [{ verb: "prepare", caller: callerOf(), lengths, command: null }, leaf],
    [{ verb: "prepare", caller: callerOf(), lengths: [command.length], command: 0 }, command],
    [{ verb: "scrub", caller: callerOf(), lengths }, leaf],
    [{ verb: "prompt", caller: callerOf() }, leaf],
    [{ verb: "redeem", ticket: value, command_sha256: "00".repeat(32), cwd: value }],
    [{ verb: "run", caller: callerOf(), wants: [{ name: "SEALED", mode: "env" }] }],
    [{ verb: "run", caller: callerOf(), wants: [{ name: value, mode: value }] }],
    [{ verb: "finish", use: value, exit_status: 0, duration_ms: 0 }],
    [{ verb: "audit_verify" }],
    [{ verb: value }],
    [{ verb: "prepare", caller: value, lengths: value, command: value }],
    [{ verb: "status" }, undefined, true],
    [{ verb: "challenge", nonce: value }, undefined, true],
    [{ verb: "prove", proof: value }, undefined, true],
    [{ verb: "sealed", counter: value }, leaf, true],
    [{ verb: value }, leaf, true],
    [{ verb: "scrub_stream", caller: told }],
  ];
}

Deno.test("no reply but a fill, no file and no print of the daemon holds a value", async () => {
  await using stage = await setStage();
  const daemon = await spawnDaemon(stage, { key: true });
  assert.equal(daemon.reply?.["ok"], true);
  const forms = Object.values(stage.values).flatMap(formsOf);
  let asked = 0;
  const clean = (where: string, bytes: Uint8Array) => assert.deepEqual(searchBytes(bytes, forms), [], where);
  for (const value of Object.values(stage.values)) {
    for (const [message, attachment, admin] of questions(value)) {
      const reply = await exchange(stage.homes, message, attachment, admin);
      clean(`reply to ${asked}`, utf8(JSON.stringify(reply.message)));
      clean(`attachment of ${asked}`, reply.attachment);
      asked++;
    }
    // A frame that is none, holding the value where its length should be.
    const conn = await connect(stage.homes.useSocket);
    await conn.write(utf8(value));
    await conn.closeWrite();
    const reply = await new FrameReader((p) => conn.read(p)).next().catch(() => null);
    clean("reply to garbage", utf8(JSON.stringify(reply?.message ?? {})));
    conn.close();
  }
  assert.ok(asked >= 60);

  // The control: the fill does carry it.
  const { message } = await exchange(
    stage.homes,
    { verb: "prepare", caller: callerOf(), lengths: [14], command: 0 },
    utf8("curl {{TOKEN}}"),
  );
  const fill = await redeem(stage.homes, message["ticket"], "curl {{TOKEN}}");
  assert.equal(new TextDecoder().decode(fill.attachment), stage.values["TOKEN"]);
  assert.deepEqual(searchBytes(utf8(JSON.stringify(fill.message)), forms), []);

  await daemon.stop();
  const printed = await daemon.printed;
  clean("standard output", printed.stdout);
  clean("standard error", printed.stderr);
  assert.deepEqual(await searchTree(stage.homes.chosen ?? "", stage.values), []);
});

Deno.test("an unexpected fault says only that it happened", async () => {
  await using stage = await setStage();
  const { service } = await stage.start();
  const value = stage.values["TOKEN"] ?? "";
  const keyring = service.keyring as unknown as { read: unknown };
  keyring.read = () => {
    throw new Error(`choked on ${value}`);
  };
  const wants = [{ name: "TOKEN", mode: "env" }];
  const { message } = await exchange(stage.homes, { verb: "run", caller: callerOf(), wants });
  assert.equal(message["code"], "internal");
  assert.ok(!JSON.stringify(message).includes(value.slice(0, 8)));
  assert.equal((await exchange(stage.homes, { verb: "status" })).message["ok"], true, "the daemon lives on");
});
