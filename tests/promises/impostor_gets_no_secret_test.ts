/**
 * Promise: a process that sits on tacit's admin socket without being its daemon gets neither passphrase, key nor value,
 * and the person is told. docs/threat_model.md.
 */
import assert from "node:assert/strict";
import { homesOf } from "../../lib/paths.ts";
import { PASSPHRASE, TestHome } from "../cli/test_home.ts";
import { newCanary } from "../kit/canary.ts";
import { FakeAdmin } from "../kit/fake_admin.ts";

/** A home whose daemon was replaced by an impostor. */
async function occupied(): Promise<{ home: TestHome; admin: FakeAdmin }> {
  const home = await TestHome.initialised();
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

Deno.test("unlock gives an impostor neither passphrase nor key, and reports it", async () => {
  const { home, admin } = await occupied();
  await using _ = home;
  await using __ = admin;
  const ran = await home.run(["unlock", "--again"]);
  assert.equal(ran.status, 5, `${ran.stdout}${ran.stderr}`);
  assert.match(ran.stderr, /something listens on its socket and does not stop when asked/);
  assert.deepEqual([...new Set(admin.verbs)], ["stop"]);
  assert.deepEqual(home.leaks({ passphrase: PASSPHRASE }, admin.text), []);
});

Deno.test("add gives an impostor that claims to be unlocked neither passphrase nor value", async () => {
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
  assert.deepEqual(home.leaks({ passphrase: PASSPHRASE, value }, admin.text), []);
});
