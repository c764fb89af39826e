/** The vault printed in docs/format.md is what the page says: its bytes, its keys, and it opens. */
import assert from "node:assert/strict";
import { utf8 } from "../lib/bytes.ts";
import * as layout from "../lib/vault/layout.ts";
import { openWithPassphrase, openWithRecovery } from "../lib/vault/slots.ts";
import { Vault } from "../lib/vault/vault.ts";
import { MAX_LANES, MAX_MEMORY_KIB, MAX_PASSES, MAX_WORK_KIB, MIN_MEMORY_KIB } from "../wasm/argon2id.ts";
import { bytesOf, DOCS_PASSPHRASE, DOCS_VALUE, docsVault, printed } from "./kit/docs_vault.ts";
import { tmpHome } from "./kit/tmp_home.ts";

const PAGE = Deno.readTextFileSync(new URL("../docs/format.md", import.meta.url));

Deno.test("docs/format.md prints the example vault and its keys as the format makes them", async () => {
  assert.ok(PAGE.includes(printed(await docsVault())), "refresh the page with tests/kit/docs_vault.ts");
});

Deno.test("the bytes printed in docs/format.md open with the passphrase and the code printed there", async () => {
  using home = tmpHome();
  const bytes = bytesOf(PAGE);
  assert.equal(bytes.length, 4978);
  Deno.writeFileSync(home.homes.vault, bytes, { mode: 0o600 });
  const slot = await openWithPassphrase(home.homes.vault, utf8(DOCS_PASSPHRASE));
  const code = /recovery code\s+([0-9A-Z-]+)/.exec(PAGE)?.[1] ?? assert.fail();
  assert.deepEqual((await openWithRecovery(home.homes.vault, code)).dataKey, slot.dataKey);
  const vault = await Vault.open(home.homes, slot.keys);
  assert.equal(new TextDecoder().decode(vault.read("EXAMPLE_TOKEN").reveal()), DOCS_VALUE);
  assert.deepEqual(vault.find("EXAMPLE_TOKEN")?.grant.modes, ["sealed"]);
});

Deno.test("every limit named in docs/format.md is the one in the code", () => {
  const limits: [string, number][] = [
    ["file", layout.MAX_FILE_LENGTH],
    ["header area", layout.MAX_HEADER_LENGTH],
    ["key slots", layout.MAX_SLOTS],
    ["index or blob area of one frame", layout.MAX_FRAME_PART],
    ["records", layout.MAX_SECRETS],
    ["value", layout.MAX_VALUE_LENGTH],
    ["Argon2id memory, least", MIN_MEMORY_KIB],
    ["Argon2id memory, most", MAX_MEMORY_KIB],
    ["Argon2id passes", MAX_PASSES],
    ["Argon2id lanes", MAX_LANES],
    ["Argon2id memory × passes", MAX_WORK_KIB],
  ];
  for (const [what, n] of limits) {
    const row = new RegExp(`^\\| ${what.replace("×", "×")} +\\| ([\\d,]+)`, "m").exec(PAGE);
    assert.equal(row?.[1]?.replaceAll(",", ""), String(n), what);
  }
});

Deno.test("every fault of the code has its row in docs/format.md", () => {
  const source = Deno.readTextFileSync(new URL("../lib/vault/fault.ts", import.meta.url));
  const faults = [...source.matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map((m) => m[1]);
  assert.ok(faults.length >= 18);
  for (const fault of faults) assert.ok(PAGE.includes(`| \`${fault}\``), fault);
});
