import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { MAX_VALUE, scoreValue } from "./strength.ts";

const score = (value: string) => scoreValue(new TextEncoder().encode(value));

const EXPECTED: Record<string, string[]> = {
  full: [
    "k7Qw9Zr4Lk2P",
    "correct horse battery staple",
    "the installation was successful",
    "https://user:k7Qw9Zr4@host/db",
    "3f9a1c7e5b2d8f604a1b",
    "xkqjzvwpmfhtb",
    "ab".repeat(20),
    "pässwörter-für-alle-9",
    "123456789012345",
  ],
  whole: ["k7Qw9Zr4", "k7Qw-9Zr4Lk", "84736291", "x9!y8?z7"],
  boundary: ["k7Qw", "p@9s", "Zr4Lk2P", "éa9ü"],
  none: [
    "",
    "abc",
    "k7Q",
    "1234",
    "true",
    "password",
    "Password1!",
    "P@ssw0rd",
    "localhost",
    "admin",
    "configuration",
    "changeme",
    "aaaaaaaaaaaaaaaaaaaa",
    "abababab",
    "482913",
    "abcdefghijkl",
    "987654321",
    "\n\n12\n34\n",
    "production",
    // In no list: what they are like decides.
    "velocipede",
    "trombone",
    "23456789:;<=>",
    "zyxwvutsrqponm",
    "1010101010",
    "-+-+-+-+-+-+",
  ],
};

for (const [strength, values] of Object.entries(EXPECTED)) {
  Deno.test(`scoreValue says ${strength} where it should`, () => {
    for (const value of values) assert.equal(score(value).strength, strength, value);
  });
}

Deno.test("scoreValue calls exactly boundary and none weak", () => {
  for (const [strength, values] of Object.entries(EXPECTED)) {
    for (const value of values) assert.equal(score(value).weak, strength === "boundary" || strength === "none");
  }
});

Deno.test("scoreValue refuses what cannot be held back", () => {
  const large = new Uint8Array(MAX_VALUE + 1).map((_, i) => (i * i) % 251);
  assert.equal(scoreValue(large).strength, "none");
  assert.equal(scoreValue(large.subarray(1)).strength, "full");
});

Deno.test("scoreValue gives one of a few constant clauses, whatever the value", () => {
  const reasons = new Set(Object.values(EXPECTED).flat().map((value) => score(value).reason));
  const values = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ maxLength: 20 }).map((s) => new TextEncoder().encode(s)),
  );
  fc.assert(fc.property(values, (value) => assert.ok(reasons.has(scoreValue(value).reason))));
  for (const reason of reasons) assert.ok(!/\d/.test(reason) && /^[a-z].*[^.]$/.test(reason), reason);
});
