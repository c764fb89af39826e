/** Promise: what widens happens only inside a channel that the passphrase's holder opened, fresh; guesses slow down. */
import assert from "node:assert/strict";
import { concat, fromHex, toHex, utf8 } from "../../lib/bytes.ts";
import { queryAudit } from "../../lib/audit/query.ts";
import { connect, RefusedError, request } from "../../lib/client/client.ts";
import { PRESENCE_LIFE_MS } from "../../lib/daemon/requests_admin.ts";
import { widen } from "../../lib/presence/challenge.ts";
import { Channel, clientProof, newNonce } from "../../lib/protocol/channel.ts";
import { encodeFrame, FrameReader } from "../../lib/protocol/frame.ts";
import type { NewSecret, WideningRequest } from "../../lib/protocol/messages.ts";
import { newCanary } from "../kit/canary.ts";
import { callerOf, exchange, prepare, redeem, scrub, setStage, type Stage } from "../kit/daemon_stage.ts";

function newSecret(name: string, value: string, more: Partial<NewSecret> = {}): NewSecret {
  return {
    ...{ name, kind: "token", tags: [], description: "", provider: null, destinations: [], positions: [] },
    ...{ modes: ["env"], agents: [], projects: [], confirm: "never", expires: null, weak: false, replace: false },
    length: utf8(value).length,
    ...more,
  };
}

/** One widening request by the holder of the key; the daemon's answer, or its refusal's code. */
async function widened(stage: Stage, message: WideningRequest, attachment?: Uint8Array): Promise<unknown> {
  const keys = stage.keys();
  try {
    return (await widen(stage.homes, keys, message, attachment))["names"];
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    keys.wipe();
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    assert.ok(error instanceof RefusedError, String(error));
    return error.code;
  }
}

async function openChannel(stage: Stage, conn: Deno.Conn): Promise<Channel> {
  const keys = stage.keys();
  const cn = newNonce();
  const { message } = await request(conn, { verb: "challenge", nonce: toHex(cn) });
  const sn = fromHex(String(message["nonce"]));
  await request(conn, { verb: "prove", proof: toHex(clientProof(keys.admin, cn, sn)) });
  return new Channel(keys.admin, cn, sn, "client");
}

Deno.test("add, edit, remove: what was changed holds at once, for use, scrubbing and lists", async () => {
  await using stage = await setStage();
  await stage.start();
  const [value, other] = [newCanary(), newCanary()];
  assert.deepEqual(await widened(stage, { verb: "add", secrets: [newSecret("FRESH", value)] }, utf8(value)), ["FRESH"]);
  assert.deepEqual((await scrub(stage.homes, `x ${value}`)).leaves, ["x [REDACTED:FRESH]"]);
  const ticket = (await prepare(stage.homes, "curl {{FRESH}}")).message["ticket"];
  assert.equal(new TextDecoder().decode((await redeem(stage.homes, ticket, "curl {{FRESH}}")).attachment), value);

  const replaced = newSecret("FRESH", other, { replace: true, modes: ["file"], kind: "else" });
  assert.deepEqual(await widened(stage, { verb: "add", secrets: [replaced] }, utf8(other)), ["FRESH"]);
  assert.deepEqual((await scrub(stage.homes, `x ${other}`)).leaves, ["x [REDACTED:FRESH]"]);
  const list = (await exchange(stage.homes, { verb: "list" })).message["secrets"] as {
    name: string;
    kind: string;
    grant: { modes: string[] };
  }[];
  const fresh = list.find(({ name }) => name === "FRESH");
  assert.deepEqual([fresh?.kind, fresh?.grant.modes], ["token", ["env"]], "replacing a value keeps the rest");

  assert.deepEqual(await widened(stage, { verb: "edit", name: "FRESH", changes: { modes: ["file"] } }), ["FRESH"]);
  assert.equal((await prepare(stage.homes, "curl {{FRESH}}")).message["code"], "no_env_grant");
  assert.deepEqual(await widened(stage, { verb: "remove", names: ["FRESH"] }), ["FRESH"]);
  assert.deepEqual((await scrub(stage.homes, `x ${other}`)).leaves, [`x ${other}`]);
  const events = queryAudit(stage.homes.audit, { secret: "FRESH", decision: "allow" }).map(({ event }) => event);
  assert.deepEqual(events, ["add", "ticket", "use", "add", "edit", "remove"]);
});

Deno.test("a change that cannot be is refused by its code and changes nothing", async () => {
  await using stage = await setStage();
  await stage.start();
  const value = newCanary();
  const add = (secret: NewSecret, text = value) => widened(stage, { verb: "add", secrets: [secret] }, utf8(text));
  assert.equal(await add(newSecret("TOKEN", value)), "name_taken");
  assert.equal(await add(newSecret("WEAK", "password"), "password"), "weak_value");
  assert.equal(await add(newSecret("EMPTY", ""), ""), "bad_value");
  assert.equal(await add(newSecret("ZERO", `${value}\0`), `${value}\0`), "bad_value");
  assert.equal(await add(newSecret("LARGE", "x".repeat(1024 * 1024 + 1)), "x".repeat(1024 * 1024 + 1)), "bad_value");
  assert.equal(await add(newSecret("GRANT", value, { modes: ["telepathy" as "env"] })), "bad_grant");
  assert.equal(await add(newSecret("KIND", value, { kind: "k".repeat(33) })), "bad_request");
  assert.equal(await add(newSecret("lower", value)), "bad_request");
  assert.equal(await widened(stage, { verb: "edit", name: "NOBODY", changes: {} }), "unknown_name");
  assert.equal(await widened(stage, { verb: "edit", name: "TOKEN", changes: { rev: 9 } as object }), "bad_request");
  assert.equal(await widened(stage, { verb: "remove", names: ["TOKEN", "NOBODY"] }), "unknown_name");
  const list = (await exchange(stage.homes, { verb: "list" })).message["secrets"] as { name: string }[];
  assert.deepEqual(list.map(({ name }) => name), ["BRIEF", "KEYFILE", "SEALED", "TOKEN"]);
  assert.deepEqual(await widened(stage, { verb: "reload" }), []);
});

Deno.test("without a proof nothing widens, and a wrong proof is an alarm in the log", async () => {
  await using stage = await setStage();
  await stage.start();
  const conn = await connect(stage.homes.adminSocket);
  const sealed = (counter: number) => request(conn, { verb: "sealed", counter }, new Uint8Array(100));
  assert.equal(await codeOf(sealed(0)), "presence_required");
  assert.equal(await codeOf(request(conn, { verb: "prove", proof: "00".repeat(32) })), "bad_request");
  await request(conn, { verb: "challenge", nonce: "11".repeat(32) });
  assert.equal(await codeOf(sealed(0)), "presence_required");
  assert.equal(await codeOf(request(conn, { verb: "prove", proof: "00".repeat(32) })), "presence_failed");
  // The pair of nonces is gone.
  assert.equal(await codeOf(request(conn, { verb: "prove", proof: "00".repeat(32) })), "bad_request");
  conn.close();
  const alarms = queryAudit(stage.homes.audit, { decision: "alarm" }).map(({ code }) => code);
  assert.deepEqual(alarms, ["presence_failed"]);
});

Deno.test("failed proofs slow down for all connections, and time heals", async () => {
  await using stage = await setStage();
  await stage.start();
  const tryOnce = async (): Promise<string> => {
    const conn = await connect(stage.homes.adminSocket);
    try {
      await request(conn, { verb: "challenge", nonce: "11".repeat(32) });
      return await codeOf(request(conn, { verb: "prove", proof: "00".repeat(32) }));
    } finally {
      conn.close();
    }
  };
  const outcomes = [];
  for (let i = 0; i < 5; i++) outcomes.push(await tryOnce());
  assert.deepEqual(outcomes, ["presence_failed", "presence_failed", "presence_failed", "busy", "busy"]);
  assert.equal(await widened(stage, { verb: "remove", names: ["TOKEN"] }), "busy", "also for the right proof");
  stage.clock.pass(1_000);
  assert.equal(await tryOnce(), "presence_failed");
  stage.clock.pass(1_000);
  assert.equal(await tryOnce(), "busy", "the wait has doubled");
  stage.clock.pass(10 * 60_000);
  assert.deepEqual(await widened(stage, { verb: "remove", names: ["TOKEN"] }), ["TOKEN"]);
});

Deno.test("presence does not last: not past a minute, not past a lock, not for a repeated frame", async () => {
  await using stage = await setStage();
  const { service } = await stage.start();
  const frame = () => encodeFrame({ verb: "reload" });
  {
    const conn = await connect(stage.homes.adminSocket);
    const channel = await openChannel(stage, conn);
    const { counter, sealed } = channel.seal(frame());
    assert.equal(await codeOf(request(conn, { verb: "sealed", counter }, sealed)), "ok");
    assert.equal(await codeOf(request(conn, { verb: "sealed", counter }, sealed)), "presence_failed");
    // A frame that was none of the channel's closes it.
    const next = channel.seal(frame());
    assert.equal(
      await codeOf(request(conn, { verb: "sealed", counter: next.counter }, next.sealed)),
      "presence_required",
    );
    conn.close();
  }
  {
    const conn = await connect(stage.homes.adminSocket);
    const channel = await openChannel(stage, conn);
    stage.clock.pass(PRESENCE_LIFE_MS);
    const { counter, sealed } = channel.seal(frame());
    assert.equal(await codeOf(request(conn, { verb: "sealed", counter }, sealed)), "presence_required");
    conn.close();
  }
  const conn = await connect(stage.homes.adminSocket);
  const channel = await openChannel(stage, conn);
  service.lock("asked");
  const { counter, sealed } = channel.seal(frame());
  assert.equal(await codeOf(request(conn, { verb: "sealed", counter }, sealed)), "presence_required");
  assert.equal(await codeOf(request(conn, { verb: "challenge", nonce: "11".repeat(32) })), "locked");
  conn.close();
  await exchange(stage.homes, { verb: "session", event: "end", caller: callerOf() });
});

Deno.test("a sealed request is one frame: with anything behind it nothing is done", async () => {
  await using stage = await setStage();
  await stage.start();
  const remove = encodeFrame({ verb: "remove", names: ["TOKEN"] });
  for (
    const inner of [concat(remove, Uint8Array.of(0)), concat(remove, remove), remove.subarray(0, remove.length - 1)]
  ) {
    const conn = await connect(stage.homes.adminSocket);
    const channel = await openChannel(stage, conn);
    const { counter, sealed } = channel.seal(inner);
    const { message, attachment } = await request(conn, { verb: "sealed", counter }, sealed);
    let left = channel.open(Number(message["counter"]), attachment);
    const answer = await new FrameReader((p) => {
      const n = Math.min(p.length, left.length);
      p.set(left.subarray(0, n));
      left = left.subarray(n);
      return Promise.resolve(n === 0 ? null : n);
    }).next();
    assert.equal(answer?.message["code"], "bad_request");
    conn.close();
  }
  const list = (await exchange(stage.homes, { verb: "list" })).message["secrets"] as { name: string }[];
  assert.ok(list.some(({ name }) => name === "TOKEN"));
});
