/**
 * Promise: something else that listens on admin.sock is reported as an impostor, and neither passphrase nor key nor
 * value ever reaches it. Leak catalogue row 73.
 */
import assert from "node:assert/strict";
import { concat, utf8 } from "../../lib/bytes.ts";
import { widen } from "../../lib/presence/challenge.ts";
import { PresenceError } from "../../lib/presence/presence_error.ts";
import { encodeFrame, FrameReader } from "../../lib/protocol/frame.ts";
import { formsOf, newCanary, searchBytes } from "../kit/canary.ts";
import { exchange, PASSPHRASE, setStage, type Stage } from "../kit/daemon_stage.ts";

/** A listener on admin.sock that keeps all it is sent and answers each frame by `answer`. */
function impostor(stage: Stage, answer: (message: Record<string, unknown>) => object) {
  const received: Uint8Array[] = [];
  const verbs: unknown[] = [];
  const listener = Deno.listen({ transport: "unix", path: stage.homes.adminSocket });
  const serving = (async () => {
    for await (const conn of listener) {
      const reader = new FrameReader(async (p) => {
        const n = await conn.read(p);
        if (n !== null) received.push(p.slice(0, n));
        return n;
      });
      try {
        for (let frame = await reader.next(); frame !== null; frame = await reader.next()) {
          verbs.push(frame.message["verb"]);
          await conn.write(encodeFrame(answer(frame.message)));
        }
        conn.close();
      } catch { /* the client left */ }
    }
  })();
  return {
    received: () => concat(...received),
    verbs,
    async close() {
      listener.close();
      await serving.catch(() => {});
    },
  };
}

function addOf(name: string, value: string): [Parameters<typeof widen>[2], Uint8Array] {
  const secret = {
    ...{ name, kind: "token", tags: [], description: "", provider: null, destinations: [], positions: [] },
    ...{ modes: ["env" as const], agents: [], projects: [], confirm: "never" as const, expires: null },
    ...{ weak: false, replace: false, length: utf8(value).length },
  };
  return [{ verb: "add", secrets: [secret] }, utf8(value)];
}

async function reportOf(stage: Stage, value: string): Promise<unknown> {
  const keys = stage.keys();
  try {
    await widen(stage.homes, keys, ...addOf("FRESH", value));
    return "added";
  } catch (error) {
    assert.ok(error instanceof PresenceError, String(error));
    return error.code;
  } finally {
    keys.wipe();
  }
}

const zeros = { ok: true, nonce: "00".repeat(32), proof: "00".repeat(32) };
const ANSWERS: Record<string, (message: Record<string, unknown>) => object> = {
  "agrees to everything": () => zeros,
  "echoes": (message) => ({ ok: true, ...message, proof: message["nonce"] }),
  "has no proof": () => ({ ok: true, nonce: "00".repeat(32) }),
  "answers with other types": () => ({ ok: true, nonce: 7, proof: [] }),
};

for (const [manner, answer] of Object.entries(ANSWERS)) {
  Deno.test(`an impostor that ${manner} is reported and gets neither passphrase nor key nor value`, async () => {
    await using stage = await setStage();
    const value = newCanary();
    const fake = impostor(stage, answer);
    try {
      assert.equal(await reportOf(stage, value), "impostor");
    } finally {
      await fake.close();
    }
    assert.deepEqual(fake.verbs, ["challenge"]);
    const secrets = [...formsOf(value), ...formsOf(PASSPHRASE), { name: "key", bytes: stage.prk, wraps: false }];
    assert.ok(fake.received().length > 0);
    assert.deepEqual(searchBytes(fake.received(), secrets as ReturnType<typeof formsOf>), []);
  });
}

Deno.test("the control: the daemon that holds the key is believed, and the value arrives", async () => {
  await using stage = await setStage();
  await stage.start();
  const value = newCanary();
  assert.equal(await reportOf(stage, value), "added");
  const run = { verb: "run", caller: { agent: null, session: null, project: null, cwd: "/" } };
  const fill = await exchange(stage.homes, { ...run, wants: [{ name: "FRESH", mode: "env" }] });
  assert.equal(new TextDecoder().decode(fill.attachment), value);
});
