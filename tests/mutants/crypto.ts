/** Mutants of lib/crypto, the key derivation and the encoding of indexes. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const VECTORS = "tests/vectors/crypto_vectors_test.ts";

export const CRYPTO: readonly Mutant[] = [
  ...mutantsOf("lib/crypto/aead.ts", [VECTORS], {
    "aead-fixed-nonce": [
      "const nonce = randomBytes(NONCE_LENGTH);",
      "const nonce = new Uint8Array(NONCE_LENGTH);",
      "each seal draws a nonce of its own",
    ],
    "aead-open-without-aad": [
      "xchacha20poly1305(key, sealed.subarray(0, NONCE_LENGTH), aad)",
      "xchacha20poly1305(key, sealed.subarray(0, NONCE_LENGTH))",
      "associated data is part of the seal",
    ],
    "aead-failure-is-empty": [
      "// The cipher's own message differs by cause; ours must not.",
      "return new Uint8Array(0);",
      "a broken seal is an error and no plaintext",
    ],
    "aead-any-key-length": ["key.length !== KEY_LENGTH", "key.length === 0", "a key has 32 bytes"],
  }),
  ...mutantsOf("lib/crypto/hash.ts", [VECTORS], {
    "hash-compare-beginning": [
      "timingSafeEqual(a, b);",
      "timingSafeEqual(a.subarray(0, 8), b.subarray(0, 8));",
      "a comparison covers every byte",
    ],
    "hash-compare-lengths": [
      "a.length === b.length && timingSafeEqual(a, b)",
      "timingSafeEqual(a, b)",
      "inputs of two lengths are unequal, not an error",
    ],
    "hash-random-once": [
      "at < n; at += 65536",
      "at < 1; at += 65536",
      "random bytes are random beyond the first 64 KiB",
    ],
    "hash-hmac-first-part": [
      "for (const part of parts) mac.update(part);",
      "for (const part of parts.slice(0, 1)) mac.update(part);",
      "a MAC covers all its parts",
      ["tests/vectors/vault_kat_test.ts"],
    ],
    "hash-native-parts": [
      'const hash = createHash("sha256");\n  for (const part of parts) hash.update(part);',
      'const hash = createHash("sha256");\n  for (const part of parts.slice(0, 1)) hash.update(part);',
      "a digest of large input covers all its parts",
    ],
    "hash-hkdf-swapped": [
      "extract(nobleSha256, ikm, salt)",
      "extract(nobleSha256, salt, ikm)",
      "HKDF takes salt and key in the order of RFC 5869",
    ],
    "hash-hkdf-length": ["length > 255 * 32", "length > 256 * 32", "HKDF gives at most 8,160 bytes"],
  }),
  ...mutantsOf("wasm/argon2id.ts", [VECTORS], {
    "argon2-floor": ["MIN_MEMORY_KIB = 19_456", "MIN_MEMORY_KIB = 1_024", "a derivation has OWASP's least cost"],
    "argon2-ceiling": [
      "MAX_MEMORY_KIB = 1_048_576",
      "MAX_MEMORY_KIB = 4_194_304",
      "a header cannot ask for more than 1 GiB",
    ],
    "argon2-passes": ["MAX_PASSES = 16", "MAX_PASSES = 17", "passes are bounded"],
    "argon2-lanes": ["MAX_LANES = 4", "MAX_LANES = 5", "lanes are bounded"],
    "argon2-work": ["memoryKib * passes > MAX_WORK_KIB", "memoryKib < passes", "memory times passes is bounded"],
    "argon2-fractions": ["Number.isInteger(n) && ", "", "a cost is a whole number"],
    "argon2-unchecked": [
      "if (fault !== null) throw new RangeError",
      "if (fault === undefined) throw new RangeError",
      "costs are checked before memory is taken",
    ],
    "argon2-variant": ["argon2id: derive", "argon2i: derive", "the variant is Argon2id"],
    "argon2-short": ["hashLength: 32", "hashLength: 16", "a derived key has 32 bytes"],
  }),
  ...mutantsOf("lib/msgpack.ts", ["lib/msgpack_test.ts"], {
    "msgpack-canonical": [
      "Buffer.compare(packr.pack(value), bytes) !== 0",
      "bytes.length === 0",
      "a value has one encoding, and no key stands twice",
    ],
    "msgpack-depth": [
      'if (depth > MAX_DEPTH) throw new MsgpackError("Cannot decode',
      'if (depth < 0) throw new MsgpackError("Cannot decode',
      "nesting is bounded",
    ],
    "msgpack-prototype-key": [
      "if (FORBIDDEN_KEYS.has(key)) throw",
      'if (key === "") throw',
      "no key reaches an object's prototype",
    ],
    "msgpack-wide-integer": [
      "if (n > Number.MAX_SAFE_INTEGER || n < -Number.MAX_SAFE_INTEGER)",
      "if (n === 0n)",
      "an integer that a double cannot hold is refused",
    ],
    "msgpack-claimed-length": [
      "if (at + length > this.#bytes.length) throw",
      "if (at > this.#bytes.length) throw",
      "a length is believed only as far as there are bytes",
    ],
    "msgpack-float": [
      "if (!Number.isSafeInteger(value)) throw",
      "if (Number.isNaN(value)) throw",
      "no float is encoded",
    ],
    "msgpack-surrogate": ["if (!value.isWellFormed()) throw", "if (value === null) throw", "text is UTF-8"],
    "msgpack-key-grammar": ["/^[\\x20-\\x7e]{1,31}$/", "/^[\\x20-\\x7e]{1,32}$/", "keys are short ASCII"],
  }),
];
