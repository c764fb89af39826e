/** Promise: the search tables, which outlive a lock, hold no value in any encoding. */
import assert from "node:assert/strict";
import { ByteSink } from "../../lib/scrub/byte_sink.ts";
import { buildTables } from "../../lib/scrub/tables.ts";
import { eachVariant } from "../../lib/scrub/variants.ts";
import { scrubBytes } from "../../lib/scrub/stream.ts";
import { latin1, secretsOf } from "../kit/scrub_oracle.ts";

/** Longest stretch that may occur by accident (once in a million runs) among so many random numbers. */
const ACCIDENT = 7;

const VALUES = [
  "tq_k7Qw9Zr4Lk2Pv6Xn1Tb8Yd3Hs5Gm0Fj4Rc2Ub",
  "postgres://app:Zk8vQ2mX9rT4wL7p@db.internal:5432/app",
  "pZ7!kq",
];

/** Everything reachable from `root` as text: strings, numbers, and the memory of every array. */
function reachable(root: unknown, seen = new Set<unknown>()): string[] {
  if (typeof root === "string") return [root];
  if (typeof root === "number" || typeof root === "boolean" || root === null || root === undefined) {
    return [String(root)];
  }
  if (seen.has(root)) return [];
  seen.add(root);
  if (ArrayBuffer.isView(root)) {
    const numbers = [...(root as Int32Array)];
    // As memory, and in case a byte was stored per number.
    return [latin1(new Uint8Array(root.buffer)), numbers.map((n) => String.fromCharCode(n & 0xff)).join("")];
  }
  assert.equal(typeof root, "object", `${typeof root} in the tables`);
  if (root instanceof Map || root instanceof Set) return [...root].flatMap((item) => reachable(item, seen));
  return Reflect.ownKeys(root as object).flatMap((key) => reachable(Reflect.get(root as object, key), seen));
}

function longestCommon(haystack: string, value: string): string {
  for (let length = value.length; length > ACCIDENT; length--) {
    for (let i = 0; i + length <= value.length; i++) {
      if (haystack.includes(value.slice(i, i + length))) return value.slice(i, i + length);
    }
    // Longer stretches contain one of the shortest forbidden length: looking for those is enough.
    length = Math.min(length, ACCIDENT + 2);
  }
  return "";
}

Deno.test("the tables hold no value and no encoding of one", () => {
  const secrets = secretsOf(VALUES.map((value) => new TextEncoder().encode(value)));
  const tables = buildTables(secrets);
  const haystack = reachable(tables).join("\n").toLowerCase();
  assert.ok(haystack.length > 10_000, "the walk found hardly anything");
  let forms = 0;
  for (const value of VALUES) {
    eachVariant(new TextEncoder().encode(value), new ByteSink(), (form) => {
      assert.equal(longestCommon(haystack, latin1(form).toLowerCase().replace(/[\r\n]/g, "")), "");
      forms++;
    });
  }
  assert.ok(forms > 200);
});

Deno.test("the search for values in the tables would find one", () => {
  const planted = { deep: [new Map([["x", new TextEncoder().encode(`..${VALUES[0]}..`)]])] };
  assert.notEqual(longestCommon(reachable(planted).join("\n"), VALUES[0] ?? ""), "");
});

Deno.test("the tables work on after the values are wiped", () => {
  const secrets = secretsOf(VALUES.map((value) => new TextEncoder().encode(value)));
  const tables = buildTables(secrets);
  for (const secret of secrets) secret.wipe();
  assert.equal(latin1(scrubBytes(tables, new TextEncoder().encode(`a ${VALUES[0]} b`)).output), "a [REDACTED:S0] b");
});

Deno.test("two tables of the same values have no number in common but the layout", () => {
  const numbers = () => {
    const { anywhere } = buildTables(secretsOf([new TextEncoder().encode(VALUES[0])]));
    return [...(anywhere?.wholes ?? [])].filter((n) => n !== 0 && n !== 1);
  };
  const first = new Set(numbers());
  assert.ok(first.size > 20);
  assert.deepEqual(numbers().filter((n) => first.has(n)), []);
});
