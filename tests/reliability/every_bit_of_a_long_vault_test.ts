/**
 * tests/promises/every_byte_of_the_vault_is_sealed_test.ts on a longer file: two key slots, a checkpoint, two deltas.
 * It is the intact file of the vectors with one fault.
 */
import assert from "node:assert/strict";
import { fromHex } from "../../lib/bytes.ts";
import { openWithRecovery } from "../../lib/vault/slots.ts";
import { VaultError } from "../../lib/vault/vault.ts";
import { VECTOR_FILE } from "../kit/one_fault.ts";
import { fitted, flipped, target, testSealedBytes } from "../kit/sealed_bytes.ts";
import { tmpHome } from "../kit/tmp_home.ts";

const VECTORS = JSON.parse(Deno.readTextFileSync(VECTOR_FILE));
const TARGET = target(fromHex(VECTORS.intact), VECTORS, 9);

testSealedBytes("two slots, three frames", TARGET);

Deno.test("a flipped header bit, its checksum made to fit, does not open with the recovery code", async () => {
  using home = tmpHome();
  const seen: Record<string, number> = {};
  for (let bit = 0; bit < (TARGET.ends[0] ?? 0) * 8; bit++) {
    Deno.writeFileSync(home.homes.vault, fitted(flipped(TARGET.file, bit), bit), { mode: 0o600 });
    try {
      await openWithRecovery(home.homes.vault, VECTORS.recovery_code);
      assert.fail(`bit ${bit}`);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      seen[error.fault] = (seen[error.fault] ?? 0) + 1;
    }
  }
  assert.ok((seen.WRONG_SECRET ?? 0) > 500 && (seen.TAMPERED ?? 0) > 1000, JSON.stringify(seen));
});
