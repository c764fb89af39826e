import assert from "node:assert/strict";
import { concat, toHex, utf8 } from "../bytes.ts";
import { openVault, put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE, textOf } from "../../tests/kit/open_vault.ts";
import {
  fixChecksum,
  frame,
  header,
  item,
  newBuilt,
  passphraseParams,
  recoverySpec,
  slotItem,
} from "../../tests/kit/vault_builder.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { fastest } from "../../tests/kit/fastest.ts";
import { listBackups } from "./backups.ts";
import { parseHeader } from "./header.ts";
import { slotCost } from "./passphrase.ts";
import {
  calibrateKdf,
  describeSlots,
  newRecoveryCode,
  openWithPassphrase,
  openWithRecovery,
  setPassphrase,
  setRecovery,
} from "./slots.ts";
import { Vault } from "./vault.ts";

Deno.test("passphrase and recovery code open the same vault, nothing else does", async () => {
  const { code, bits } = newRecoveryCode();
  using v = await openVault({ A: "one" }, bits);
  const path = v.homes.vault;
  const one = await openWithPassphrase(path, utf8(TEST_PASSPHRASE));
  const two = await openWithRecovery(path, code.toLowerCase());
  assert.deepEqual(one.dataKey, two.dataKey);
  assert.notDeepEqual(one.slotId, two.slotId);
  assert.equal(textOf(await Vault.open(v.homes, two.keys), "A"), "one");
  await assert.rejects(openWithPassphrase(path, utf8("wrong")), { fault: "WRONG_SECRET" });
  await assert.rejects(openWithRecovery(path, newRecoveryCode().code), { fault: "WRONG_SECRET", name: "VaultError" });
  await assert.rejects(openWithRecovery(path, "not a code"), { name: "RecoveryCodeError" });
});

Deno.test("composed and decomposed accents are one passphrase", async () => {
  using v = await openVault();
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  await setPassphrase(v.homes, slot, utf8("Zu\u0308rich"), TEST_ONLY_CHEAP_KDF);
  assert.ok((await openWithPassphrase(v.homes.vault, utf8("Zürich"))).keys);
});

Deno.test("a passphrase that is empty, too long or not UTF-8 is refused", async () => {
  using v = await openVault();
  const long = new Uint8Array(1024).fill(0x61);
  for (const bad of [new Uint8Array(0), concat(long, utf8("a")), new Uint8Array(100_000), Uint8Array.of(0xff, 0xfe)]) {
    await assert.rejects(openWithPassphrase(v.homes.vault, bad), {
      fault: "WRONG_SECRET",
      message: /Cannot use passphrase/,
    });
  }
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  await setPassphrase(v.homes, slot, long, TEST_ONLY_CHEAP_KDF);
  assert.ok(await openWithPassphrase(v.homes.vault, long));
});

Deno.test("after a new passphrase the old one opens neither the vault nor any backup", async () => {
  using v = await openVault({ A: "one" });
  for (let i = 0; i < 3; i++) await v.vault.change([put("A", `${i}`)]);
  const backups = listBackups(v.homes);
  assert.ok(backups.length > 0);
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const changed = await setPassphrase(v.homes, slot, utf8("new"), TEST_ONLY_CHEAP_KDF);
  assert.deepEqual([changed.backupsRewrapped, changed.backupsRemoved], [backups.length, 0]);
  await assert.rejects(openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE)), { fault: "WRONG_SECRET" });
  for (const path of filesBelow(v.home.dir)) {
    await assert.rejects(openWithPassphrase(path, utf8(TEST_PASSPHRASE)), Error, path);
  }
  const opened = await openWithPassphrase(v.homes.vault, utf8("new"));
  assert.equal(textOf(await Vault.open(v.homes, opened.keys), "A"), "2");
});

Deno.test("a running process keeps working across a change of passphrase", async () => {
  using v = await openVault({ A: "one" });
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  await setPassphrase(v.homes, slot, utf8("new"), TEST_ONLY_CHEAP_KDF);
  await v.vault.change([put("B", "two")]);
  assert.deepEqual((await v.again()).list().map((s) => s.name), ["A", "B"]);
  await assert.rejects(openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE)), { fault: "WRONG_SECRET" });
});

Deno.test("a recovery code can be replaced and taken away, and then opens no backup either", async () => {
  const first = newRecoveryCode();
  using v = await openVault({ A: "one" }, first.bits.slice());
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const second = newRecoveryCode();
  const replaced = await setRecovery(v.homes, slot, second.bits);
  assert.equal(replaced.backupsRewrapped, 1);
  await assert.rejects(openWithRecovery(v.homes.vault, first.code), { fault: "WRONG_SECRET" });
  assert.ok(await openWithRecovery(v.homes.vault, second.code));
  await setRecovery(v.homes, slot, null);
  await assert.rejects(openWithRecovery(v.homes.vault, second.code), {
    fault: "WRONG_SECRET",
    message: /no recovery code/,
  });
  assert.deepEqual(describeSlots(v.homes.vault), [{ type: 1, kdf: TEST_ONLY_CHEAP_KDF }]);
});

Deno.test("a key tree without the data key cannot make a slot", async () => {
  using v = await openVault();
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const before = Deno.readFileSync(v.homes.vault);
  const cached = { ...slot, dataKey: slot.keys.prk };
  await assert.rejects(setPassphrase(v.homes, cached, utf8("new"), TEST_ONLY_CHEAP_KDF), { fault: "WRONG_SECRET" });
  await assert.rejects(setRecovery(v.homes, cached, newRecoveryCode().bits), { fault: "WRONG_SECRET" });
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
});

Deno.test("hostile derivation costs are refused before any memory is taken", async () => {
  using home = tmpHome();
  const salt = new Uint8Array(16);
  const costs: [number, number, number][] = [
    [19_455, 1, 1],
    [1_048_577, 1, 1],
    [2 ** 32 - 1, 1, 1],
    [19_456, 0, 1],
    [19_456, 17, 1],
    [19_456, 2 ** 32 - 1, 1],
    [19_456, 1, 0],
    [19_456, 1, 5],
    [1_048_576, 5, 1],
    [524_289, 1, 1],
  ];
  for (const [memory, passes, lanes] of costs) {
    const built = newBuilt("cost");
    const spec = {
      ...recoverySpec(built, new Uint8Array(20)),
      type: 1,
      params: passphraseParams(memory, passes, lanes, salt),
    };
    Deno.writeFileSync(home.homes.vault, header(built, { items: [slotItem(built, spec)] }).bytes, { mode: 0o600 });
    const open = () =>
      assert.rejects(
        openWithPassphrase(home.homes.vault, utf8("x")),
        { fault: "KDF_OUT_OF_BOUNDS" },
        `${memory}/${passes}/${lanes}`,
      );
    assert.ok(await fastest(open) < 50);
  }
});

Deno.test("many dear passphrase slots cost no more than one may", async () => {
  using home = tmpHome();
  const built = newBuilt("many");
  const params = passphraseParams(262_144, 16, 1, new Uint8Array(16));
  const items = [1, 2].map(() => slotItem(built, { ...recoverySpec(built, new Uint8Array(20)), type: 1, params }));
  Deno.writeFileSync(home.homes.vault, header(built, { items }).bytes, { mode: 0o600 });
  await assert.rejects(openWithPassphrase(home.homes.vault, utf8("x")), {
    fault: "KDF_OUT_OF_BOUNDS",
    message: /together/,
  });
});

Deno.test("a slot that yields another data key is noticed", async () => {
  using home = tmpHome();
  const built = newBuilt("lie");
  const code = newRecoveryCode();
  const spec = { ...recoverySpec(built, code.bits), dataKey: new Uint8Array(32) };
  const items = [slotItem(built, spec), slotItem(built, recoverySpec(built, new Uint8Array(20)))];
  Deno.writeFileSync(home.homes.vault, header(built, { items }).bytes, { mode: 0o600 });
  await assert.rejects(openWithRecovery(home.homes.vault, code.code), { fault: "TAMPERED", message: /another vault/ });
});

Deno.test("two vaults made with the same passphrase share no key, salt or id", async () => {
  using a = await openVault();
  using b = await openVault();
  const one = await openWithPassphrase(a.homes.vault, utf8(TEST_PASSPHRASE));
  const two = await openWithPassphrase(b.homes.vault, utf8(TEST_PASSPHRASE));
  assert.notEqual(toHex(one.dataKey), toHex(two.dataKey));
  assert.notEqual(toHex(one.vaultId), toHex(two.vaultId));
});

Deno.test("calibration stays between 64 and 256 MiB at three passes and one lane", async () => {
  const { memoryKib, passes, lanes } = await calibrateKdf();
  assert.ok(memoryKib >= 65_536 && memoryKib <= 262_144 && memoryKib % 1024 === 0);
  assert.deepEqual([passes, lanes], [3, 1]);
});

function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory ? filesBelow(path) : [path];
  });
}

Deno.test("each slot has a salt of its own, of the same passphrase and of the same code", async () => {
  const { bits } = newRecoveryCode();
  using a = await openVault({}, bits.slice());
  using b = await openVault({}, bits.slice());
  const salts = [a, b].flatMap((v) => {
    const { slots } = parseHeader(Deno.readFileSync(v.homes.vault));
    return slots.map((slot) => toHex(slot.type === 1 ? slotCost(slot).salt : slot.params));
  });
  assert.equal(new Set(salts).size, 4);
  assert.ok(salts.every((salt) => salt.length === 32));
});

Deno.test("a passphrase stays its giver's: opening and changing leave it as it was", async () => {
  using v = await openVault();
  const given = utf8(TEST_PASSPHRASE);
  const slot = await openWithPassphrase(v.homes.vault, given);
  await assert.rejects(openWithPassphrase(v.homes.vault, utf8("wrong")), { fault: "WRONG_SECRET" });
  await setPassphrase(v.homes, slot, given, TEST_ONLY_CHEAP_KDF);
  assert.deepEqual(given, utf8(TEST_PASSPHRASE));
});

Deno.test("parameters that are none of this version's are damage, not a wrong passphrase or code", async () => {
  using home = tmpHome();
  const { code, bits } = newRecoveryCode();
  const built = newBuilt("parameters");
  const params = passphraseParams(19_456, 1, 1, new Uint8Array(16));
  const other = params.slice();
  other[0] = 2;
  const specs = [
    { ...recoverySpec(built, bits), type: 1, params: other },
    { ...recoverySpec(built, bits), type: 1, params: params.subarray(0, 25) },
    { ...recoverySpec(built, bits), params: new Uint8Array(15) },
    { ...recoverySpec(built, bits), params: new Uint8Array(0) },
  ];
  for (const spec of specs) {
    const items = [slotItem(built, spec), slotItem(built, { ...spec, type: 9 })];
    Deno.writeFileSync(home.homes.vault, header(built, { items }).bytes, { mode: 0o600 });
    const open = () =>
      spec.type === 1 ? openWithPassphrase(home.homes.vault, utf8("x")) : openWithRecovery(home.homes.vault, code);
    await assert.rejects(open, { fault: "DAMAGED_HEADER", message: /malformed/ });
  }
});

Deno.test("what opens a slot proves the whole header: a changed one yields no key", async () => {
  using home = tmpHome();
  const { code, bits } = newRecoveryCode();
  const built = newBuilt("proves");
  const slots = [slotItem(built, recoverySpec(built, bits)), slotItem(built, recoverySpec(built, new Uint8Array(20)))];
  const good = header(built, { items: slots }).bytes;
  Deno.writeFileSync(home.homes.vault, good, { mode: 0o600 });
  assert.ok(await openWithRecovery(home.homes.vault, code));
  for (const at of [11, 19, good.length - 1]) {
    const changed = good.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    Deno.writeFileSync(home.homes.vault, fixChecksum(changed));
    await assert.rejects(openWithRecovery(home.homes.vault, code), { fault: "TAMPERED" });
  }
});

Deno.test("the last way into a vault cannot be removed", async () => {
  using home = tmpHome();
  const { code, bits } = newRecoveryCode();
  const built = newBuilt("last");
  const head = header(built, { items: [slotItem(built, recoverySpec(built, bits)), item(0x8000, new Uint8Array(99))] });
  const first = frame(built, { type: 1, generation: 1, index: { v: 1, put: [], del: [] }, previous: head.mac });
  const file = concat(head.bytes, first.bytes);
  Deno.writeFileSync(home.homes.vault, file, { mode: 0o600 });
  const opened = await openWithRecovery(home.homes.vault, code);
  await assert.rejects(setRecovery(home.homes, opened, null), { fault: "WRONG_SECRET", message: /nothing else opens/ });
  assert.deepEqual(Deno.readFileSync(home.homes.vault), file);
});

Deno.test("slots of a vault that a newer version wrote are not changed", async () => {
  using home = tmpHome();
  const { code, bits } = newRecoveryCode();
  const built = newBuilt("newer");
  const slots = [bits, new Uint8Array(20)].map((ikm) => slotItem(built, recoverySpec(built, ikm)));
  const head = header(built, { items: slots, minor: 1 });
  const first = frame(built, { type: 1, generation: 1, index: { v: 1, put: [], del: [] }, previous: head.mac });
  const file = concat(head.bytes, first.bytes);
  Deno.writeFileSync(home.homes.vault, file, { mode: 0o600 });
  const opened = await openWithRecovery(home.homes.vault, code);
  await assert.rejects(setRecovery(home.homes, opened, newRecoveryCode().bits), { fault: "READ_ONLY" });
  await assert.rejects(setPassphrase(home.homes, opened, utf8("new"), TEST_ONLY_CHEAP_KDF), { fault: "READ_ONLY" });
  assert.deepEqual(Deno.readFileSync(home.homes.vault), file);
});
