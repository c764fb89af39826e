import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { pack, unpack } from "./daemon.ts";
import type { Json } from "./event.ts";
import { stringLeaves, withStringLeaves } from "./string_leaves.ts";

Deno.test("strings and keys come out in one order and go back into the same places", () => {
  const value = { a: ["x", { b: "y" }], c: 5, d: null };
  assert.deepEqual(stringLeaves(value), ["a", "x", "b", "y", "c", "d"]);
  assert.deepEqual(withStringLeaves(value, ["A", "X", "B", "Y", "C", "D"]), { A: ["X", { B: "Y" }], C: 5, D: null });
  assert.throws(() => withStringLeaves(value, ["A"]), RangeError);
});

Deno.test("a number long enough to be a value is a leaf, and stays a number unless its leaf changed", () => {
  const value = { n: 73920164, m: [73920164, 999, -0.5] };
  assert.deepEqual(stringLeaves(value), ["n", "73920164", "m", "73920164", "-0.5"]);
  assert.deepEqual(withStringLeaves(value, ["n", "gone", "m", "73920164", "-0.5"]), {
    n: "gone",
    m: [73920164, 999, -0.5],
  });
});

Deno.test("any value survives being taken apart, packed, unpacked and put together", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (generated) => {
      // Through text once, as everything that reaches a hook; lone halves of a character do not travel as UTF-8.
      const value = JSON.parse(JSON.stringify(generated).toWellFormed()) as Json;
      const packed = pack(stringLeaves(value));
      const back = withStringLeaves(value, unpack(packed.lengths, packed.bytes));
      assert.equal(JSON.stringify(back), JSON.stringify(value));
    }),
    { numRuns: 50 },
  );
});

Deno.test("a reply whose lengths do not fit its text is refused", () => {
  const bytes = new Uint8Array(4);
  for (const lengths of [[5], [2], [2, 3], [-1, 5], ["4"], null]) {
    assert.throws(() => unpack(lengths, bytes), RangeError);
  }
});

Deno.test("a value nested beyond reason is refused before the stack is exhausted", () => {
  const deep = JSON.parse("[".repeat(5_000) + "]".repeat(5_000)) as Json;
  assert.throws(() => stringLeaves(deep), RangeError);
});
