import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { blob, frame, header, newBuilt, recoverySpec, slotItem } from "../../tests/kit/vault_builder.ts";
import { openVault, put } from "../../tests/kit/open_vault.ts";
import { concat } from "../bytes.ts";
import { outlineAt, outlineOf, stateId } from "./file_outline.ts";
import { readState } from "./state.ts";
import { VaultError } from "./vault.ts";

/** A vault of one checkpoint and two deltas, at generation 9 to 11. */
function threeFrames() {
  const built = newBuilt("outline");
  const head = header(built, { items: [1, 2].map(() => slotItem(built, recoverySpec(built, built.random.bytes(20)))) });
  const id = built.random.bytes(16);
  const record = { id, rev: 1, name: "A", off: 0, len: 296 };
  const blobs = [blob(built, id, 1, "one")];
  const first = frame(built, {
    type: 1,
    generation: 9,
    index: { v: 1, put: [record], del: [] },
    blobs,
    previous: head.mac,
  });
  const empty = { v: 1, put: [], del: [] };
  const second = frame(built, { type: 2, generation: 10, index: empty, previous: first.mac });
  const third = frame(built, { type: 2, generation: 11, index: empty, previous: second.mac });
  return { head: head.bytes, frames: [first.bytes, second.bytes, third.bytes], lastMac: third.mac };
}

Deno.test("the outline tells without a key what the state is with it", async () => {
  using v = await openVault({ A: "one" });
  await v.vault.change([put("A", "two")]);
  const { outline, bytes } = outlineAt(v.homes.vault);
  const state = readState(bytes, v.keys());
  assert.deepEqual([outline.generation, outline.id, outline.complete], [state.generation, stateId(state), true]);
});

Deno.test("frames are counted as far as they are there in full, and what follows them is told", () => {
  const { head, frames, lastMac } = threeFrames();
  const whole = concat(head, ...frames);
  const outline = outlineOf(whole);
  assert.deepEqual([outline.generation, outline.complete], [11, true]);
  assert.equal(outline.id, stateId({ generation: 11, lastMac }));
  const ends = outline.frameEnds;
  assert.equal(ends.at(-1), whole.length);
  for (let cut = head.length; cut < whole.length; cut += 7) {
    const part = outlineOf(whole.subarray(0, cut));
    const full = ends.filter((end) => end <= cut);
    assert.deepEqual(part.frameEnds, full);
    assert.equal(part.complete, full.at(-1) === cut);
    assert.equal(part.generation, full.length === 0 ? 0 : 8 + full.length);
  }
});

Deno.test("no bytes whatever make the outline fail in another way than a vault does, or run on", () => {
  const { head, frames } = threeFrames();
  const whole = concat(head, ...frames);
  fc.assert(
    fc.property(fc.nat(whole.length - head.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, bytes) => {
      const changed = whole.slice();
      changed.set(bytes.subarray(0, changed.length - head.length - at), head.length + at);
      const { frameEnds } = outlineOf(changed);
      assert.ok(frameEnds.length <= 3 && frameEnds.every((end) => end <= changed.length));
    }),
    { numRuns: 500, seed: 3 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.throws(() => outlineOf(bytes), VaultError);
    }),
    { numRuns: 200, seed: 3 },
  );
});
