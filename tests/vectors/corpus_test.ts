/**
 * Every vault that was ever kept still opens, can still be edited, and loses nothing by it that this version does not
 * understand. What newer versions write is read or refused as docs/format.md says.
 */
import assert from "node:assert/strict";
import { fromHex, toHex, utf8 } from "../../lib/bytes.ts";
import { sha256 } from "../../lib/crypto/hash.ts";
import type { Homes } from "../../lib/paths.ts";
import { parseHeader } from "../../lib/vault/header.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { slotToBytes } from "../../lib/vault/slot.ts";
import { openWithPassphrase, openWithRecovery, setPassphrase } from "../../lib/vault/slots.ts";
import { type Edit, Vault } from "../../lib/vault/vault.ts";
import { PLANS, readManifest } from "../kit/corpus.ts";
import { CORPUS, type Kept, written } from "../kit/corpus_writer.ts";
import { put, TEST_ONLY_CHEAP_KDF } from "../kit/open_vault.ts";
import { tmpHome } from "../kit/tmp_home.ts";

/**
 * How many vaults each version added, and the SHA-256 of their lines `sha256␠file\n` in the order of the list. A vault
 * that is added needs a new row or a new sum in the newest; a row of a version that was released never changes.
 */
const ADDED: { since: string; vaults: number; sum: string }[] = [
  { since: "0.1.0", vaults: 64, sum: "7e5db659e26cec4d59ab7120d9fae194ffcd3d387251a657289b85ad9a56efb3" },
];
/** Ways of saving; each must keep what it does not understand. */
const SAVING = ["append", "rewrite"] as const;

const KEPT = readManifest();
const bytesOf = ({ file }: Kept) => Deno.readFileSync(new URL(file, CORPUS));

Deno.test("no vault of the corpus was changed or taken away, and none lies there unlisted", () => {
  for (const { since, vaults, sum } of ADDED) {
    const added = KEPT.filter((vault) => vault.since === since);
    assert.equal(added.length, vaults, since);
    assert.equal(toHex(sha256(utf8(added.map((vault) => `${vault.sha256} ${vault.file}\n`).join("")))), sum, since);
  }
  assert.deepEqual([...new Set(KEPT.map(({ since }) => since))], ADDED.map(({ since }) => since));
  for (const vault of KEPT) assert.equal(toHex(sha256(bytesOf(vault))), vault.sha256, vault.file);
  const there = [...Deno.readDirSync(CORPUS)].map(({ name }) => name).filter((name) => name !== "manifest.json");
  assert.deepEqual(there.toSorted(), KEPT.map(({ file }) => file).toSorted());
});

Deno.test("the builder makes the vaults of the corpus as it made them then", async () => {
  for (const plan of PLANS) {
    const { bytes, kept } = await written(plan);
    const there = KEPT.find(({ file }) => file === kept.file) ?? assert.fail(`${kept.file}: run tests/kit/corpus.ts`);
    assert.deepEqual(JSON.parse(JSON.stringify(kept)), there, "a changed plan gets a new name");
    assert.equal(toHex(sha256(bytes)), there.sha256);
  }
});

for (const kept of KEPT) {
  const { expect } = kept;
  if (expect === undefined) {
    Deno.test(`a vault of the corpus is refused as it was: ${kept.file}`, async () => {
      using home = homeWith(kept);
      const { homes } = home;
      const refusal = { name: "VaultError", fault: kept.refused };
      await assert.rejects(openWithRecovery(homes.vault, kept.recovery_codes[0] ?? assert.fail()), refusal);
      await assert.rejects(Vault.open(homes, keysOf(kept)), refusal);
      assert.equal(toHex(sha256(Deno.readFileSync(homes.vault))), kept.sha256);
    });
    continue;
  }

  Deno.test(`a vault of the corpus holds what it held, for all that open it: ${kept.file}`, async () => {
    using home = homeWith(kept);
    for (const keys of await everyKey(home.homes, kept)) {
      const vault = await Vault.open(home.homes, keys);
      compare(vault, expect);
      assert.equal(vault.notes.some((note) => note.startsWith("TORN_TAIL")), expect.torn);
    }
    const types = parseHeader(bytesOf(kept)).slots.map(({ type }) => type);
    assert.deepEqual(types.toSorted(), expect.slots.toSorted());
  });

  if (expect.read_only) {
    Deno.test(`a vault of the corpus that a newer version wrote is never saved: ${kept.file}`, async () => {
      using home = homeWith(kept);
      const refusal = { name: "VaultError", fault: "READ_ONLY" };
      const vault = await Vault.open(home.homes, await someKey(home.homes, kept));
      await assert.rejects(vault.change([put("ADDED_HERE", "made-up value")]), refusal);
      await assert.rejects(vault.change([{ op: "remove", name: expect.records[0]?.name ?? "" }]), refusal);
      const opened = await openWithRecovery(home.homes.vault, kept.recovery_codes[0] ?? assert.fail());
      await assert.rejects(setPassphrase(home.homes, opened, utf8("another"), TEST_ONLY_CHEAP_KDF), refusal);
      assert.equal(toHex(sha256(Deno.readFileSync(home.homes.vault))), kept.sha256);
    });
    continue;
  }

  for (const saving of SAVING) {
    Deno.test(`a vault of the corpus can be edited and keeps what nobody understands (${saving}): ${kept.file}`, async () => {
      using home = homeWith(kept);
      const before = parseHeader(bytesOf(kept));
      const vault = await Vault.open(home.homes, await someKey(home.homes, kept), { saving });
      const [gone, ...others] = expect.records;
      const saves: [Edit, Kept["expect"] & object][] = [[put("ADDED_HERE", "made-up value"), expect]];
      // One vault has room for one generation only.
      const roomForTwo = expect.generation + 2 <= Number.MAX_SAFE_INTEGER;
      if (gone && roomForTwo) saves.push([{ op: "remove", name: gone.name }, { ...expect, records: others }]);
      for (const [i, [edit, left]] of saves.entries()) {
        await vault.change([edit]);
        const edited = await Vault.open(home.homes, await someKey(home.homes, kept));
        assert.deepEqual(edited.notes, []);
        const { created, updated, rev } = edited.find("ADDED_HERE") ?? assert.fail();
        assert.ok(created > 0 && updated === created && rev === 1);
        assert.equal(new TextDecoder().decode(edited.read("ADDED_HERE").reveal()), "made-up value");
        compare(edited, { ...left, generation: expect.generation + i + 1 }, ["ADDED_HERE"]);
      }
      // The same slots open what they opened.
      const after = parseHeader(Deno.readFileSync(home.homes.vault));
      assert.deepEqual(after.slots.map(slotToBytes).map(toHex), before.slots.map(slotToBytes).map(toHex));
      assert.deepEqual(after.extensions, before.extensions);
      assert.equal(after.ignorableFlags, before.ignorableFlags);
    });
  }

  // Where there is anything to lose, and room for another slot.
  const { length } = expect.slots;
  const hasMore = length > 1 || expect.epoch > 1 || /^(extensions|ignorable|torn)/.test(kept.file);
  const code = kept.recovery_codes[0];
  if (code === undefined || !hasMore || length === 32) continue;
  Deno.test(`a vault of the corpus takes a new passphrase and keeps every other slot: ${kept.file}`, async () => {
    using home = homeWith(kept);
    const opened = await openWithRecovery(home.homes.vault, code);
    await setPassphrase(home.homes, opened, utf8("another"), TEST_ONLY_CHEAP_KDF);
    const [before, after] = [bytesOf(kept), Deno.readFileSync(home.homes.vault)].map((file) => parseHeader(file));
    const others = (header = before) => header?.slots.filter(({ type }) => type !== 1).map(slotToBytes).map(toHex);
    assert.deepEqual(others(after), others(before));
    assert.deepEqual(after?.extensions, before?.extensions);
    const { keys } = await openWithPassphrase(home.homes.vault, utf8("another"));
    compare(await Vault.open(home.homes, keys), { ...expect, generation: expect.generation + 1 });
  });
}

function homeWith(kept: Kept) {
  const home = tmpHome();
  Deno.writeFileSync(home.homes.vault, bytesOf(kept), { mode: 0o600 });
  return home;
}

/** By every passphrase, by every code, and as a process that holds the keys already. */
async function everyKey(homes: Homes, kept: Kept): Promise<KeyTree[]> {
  const trees = [];
  for (const passphrase of kept.passphrases) trees.push((await openWithPassphrase(homes.vault, utf8(passphrase))).keys);
  for (const code of kept.recovery_codes.slice(0, 2)) trees.push((await openWithRecovery(homes.vault, code)).keys);
  if (kept.data_key !== undefined) trees.push(keysOf(kept));
  return trees;
}

/** The cheapest. */
async function someKey(homes: Homes, kept: Kept): Promise<KeyTree> {
  if (kept.data_key !== undefined) return keysOf(kept);
  return (await openWithRecovery(homes.vault, kept.recovery_codes[0] ?? assert.fail())).keys;
}

function keysOf({ data_key, vault_id }: Kept): KeyTree {
  return KeyTree.fromDataKey(fromHex(data_key ?? ""), fromHex(vault_id ?? ""));
}

function compare(vault: Vault, expect: NonNullable<Kept["expect"]>, besides: string[] = []): void {
  assert.equal(vault.generation, expect.generation);
  assert.equal(vault.epoch, expect.epoch);
  assert.equal(vault.readOnly, expect.read_only);
  const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1;
  const read = vault.list().filter(({ name }) => !besides.includes(name)).map((meta) => ({
    ...meta,
    value_sha256: toHex(sha256(vault.read(meta.name).reveal())),
  }));
  const expected = expect.records.map(({ value, ...record }) =>
    value === undefined ? record : { ...record, value_sha256: toHex(sha256(utf8(value))) }
  );
  assert.deepEqual(read.toSorted(byName), expected.toSorted(byName));
  for (const [name, value] of Object.entries(expect.internal)) {
    assert.equal(new TextDecoder().decode(vault.internal(name)), value, name);
  }
}
