import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "../../tests/kit/open_vault.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { Vault } from "./vault.ts";

const OPTIONS = { passphrase: utf8(TEST_PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF };

Deno.test("of two processes that make a vault at once one wins, and the other takes nothing from it", async () => {
  using home = tmpHome();
  // Both have looked for a vault before either has derived a key.
  const both = await Promise.allSettled([Vault.create(home.homes, OPTIONS), Vault.create(home.homes, OPTIONS)]);
  const won = both.filter((result) => result.status === "fulfilled").map(({ value }) => value);
  const lost = both.filter((result) => result.status === "rejected").map(({ reason }) => reason);
  assert.deepEqual([won.length, lost.length], [1, 1]);
  assert.equal((lost[0] as { fault?: string }).fault, "EXISTS");
  const { keys } = won[0] ?? assert.fail();
  const again = await Vault.open(home.homes, keys);
  assert.deepEqual([again.generation, again.notes], [1, []]);
  assert.ok(![...Deno.readDirSync(home.homes.data)].some(({ name }) => name.includes(".tmp.")));
});

Deno.test("two vaults have nothing in common: neither identity nor key", async () => {
  using one = tmpHome();
  using two = tmpHome();
  const [a, b] = [await Vault.create(one.homes, OPTIONS), await Vault.create(two.homes, OPTIONS)];
  assert.notDeepEqual(a.vault.vaultId, b.vault.vaultId);
  assert.notDeepEqual(a.keys.prk, b.keys.prk);
  const [x, y] = [one, two].map(({ homes }) => Deno.readFileSync(homes.vault));
  // Only what the format fixes is the same: no block of the second file stands in the first.
  const blocks = (file: Uint8Array) =>
    Array.from({ length: file.length >> 4 }, (_, i) => file.slice(16 * i, 16 * i + 16).join());
  const shared = new Set(blocks(x ?? assert.fail()));
  assert.deepEqual(blocks(y ?? assert.fail()).slice(4).filter((block) => shared.has(block)), []);
});
