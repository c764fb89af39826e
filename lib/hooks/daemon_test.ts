import assert from "node:assert/strict";
import { pack, unpack } from "./daemon.ts";

Deno.test("leaves come back as they were packed", () => {
  for (const leaves of [[], [""], ["a", "", "é", "🦀", "\ufeffx", "x\0y"]]) {
    const { lengths, bytes } = pack(leaves);
    assert.deepEqual(unpack(lengths, bytes), leaves);
  }
});

Deno.test("an answer whose lengths do not fit its text is none", () => {
  const text = new TextEncoder().encode("abc");
  const bad: unknown[] = [[4], [2, 2], [1], [1, 1], [], [-1, 4], [NaN], ["3"], [3, null], {}, null, "3"];
  for (const lengths of bad) assert.throws(() => unpack(lengths, text), RangeError, JSON.stringify(lengths));
  assert.deepEqual(unpack([1, 2], text), ["a", "bc"]);
});
