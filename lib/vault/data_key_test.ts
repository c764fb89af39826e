/** A change of the data key: what opens the vault afterwards, what stays, what goes. docs/format.md, "Epochs". */
import assert from "node:assert/strict";
import { openVault, put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE, textOf } from "../../tests/kit/open_vault.ts";
import { toHex, utf8 } from "../bytes.ts";
import { writeAnchor } from "./anchor.ts";
import { listBackups } from "./backups.ts";
import { readSeen, seenIsSound, writeSeen } from "./clock.ts";
import { EARLIER_KEYS, parseEarlierKeys } from "./earlier_keys.ts";
import { changeDataKey, newRecoveryCode, openWithPassphrase, openWithRecovery } from "./slots.ts";
import type { VaultState } from "./state.ts";
import { Vault } from "./vault.ts";

const NEXT = "another passphrase altogether";

Deno.test("a new data key keeps every secret, and the old key, passphrase and code open nothing any more", async () => {
  const old = newRecoveryCode();
  using v = await openVault({ A: "one", B: "two" }, old.bits);
  await v.vault.change([put("A", null, { tags: ["kept"] }), { op: "put_internal", name: "CA", value: utf8("inner") }]);
  const before = v.vault.list();
  const file = Deno.readFileSync(v.homes.vault);
  const opened = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const fresh = newRecoveryCode();
  const change = await changeDataKey(v.homes, opened, {
    passphrase: utf8(NEXT),
    kdf: TEST_ONLY_CHEAP_KDF,
    recovery: fresh.bits,
  });
  assert.equal(change.epoch, 2);
  assert.deepEqual(change.notes, []);
  assert.ok(change.backupsRemoved > 0);
  assert.deepEqual(listBackups(v.homes), []);

  await assert.rejects(v.again(), { fault: "WRONG_SECRET" });
  await assert.rejects(v.vault.change([put("C", "x")]), { fault: "WRONG_SECRET" });
  await assert.rejects(openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE)), { fault: "WRONG_SECRET" });
  await assert.rejects(openWithRecovery(v.homes.vault, old.code), { fault: "WRONG_SECRET" });

  const ways = [openWithPassphrase(v.homes.vault, utf8(NEXT)), openWithRecovery(v.homes.vault, fresh.code)];
  for (const { keys } of await Promise.all(ways)) {
    const vault = await Vault.open(v.homes, keys);
    assert.deepEqual(vault.list(), before);
    assert.deepEqual(["A", "B"].map((name) => textOf(vault, name)), ["one", "two"]);
    assert.deepEqual(vault.internal("CA"), utf8("inner"));
    assert.deepEqual([vault.epoch, vault.generation, toHex(vault.vaultId)], [2, 4, toHex(v.vault.vaultId)]);
    assert.deepEqual(vault.notes, []);
  }
  // Nothing of the old file's sealed bytes is carried over.
  const bytes = Deno.readFileSync(v.homes.vault);
  const blobs = toHex(file.subarray(file.length - 200, file.length - 100));
  assert.ok(!toHex(bytes).includes(blobs));
});

Deno.test("the anchor and the clock record are carried over, also if the process dies in between", async () => {
  using v = await openVault({ A: "one" });
  const later = Date.now() + 400 * 86_400_000;
  writeSeen(v.homes, v.keys(), later);
  const anchor = Deno.readFileSync(v.homes.anchor);
  const clock = Deno.readFileSync(v.homes.clockFloor);
  const opened = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const ways = { passphrase: utf8(TEST_PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF, recovery: null };
  const { keys } = await changeDataKey(v.homes, opened, ways);
  assert.equal(readSeen(v.homes, keys), later);
  assert.ok(seenIsSound(v.homes, keys));
  // As after a crash right behind the rename: both records still are of the epoch before.
  Deno.writeFileSync(v.homes.anchor, anchor);
  Deno.writeFileSync(v.homes.clockFloor, clock);
  const vault = await Vault.open(v.homes, keys);
  assert.deepEqual(vault.notes, []);
  assert.ok((readSeen(v.homes, keys) ?? 0) >= Date.now() - 60_000);
  assert.ok(seenIsSound(v.homes, keys));
  const [earlier, ...more] = parseEarlierKeys(vault.internal(EARLIER_KEYS));
  assert.equal(more.length, 0);
  assert.deepEqual([earlier?.epoch, toHex(earlier?.audit ?? new Uint8Array())], [1, toHex(v.keys().audit)]);
});

Deno.test("the file of the earlier epoch opens under the new key no more, and a newer anchor of that epoch is heeded", async () => {
  using v = await openVault({ A: "one" });
  const early = Deno.readFileSync(v.homes.vault);
  const opened = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const ways = { passphrase: utf8(TEST_PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF, recovery: null };
  const { keys } = await changeDataKey(v.homes, opened, ways);
  const file = Deno.readFileSync(v.homes.vault);
  Deno.writeFileSync(v.homes.vault, early);
  await assert.rejects(Vault.open(v.homes, keys), { fault: "WRONG_SECRET" });
  Deno.writeFileSync(v.homes.vault, file);
  const seen = { header: { epoch: 1 }, generation: 9, lastMac: new Uint8Array(32) } as unknown as VaultState;
  Deno.removeSync(v.homes.anchor);
  writeAnchor(v.homes, v.keys(), seen, Date.now());
  await assert.rejects(Vault.open(v.homes, keys), { fault: "ROLLED_BACK" });
});

Deno.test("a change of the data key that cannot be finished leaves the old one in force", async () => {
  using v = await openVault({ A: "one" });
  const opened = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const before = Deno.readFileSync(v.homes.vault);
  const ways = { passphrase: new Uint8Array(), kdf: TEST_ONLY_CHEAP_KDF, recovery: null };
  await assert.rejects(changeDataKey(v.homes, opened, ways), { fault: "WRONG_SECRET" });
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
  assert.equal(textOf(await v.again(), "A"), "one");
});
