/** Promise: an unlock makes too cheap a slot dearer, touches no other, and never fails for it. */
import assert from "node:assert/strict";
import { openVault, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "../../tests/kit/open_vault.ts";
import { utf8 } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import { describeSlots, newRecoveryCode, openWithRecovery, setPassphrase } from "../vault/slots.ts";
import { closeSlot, openSlot, type ProvenSlot } from "./open_slot.ts";
import { restretchIfDue } from "./restretch.ts";

const LEAST = { memoryKib: 64 * 1024, passes: 3, lanes: 1 };

const open = (homes: Homes): Promise<ProvenSlot> =>
  openSlot(homes, { kind: "passphrase", passphrase: utf8(TEST_PASSPHRASE), source: "pipe" });

Deno.test("a slot below the least is made anew at 64 MiB and three passes or more, once", async () => {
  using v = await openVault({ A: "one" });
  const typed = utf8(TEST_PASSPHRASE);
  const slot = await open(v.homes);
  const done = await restretchIfDue(v.homes, slot, typed);
  assert.ok(done?.done);
  assert.ok(typed.every((byte) => byte === 0), "the passphrase is wiped");
  const [{ kdf } = { kdf: null }] = describeSlots(v.homes.vault);
  assert.ok(kdf !== null && kdf.memoryKib >= LEAST.memoryKib && kdf.passes === 3);
  assert.equal(done.memoryMib, kdf.memoryKib / 1024);
  closeSlot(slot);
  const before = Deno.readFileSync(v.homes.vault);
  const again = await open(v.homes);
  const wiped = utf8(TEST_PASSPHRASE);
  assert.equal(await restretchIfDue(v.homes, again, wiped), null);
  assert.ok(wiped.every((byte) => byte === 0));
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
});

Deno.test("a slot at the least is never touched, nor one that the recovery code opened", async () => {
  const { code, bits } = newRecoveryCode();
  using v = await openVault({}, bits);
  const recovered = await openWithRecovery(v.homes.vault, code);
  assert.equal(await restretchIfDue(v.homes, recovered, new Uint8Array(0)), null);
  await setPassphrase(v.homes, recovered, utf8(TEST_PASSPHRASE), LEAST);
  const before = Deno.readFileSync(v.homes.vault);
  assert.equal(await restretchIfDue(v.homes, await open(v.homes), utf8(TEST_PASSPHRASE)), null);
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
});

Deno.test("what keeps it from being done is said, and the old slot still opens", async () => {
  using v = await openVault();
  const slot = await open(v.homes);
  const held = Deno.openSync(v.homes.vaultLock, { read: true, write: true, create: true, mode: 0o600 });
  held.lockSync(true);
  try {
    const busy = await restretchIfDue(v.homes, slot, utf8(TEST_PASSPHRASE));
    assert.ok(busy !== null && !busy.done && /holds its lock/.test(busy.reason));
  } finally {
    held.unlockSync();
    held.close();
  }
  // A directory in the place of the lock: not even a VaultError of a save.
  Deno.removeSync(v.homes.vaultLock);
  Deno.mkdirSync(v.homes.vaultLock);
  const failed = await restretchIfDue(v.homes, slot, utf8(TEST_PASSPHRASE));
  assert.ok(failed !== null && !failed.done);
  assert.deepEqual(describeSlots(v.homes.vault), [{ type: 1, kdf: TEST_ONLY_CHEAP_KDF }]);
  closeSlot(await open(v.homes));
});
