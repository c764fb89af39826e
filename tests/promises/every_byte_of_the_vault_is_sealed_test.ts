/**
 * Promise: no change of a vault file passes unnoticed: no flipped bit, no cut, no mutation. docs/format.md.
 * The file is the worked example of another implementation; its data key is known, so nothing is derived here.
 */
import assert from "node:assert/strict";
import { fromHex, toHex } from "../../lib/bytes.ts";
import { checkAnchor } from "../../lib/vault/anchor.ts";
import { parseHeader } from "../../lib/vault/header.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { readState } from "../../lib/vault/state.ts";
import { VaultError } from "../../lib/vault/vault.ts";
import { chance } from "../kit/seed.ts";
import { fixChecksum } from "../kit/vault_builder.ts";

const KAT = JSON.parse(Deno.readTextFileSync(new URL("../vectors/data/vault_v1_kat.json", import.meta.url)));
const FILE = fromHex(KAT.file_hex);
const KEYS = KeyTree.fromDataKey(fromHex(KAT.data_key), fromHex(KAT.vault_id));
const NEWEST = readState(FILE, KEYS);

/** What a changed file is read as, anchor at the newest generation or absent; anything but VaultError is thrown on. */
function outcome(file: Uint8Array, anchored: boolean): string {
  try {
    const state = readState(file, KEYS);
    if (anchored) checkAnchor(state, NEWEST);
    return `generation ${state.generation}${state.tornAt === null ? "" : " torn"}`;
  } catch (error) {
    if (error instanceof VaultError) return error.fault;
    throw error;
  }
}

Deno.test("every flipped bit is refused, or in the last frame read as the generation before, which the anchor refuses", () => {
  const seen: Record<string, number> = {};
  for (let bit = 0; bit < FILE.length * 8; bit++) {
    const changed = FILE.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const read = outcome(changed, false);
    seen[read] = (seen[read] ?? 0) + 1;
    const torn = read === "generation 1 torn";
    assert.ok(torn || /^[A-Z_]+$/.test(read), `bit ${bit}: ${read}`);
    if (!torn) continue;
    assert.ok(bit >> 3 >= KAT.checkpoint_file_len, `bit ${bit}`);
    assert.equal(outcome(changed, true), "ROLLED_BACK", `bit ${bit}`);
  }
  // All but those that no cut write explains: another generation, or a size that leaves bytes after the frame.
  const inLastFrame = (FILE.length - KAT.checkpoint_file_len) * 8;
  assert.ok((seen["generation 1 torn"] ?? 0) > inLastFrame - 64 - 64, JSON.stringify(seen));
});

Deno.test("a flipped header bit is refused by the keyed MAC even if the unkeyed checksum is made to fit", () => {
  const headerEnd = parseHeader(FILE).end;
  const seen: Record<string, number> = {};
  for (let bit = 0; bit < headerEnd * 8; bit++) {
    if (bit >> 3 >= 20 && bit >> 3 < 24) continue; // A header length that moves the checksum's own range.
    if (bit >> 3 >= 32 && bit >> 3 < 64) continue; // The checksum itself.
    const changed = FILE.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const read = outcome(fixChecksum(changed), false);
    seen[read] = (seen[read] ?? 0) + 1;
    assert.match(read, /^[A-Z_]+$/, `bit ${bit}`);
  }
  assert.ok((seen.TAMPERED ?? 0) > 1000, JSON.stringify(seen));
});

Deno.test("every truncation gives the generation before or a refusal, and with the anchor always a refusal", () => {
  for (let length = 0; length < FILE.length; length++) {
    const read = outcome(FILE.subarray(0, length), false);
    const checkpointIsWhole = length >= KAT.checkpoint_file_len;
    if (length === KAT.checkpoint_file_len) assert.equal(read, "generation 1");
    else if (checkpointIsWhole) assert.equal(read, "generation 1 torn", `length ${length}`);
    else assert.match(read, /^[A-Z_]+$/, `length ${length}`);
    assert.match(outcome(FILE.subarray(0, length), true), /^[A-Z_]+$/);
  }
});

Deno.test("no mutated file is opened or ends in anything but a VaultError", () => {
  const seen: Record<string, number> = {};
  for (let run = 0; run < 4000; run++) {
    const mutated = mutate(FILE);
    const changed = run % 2 === 0 || mutated.length < 64 ? mutated : fixChecksum(mutated);
    if (toHex(changed) === KAT.file_hex) continue;
    const read = outcome(changed, false);
    seen[read] = (seen[read] ?? 0) + 1;
    assert.notEqual(read, "generation 2");
  }
  assert.ok(Object.keys(seen).length >= 5, JSON.stringify(seen));
});

const DICE = chance("mutated vaults");
/** Integers of four bytes at which a careless reader stumbles. */
const EXTREMES = [[0, 0, 0, 0], [255, 255, 255, 255], [128, 0, 0, 0], [0, 0, 0, 1]];

/** One to four of: random byte, extreme integer, cut, doubled stretch. */
function mutate(file: Uint8Array): Uint8Array {
  const roll = (n: number) => Math.floor(DICE() * n);
  let bytes = file.slice();
  for (let times = 1 + roll(4); times > 0; times--) {
    const p = roll(2) === 0 ? roll(600) : roll(bytes.length);
    if (p >= bytes.length) continue;
    const kind = roll(5);
    if (kind <= 1) bytes[p] = roll(256);
    else if (kind === 2) bytes.set((EXTREMES[roll(4)] ?? []).slice(0, bytes.length - p), p);
    else if (kind === 3) bytes = bytes.slice(0, p);
    else bytes = Uint8Array.from([...bytes.subarray(0, p), ...bytes.subarray(roll(p + 1))]);
  }
  return bytes;
}
