/**
 * The worked example of the format, made by another implementation. That no change of it passes unnoticed is
 * tests/promises/every_byte_of_the_vault_is_sealed_test.ts.
 */
import assert from "node:assert/strict";
import { fromHex, toHex, utf8 } from "../../lib/bytes.ts";
import { Secret } from "../../lib/secret.ts";
import { parseHeader } from "../../lib/vault/header.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { openWithPassphrase } from "../../lib/vault/slots.ts";
import { slotToBytes } from "../../lib/vault/slot.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { tmpHome } from "../kit/tmp_home.ts";

const KAT = JSON.parse(Deno.readTextFileSync(new URL("data/vault_v1_kat.json", import.meta.url)));
const FILE = fromHex(KAT.file_hex);
const VAULT_ID = fromHex(KAT.vault_id);
const keys = () => KeyTree.fromDataKey(fromHex(KAT.data_key), VAULT_ID);

Deno.test("the worked example opens by its passphrase and gives both generations of its value", async () => {
  assert.equal(FILE.length, 5930);
  for (
    const [length, value, notes] of [[FILE.length, KAT.value_rev2, 1], [KAT.checkpoint_file_len, KAT.value_rev1, 1]]
  ) {
    using home = tmpHome();
    Deno.writeFileSync(home.homes.vault, FILE.subarray(0, length), { mode: 0o600 });
    const slot = await openWithPassphrase(home.homes.vault, utf8(KAT.passphrase));
    assert.equal(toHex(slot.dataKey), KAT.data_key);
    const vault = await Vault.open(home.homes, slot.keys);
    assert.deepEqual(vault.list().map((s) => s.name), ["GITHUB_TOKEN"]);
    assert.equal(new TextDecoder().decode(vault.read("GITHUB_TOKEN").reveal()), value);
    assert.equal(vault.notes.length, notes, "only the missing anchor");
  }
});

Deno.test("slots of types that cannot be opened here survive a save byte for byte", async () => {
  using home = tmpHome();
  Deno.writeFileSync(home.homes.vault, FILE, { mode: 0o600 });
  const vault = await Vault.open(home.homes, keys());
  const before = parseHeader(FILE).slots.map((s) => toHex(slotToBytes(s)));
  assert.deepEqual(parseHeader(FILE).slots.map((s) => s.type), [1, 4]);
  const { created: _c, updated: _u, rev: _r, ...record } = vault.list()[0] ?? assert.fail();
  await vault.change([{ op: "put", record, value: new Secret("GITHUB_TOKEN", utf8("third")) }]);
  const saved = Deno.readFileSync(home.homes.vault);
  assert.deepEqual(parseHeader(saved).slots.map((s) => toHex(slotToBytes(s))), before);
  const again = await Vault.open(home.homes, keys());
  assert.equal(again.generation, 3);
  assert.equal(new TextDecoder().decode(again.read("GITHUB_TOKEN").reveal()), "third");
  assert.equal(again.find("GITHUB_TOKEN")?.rev, 3);
});
