/**
 * Promise: no change of a vault file passes unnoticed: no flipped bit, no cut, no mutation. docs/format.md.
 * The file is the worked example of another implementation; its data key is known, so nothing is derived here. The same
 * for a longer file: tests/reliability/every_bit_of_a_long_vault_test.ts.
 */
import assert from "node:assert/strict";
import { concat, fromHex, toHex } from "../../lib/bytes.ts";
import { outcome, target, testSealedBytes } from "../kit/sealed_bytes.ts";
import { fixChecksum, FixedRandomness } from "../kit/vault_builder.ts";

const KAT = JSON.parse(Deno.readTextFileSync(new URL("../vectors/data/vault_v1_kat.json", import.meta.url)));
const FILE = fromHex(KAT.file_hex);
const WORKED = target(FILE, KAT, 2);

testSealedBytes("another implementation's", WORKED);

const SEED = Deno.env.get("TACIT_TEST_SEED") ?? "1";
Deno.test(`no mutated file is opened or ends in anything but a VaultError: seed ${SEED}`, () => {
  const random = new FixedRandomness(SEED);
  const seen: Record<string, number> = {};
  for (let run = 0; run < 4000; run++) {
    const mutated = mutate(FILE, random.bytes(64));
    const changed = run % 2 === 0 || mutated.length < 64 ? mutated : fixChecksum(mutated);
    if (toHex(changed) === KAT.file_hex) continue;
    const { read } = outcome(WORKED, changed);
    seen[read] = (seen[read] ?? 0) + 1;
    assert.notEqual(read, "generation 2");
  }
  assert.ok(Object.keys(seen).length >= 5, JSON.stringify(seen));
});

/** Integers of four bytes at which a careless reader stumbles. */
const EXTREMES = [[0, 0, 0, 0], [255, 255, 255, 255], [128, 0, 0, 0], [0, 0, 0, 1]];

/** One to four of: random byte, extreme integer, cut, doubled stretch. */
function mutate(file: Uint8Array, dice: Uint8Array): Uint8Array {
  let at = 0;
  const roll = (n: number) => ((dice[at++] ?? 0) * 65536 + (dice[at++] ?? 0) * 256 + (dice[at++] ?? 0)) % n;
  let bytes = file.slice();
  for (let times = 1 + roll(4); times > 0; times--) {
    const p = roll(2) === 0 ? roll(600) : roll(bytes.length);
    if (p >= bytes.length) continue;
    const kind = roll(5);
    if (kind <= 1) bytes[p] = roll(256);
    else if (kind === 2) bytes.set((EXTREMES[roll(4)] ?? []).slice(0, bytes.length - p), p);
    else if (kind === 3) bytes = bytes.slice(0, p);
    else bytes = concat(bytes.subarray(0, p), bytes.subarray(roll(p + 1)));
  }
  return bytes;
}
