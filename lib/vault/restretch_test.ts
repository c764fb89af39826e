/** A passphrase slot that is too cheap to guess against is made anew for the same passphrase; nothing else changes. */
import assert from "node:assert/strict";
import { openVault, put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE, textOf } from "../../tests/kit/open_vault.ts";
import { toHex, utf8 } from "../bytes.ts";
import { listBackups } from "./backups.ts";
import {
  describeSlots,
  isBelowLeast,
  newRecoveryCode,
  openWithPassphrase,
  openWithRecovery,
  restretchPassphrase,
  setPassphrase,
} from "./slots.ts";
import { Vault } from "./vault.ts";

/** Dearer than the cheapest, and still quick. */
const DEARER = { memoryKib: 32 * 1024, passes: 1, lanes: 1 };

Deno.test("cheaper than the least of today is memory times passes below 64 MiB three times", () => {
  const cost = (mib: number, passes: number) => ({ memoryKib: mib * 1024, passes, lanes: 1 });
  assert.equal(isBelowLeast(TEST_ONLY_CHEAP_KDF), true);
  assert.equal(isBelowLeast(cost(63, 3)), true);
  assert.equal(isBelowLeast(cost(64, 2)), true);
  assert.equal(isBelowLeast(cost(64, 3)), false);
  assert.equal(isBelowLeast(cost(256, 1)), false, "never made anew: the least could be less");
  assert.equal(isBelowLeast(cost(1024, 3)), false);
});

Deno.test("the slot that was opened costs more afterwards, opens with the same passphrase, and the others stay", async () => {
  const { code, bits } = newRecoveryCode();
  using v = await openVault({ A: "one" }, bits);
  await v.vault.change([put("A", "two")]);
  assert.ok(listBackups(v.homes).length > 0);
  const opened = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  assert.deepEqual(opened.kdf, TEST_ONLY_CHEAP_KDF);
  await restretchPassphrase(v.homes, opened, utf8(TEST_PASSPHRASE), DEARER);
  assert.deepEqual(describeSlots(v.homes.vault), [{ type: 1, kdf: DEARER }, { type: 2, kdf: null }]);
  const again = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  assert.notEqual(toHex(again.slotId), toHex(opened.slotId));
  assert.deepEqual(again.dataKey, opened.dataKey);
  assert.equal(textOf(await Vault.open(v.homes, again.keys), "A"), "two");
  const recovered = await openWithRecovery(v.homes.vault, code);
  assert.deepEqual([recovered.dataKey, recovered.kdf], [opened.dataKey, null]);
  // The cheap slot would be in the backups still.
  for (const { path } of listBackups(v.homes)) {
    assert.ok(describeSlots(path).every(({ kdf }) => kdf === null || kdf.memoryKib === DEARER.memoryKib), path);
  }
});

Deno.test("a slot that was replaced meanwhile is left alone", async () => {
  using v = await openVault();
  const opened = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  await setPassphrase(v.homes, opened, utf8("another one"), TEST_ONLY_CHEAP_KDF);
  const before = Deno.readFileSync(v.homes.vault);
  await assert.rejects(restretchPassphrase(v.homes, opened, utf8(TEST_PASSPHRASE), DEARER), { fault: "CONFLICT" });
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
});
