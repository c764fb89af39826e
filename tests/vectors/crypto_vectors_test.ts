/** Known answers for the primitives: Wycheproof, RFC 5869, the Argon2 reference. Data and licences lie beside. */
import assert from "node:assert/strict";
import { concat, fromHex, toHex, utf8 } from "../../lib/bytes.ts";
import { AuthenticationError, open, seal } from "../../lib/crypto/aead.ts";
import { equalConstantTime, hkdf, hkdfExtract, hmacSha256, randomBytes, sha256 } from "../../lib/crypto/hash.ts";
import { fastest } from "../kit/fastest.ts";
import { argon2id, kdfFault, testOnlyUnboundedArgon2id } from "../../wasm/argon2id.ts";

interface Case {
  tcId: number;
  result: "valid" | "invalid";
  [field: string]: string | number;
}

/** All cases of a Wycheproof file, with the fields of their group; an empty or shrunken corpus fails. */
function wycheproof(name: string, count: number): Case[] {
  const file = JSON.parse(Deno.readTextFileSync(new URL(`data/wycheproof_${name}_test.json`, import.meta.url)));
  const cases = file.testGroups.flatMap((g: { tests: Case[] }) => g.tests.map((t) => ({ ...g, ...t })));
  assert.equal(cases.length, count);
  assert.equal(cases.length, file.numberOfTests);
  return cases;
}

const bytes = (c: Case, field: string) => fromHex(String(c[field]));

Deno.test("XChaCha20-Poly1305 gives Wycheproof's answer in all 315 cases", () => {
  const seen = { valid: 0, invalid: 0 };
  for (const c of wycheproof("xchacha20_poly1305", 315)) {
    const sealed = concat(bytes(c, "iv"), bytes(c, "ct"), bytes(c, "tag"));
    if (c.result === "valid") {
      assert.equal(toHex(open(bytes(c, "key"), bytes(c, "aad"), sealed)), c.msg, `case ${c.tcId}`);
    } else {
      assert.throws(() => open(bytes(c, "key"), bytes(c, "aad"), sealed), AuthenticationError, `case ${c.tcId}`);
    }
    seen[c.result]++;
  }
  assert.deepEqual(seen, { valid: 246, invalid: 69 });
});

Deno.test("HKDF-SHA-256 gives Wycheproof's answer in all 86 cases", () => {
  for (const c of wycheproof("hkdf_sha256", 86)) {
    const derive = () => hkdf(bytes(c, "ikm"), bytes(c, "salt"), bytes(c, "info"), Number(c.size));
    if (c.result === "valid") assert.equal(toHex(derive()), c.okm, `case ${c.tcId}`);
    else assert.throws(derive, RangeError, `case ${c.tcId}`);
  }
});

Deno.test("HMAC-SHA-256 gives Wycheproof's answer in all 174 cases", () => {
  const seen = { valid: 0, invalid: 0 };
  for (const c of wycheproof("hmac_sha256", 174)) {
    const tag = hmacSha256(bytes(c, "key"), bytes(c, "msg")).subarray(0, Number(c.tagSize) / 8);
    assert.equal(equalConstantTime(tag, bytes(c, "tag")), c.result === "valid", `case ${c.tcId}`);
    seen[c.result]++;
  }
  assert.ok(seen.valid > 0 && seen.invalid > 0);
});

Deno.test("HKDF-SHA-256 gives the answers of RFC 5869", () => {
  const { cases } = JSON.parse(Deno.readTextFileSync(new URL("data/rfc5869_hkdf.json", import.meta.url)));
  assert.equal(cases.length, 2);
  for (const c of cases) {
    assert.equal(toHex(hkdf(fromHex(c.ikm), fromHex(c.salt), fromHex(c.info), c.L)), c.okm);
  }
  // A.1's intermediate value.
  const prk = hkdfExtract(fromHex(cases[0].salt), fromHex(cases[0].ikm));
  assert.equal(toHex(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
});

// RFC 9106 §5.3 itself uses associated data, which hash-wasm does not have; the same inputs without it stand in, as
// two independent implementations compute them.
Deno.test("Argon2id gives the answers of the reference implementation", async () => {
  const file = JSON.parse(Deno.readTextFileSync(new URL("data/argon2id_kat.json", import.meta.url)));
  assert.equal(file.phc_reference.length, 8);
  for (const c of file.phc_reference) {
    const cost = { memoryKib: c.m_kib, passes: c.t, lanes: c.p };
    assert.equal(toHex(await testOnlyUnboundedArgon2id(utf8(c.password), utf8(c.salt), cost)), c.hash);
  }
  const c = file.rfc9106_without_ad;
  const cost = { memoryKib: c.m_kib, passes: c.t, lanes: c.p };
  const derived = await testOnlyUnboundedArgon2id(
    fromHex(c.password_hex),
    fromHex(c.salt_hex),
    cost,
    fromHex(c.secret_hex),
  );
  assert.equal(toHex(derived), c.hash);
});

Deno.test("a key derivation beyond the bounds is refused before it takes memory", async () => {
  const ok = { memoryKib: 19_456, passes: 1, lanes: 1 };
  const bad = [0, 1, 19_455, 1_048_577, 2 ** 31, 2 ** 32 - 1, NaN, 19_456.5].map((memoryKib) => ({ ...ok, memoryKib }))
    .concat([0, 17, 2 ** 32 - 1].map((passes) => ({ ...ok, passes })))
    .concat([0, 5, 255].map((lanes) => ({ ...ok, lanes })))
    .concat([{ memoryKib: 1_048_576, passes: 5, lanes: 1 }]);
  for (const params of bad) {
    assert.notEqual(kdfFault(params), null);
    const derive = () => assert.rejects(argon2id(new Uint8Array(8), new Uint8Array(16), params), RangeError);
    assert.ok(await fastest(derive) < 50);
  }
  for (
    const params of [ok, { memoryKib: 1_048_576, passes: 4, lanes: 4 }, { memoryKib: 262_144, passes: 16, lanes: 1 }]
  ) {
    assert.equal(kdfFault(params), null);
  }
});

Deno.test("sealing draws a fresh nonce each time and every changed byte is noticed", () => {
  const key = randomBytes(32);
  const aad = utf8("aad");
  const sealed = seal(key, aad, utf8("value"));
  assert.notDeepEqual(sealed.subarray(0, 24), seal(key, aad, utf8("value")).subarray(0, 24));
  assert.deepEqual(open(key, aad, sealed), utf8("value"));
  for (let i = 0; i < sealed.length; i++) {
    const changed = sealed.slice();
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.throws(() => open(key, aad, changed), AuthenticationError);
  }
  for (let n = 0; n < sealed.length; n++) {
    assert.throws(() => open(key, aad, sealed.subarray(0, n)), AuthenticationError);
  }
  assert.throws(() => open(key, utf8("other"), sealed), AuthenticationError);
  assert.throws(() => seal(new Uint8Array(16), aad, sealed), TypeError);
});

Deno.test("SHA-256 of long and short inputs agrees however they are split", () => {
  for (const n of [0, 1, 4095, 4096, 70_000]) {
    const data = randomBytes(n);
    const whole = sha256(data);
    assert.deepEqual(sha256(data.subarray(0, n >> 1), data.subarray(n >> 1)), whole);
  }
  assert.equal(toHex(sha256(utf8("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("random bytes are random beyond what the system gives in one call", () => {
  const bytes = randomBytes(5 * 65_536 + 7);
  const blocks = Array.from(
    { length: Math.floor(bytes.length / 64) },
    (_, i) => toHex(bytes.subarray(64 * i, 64 * i + 64)),
  );
  assert.equal(new Set(blocks).size, blocks.length);
  assert.ok(bytes.subarray(-7).some((b) => b !== 0));
});

Deno.test("inputs of two lengths are unequal, and no error", () => {
  for (const [a, b] of [[0, 1], [32, 31], [1, 0]] as const) {
    assert.equal(equalConstantTime(new Uint8Array(a), new Uint8Array(b)), false);
  }
  assert.equal(equalConstantTime(new Uint8Array(0), new Uint8Array(0)), true);
});
