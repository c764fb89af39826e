/**
 * Promise: something else that listens on admin.sock is reported as an impostor, and neither passphrase nor key nor
 * value ever reaches it.
 */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { homesOf } from "../../lib/paths.ts";
import { widen } from "../../lib/presence/challenge.ts";
import { PresenceError } from "../../lib/presence/presence_error.ts";
import * as cli from "../cli/test_home.ts";
import { formsOf, newCanary, searchBytes } from "../kit/canary.ts";
import { exchange, PASSPHRASE, setStage, type Stage } from "../kit/daemon_stage.ts";
import { FakeAdmin } from "../kit/fake_admin.ts";

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
    await using fake = new FakeAdmin(stage.homes, ({ message }) => ({ message: answer(message) }));
    assert.equal(await reportOf(stage, value), "impostor");
    assert.deepEqual(fake.verbs, ["challenge"]);
    const secrets = [...formsOf(value), ...formsOf(PASSPHRASE), { name: "key", bytes: stage.prk, wraps: false }];
    assert.ok(fake.received.length > 0);
    assert.deepEqual(searchBytes(Uint8Array.from(fake.received), secrets as ReturnType<typeof formsOf>), []);
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

/** A home whose daemon was replaced by an impostor. */
async function occupied(): Promise<{ home: cli.TestHome; admin: FakeAdmin }> {
  const home = await cli.TestHome.initialised();
  const { pid } = JSON.parse((await home.run(["status", "--json"], { passphrase: null })).stdout);
  Deno.kill(pid, "SIGKILL");
  const homes = homesOf(home.dir);
  for (const socket of [homes.adminSocket, homes.useSocket]) {
    try {
      Deno.removeSync(socket);
    } catch { /* it was not there */ }
  }
  const admin = new FakeAdmin(
    homes,
    () => ({ message: { ok: true, state: "unlocked", nonce: "00".repeat(32), proof: "11".repeat(32) } }),
  );
  return { home, admin };
}

Deno.test("the program: unlock gives an impostor neither passphrase nor key, and reports it", async () => {
  const { home, admin } = await occupied();
  await using _ = home;
  await using __ = admin;
  const ran = await home.run(["unlock", "--again"]);
  assert.equal(ran.status, 5, `${ran.stdout}${ran.stderr}`);
  assert.match(ran.stderr, /something listens on its socket and does not stop when asked/);
  assert.deepEqual([...new Set(admin.verbs)], ["stop"]);
  assert.deepEqual(home.leaks({ passphrase: cli.PASSPHRASE }, admin.text), []);
});

Deno.test("the program: add gives an impostor that claims to be unlocked neither passphrase nor value", async () => {
  const { home, admin } = await occupied();
  await using _ = home;
  await using __ = admin;
  // The use socket plays along too, so that the verb gets as far as the challenge.
  const homes = homesOf(home.dir);
  await using ___ = new FakeAdmin({ ...homes, adminSocket: homes.useSocket }, () => ({
    message: { ok: true, state: "unlocked", secrets: [] },
  }));
  const value = newCanary();
  const ran = await home.run(["add", "API_KEY", "--inject", "env"], { stdin: value });
  assert.equal(ran.status, 5, `${ran.stdout}${ran.stderr}`);
  assert.match(ran.stderr, /does not hold this vault's key/);
  assert.deepEqual(admin.verbs, ["challenge"]);
  assert.deepEqual(home.leaks({ passphrase: cli.PASSPHRASE, value }, admin.text), []);
});
