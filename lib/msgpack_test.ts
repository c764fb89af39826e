import assert from "node:assert/strict";
import { fc } from "../tests/kit/seed.ts";
import { fromHex, toHex } from "./bytes.ts";
import { fastest } from "../tests/kit/fastest.ts";
import { decode, encode, MsgpackError, type Packable } from "./msgpack.ts";

Deno.test("all 28 hostile inputs are refused with a typed error in under 50 ms", async () => {
  const data = new URL("../tests/vectors/data/msgpack_hostile.json", import.meta.url);
  const { cases } = JSON.parse(Deno.readTextFileSync(data));
  assert.equal(cases.length, 28);
  for (const { name, hex } of cases) {
    const bytes = fromHex(hex);
    assert.ok(await fastest(() => assert.throws(() => decode(bytes), MsgpackError, name)) < 50, name);
  }
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

Deno.test("every integer width, string and byte length has one encoding", () => {
  const numbers = [0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
  const negative = [-1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 53) + 1];
  const texts = [0, 1, 31, 32, 255, 256, 65535, 65536].flatMap((n) => ["a".repeat(n), "é".repeat(n >> 1)]);
  const strings = [0, 1, 255, 256, 65536].map((n) => new Uint8Array(n));
  for (const value of [...numbers, ...negative, ...texts, ...strings, null, true, false, [], {}]) {
    assert.deepEqual(decode(encode(value)), value);
  }
  assert.equal(encode(-0).length, 1);
});

Deno.test("an integer in a longer form than its own is refused", () => {
  const forms = [1, 2, 4, 8].flatMap((length, i) => [
    { tag: 0xcc + i, length, as: BigInt.asUintN },
    { tag: 0xd0 + i, length, as: BigInt.asIntN },
  ]);
  let refused = 0;
  for (
    const n of [0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, -1, -32, -33, -129, -32769, -(2 ** 31)]
  ) {
    for (const { tag, length, as } of forms) {
      const bits = BigInt.asUintN(8 * length, BigInt(n)).toString(16).padStart(2 * length, "0");
      const bytes = fromHex(tag.toString(16) + bits);
      if (as(8 * length, BigInt(n)) !== BigInt(n) || toHex(bytes) === toHex(encode(n))) continue;
      assert.throws(() => decode(bytes), MsgpackError, toHex(bytes));
      refused++;
    }
  }
  assert.ok(refused > 50);
});

const value: fc.Arbitrary<Packable> = fc.letrec<{ any: Packable }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z_]{1,31}$/), tie("any"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;

Deno.test("decoding undoes encoding, and encoding undoes decoding", () => {
  const forbidden = /"(__proto__|constructor|prototype)"/;
  fc.assert(
    fc.property(value, (v) => {
      fc.pre(!forbidden.test(JSON.stringify(v)));
      const bytes = encode(v);
      assert.deepEqual(decode(bytes), v);
      assert.deepEqual(encode(decode(bytes)), bytes);
    }),
    { numRuns: 300 },
  );
});

Deno.test("whatever random or mutated bytes decode to encodes back to the same bytes", () => {
  let accepted = 0;
  const check = (bytes: Uint8Array) => {
    try {
      const v = decode(bytes);
      accepted++;
      assert.deepEqual(encode(v), bytes);
    } catch (error) {
      if (!(error instanceof MsgpackError)) throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), check), { numRuns: 2000 });
  const sample = encode({ v: 1, put: [{ id: new Uint8Array(16), rev: 1, name: "A", created: 1.7e12 }], del: [] });
  for (let i = 0; i < sample.length * 8; i++) {
    const bytes = sample.slice();
    bytes[i >> 3] = (bytes[i >> 3] ?? 0) ^ (1 << (i & 7));
    check(bytes);
  }
  for (let n = 0; n < sample.length; n++) assert.throws(() => decode(sample.subarray(0, n)), MsgpackError);
  assert.ok(accepted > 0);
});

Deno.test("an integer that 32 bits can hold is refused in 64", () => {
  const narrow = [0, 1, -1, 127, 2 ** 31, 2 ** 32 - 1, -(2 ** 31)];
  for (const n of narrow) {
    const bytes = new Uint8Array(9);
    bytes[0] = 0xd3;
    new DataView(bytes.buffer).setBigInt64(1, BigInt(n));
    assert.throws(() => decode(bytes), MsgpackError, String(n));
  }
  for (const n of [2 ** 32, -(2 ** 31) - 1]) assert.equal(encode(n)[0], 0xd3);
});

Deno.test("what has no place in the format is not encoded", () => {
  const keys = ["", "é", "constructor", "prototype", "k".repeat(32)].map((key) => ({ [key]: 1 }));
  const bad: unknown[] = [0.5, NaN, 2 ** 53, "\ud800", undefined, 1n, 2n ** 60n, Symbol(), ...keys];
  for (const v of bad) assert.throws(() => encode(v as Packable), MsgpackError);
  let deep: Packable = 1;
  for (let i = 0; i < 20; i++) deep = [deep];
  assert.throws(() => encode(deep), MsgpackError);
});

Deno.test("an integer that a double cannot hold is refused, though its encoding is the canonical one", () => {
  for (
    const hex of [
      "d30020000000000000",
      "d30020000000000001",
      "d37fffffffffffffff",
      "d3ffdfffffffffffff",
      "d38000000000000000",
    ]
  ) {
    assert.throws(() => decode(fromHex(hex)), MsgpackError, hex);
  }
  assert.equal(decode(fromHex("d3001fffffffffffff")), 2 ** 53 - 1);
  assert.equal(decode(fromHex("d3ffe0000000000001")), -(2 ** 53) + 1);
});
