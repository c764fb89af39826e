/** A vault from before the least cost of the key derivation rose, unlocked by the program of today. */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { emptyGrant } from "../../lib/grant/grant.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { describeSlots, openWithPassphrase } from "../../lib/vault/slots.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { newCanary } from "../kit/canary.ts";
import { put, TEST_ONLY_CHEAP_KDF } from "../kit/open_vault.ts";
import { PASSPHRASE, TestHome } from "./test_home.ts";

/** Makes a vault as an old version might have, with one secret for env. */
async function oldVault(dir: string, value: string): Promise<Homes> {
  const homes = homesOf(dir);
  for (const path of [homes.data, homes.state, homes.runtime]) Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  const { vault } = await Vault.create(homes, { passphrase: utf8(PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF });
  await vault.change([put("API_KEY", value, { grant: { ...emptyGrant(), modes: ["env"] } })]);
  vault.close();
  return homes;
}

Deno.test("unlock stretches the passphrase of an old vault as today, says so once, and everything still works", async () => {
  await using home = new TestHome();
  const value = newCanary();
  const homes = await oldVault(home.dir, value);
  const unlocked = await home.run(["unlock"]);
  assert.equal(unlocked.status, 0, unlocked.stderr);
  assert.match(unlocked.stderr, /^The passphrase is now stretched with \d+ MiB, .*\n$/);
  const [slot, ...others] = describeSlots(homes.vault);
  assert.ok((slot?.kdf?.memoryKib ?? 0) >= 64 * 1024 && slot?.kdf?.passes === 3, JSON.stringify(slot));
  assert.deepEqual(others, []);
  assert.ok((await openWithPassphrase(homes.vault, utf8(PASSPHRASE))).keys, "the same passphrase opens");
  const used = await home.run(["run", "--secret", "API_KEY", "--", "sh", "-c", 'test -n "$API_KEY"'], {
    passphrase: null,
  });
  assert.equal(used.status, 0, used.stderr);

  const again = await home.run(["unlock", "--again", "--json"]);
  assert.deepEqual([again.status, again.stderr], [0, ""]);
  assert.equal(JSON.parse(again.stdout).restretched_mib, null);
  assert.equal((await home.run(["unlock", "--again"], { passphrase: "wrong horse 7 battery" })).status, 5);
  assert.equal((await home.run(["audit", "verify"], { passphrase: null })).status, 0);
  assert.deepEqual(home.leaks({ value, passphrase: PASSPHRASE }, unlocked.stdout, unlocked.stderr), []);
});

Deno.test("an unlock works where the passphrase cannot be stretched anew, and says that it was not", async () => {
  await using home = new TestHome();
  const homes = await oldVault(home.dir, newCanary());
  using held = Deno.openSync(homes.vaultLock, { read: true, write: true, create: true, mode: 0o600 });
  held.lockSync(true);
  const unlocked = await home.run(["unlock"]);
  assert.equal(unlocked.status, 0, unlocked.stderr);
  assert.match(unlocked.stderr, /^The passphrase could not be stretched .*holds its lock\); .*\n$/);
  assert.deepEqual(describeSlots(homes.vault), [{ type: 1, kdf: TEST_ONLY_CHEAP_KDF }]);
  held.unlockSync();
});
