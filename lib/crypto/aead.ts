/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). `seal` draws its own random 24-byte nonce, so no caller can choose or repeat
 * one. The only importer of `@noble/ciphers`.
 *
 * The construction is not key-committing: where a wrong key could be *offered*, compare a commitment first, as
 * vault slots do (docs/format.md, "Slots").
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concat } from "../bytes.ts";
import { randomBytes } from "./hash.ts";

/** Bytes that stand before the ciphertext. */
export const NONCE_LENGTH = 24;
/** Bytes by which a ciphertext is longer than its plaintext. */
export const TAG_LENGTH = 16;
const KEY_LENGTH = 32;

/** The bytes were not sealed under this key with this associated data, or they were changed. */
export class AuthenticationError extends Error {
  /** The class, for callers that look at names. */
  override name = "AuthenticationError";
}

/**
 * `nonce(24) ‖ ciphertext ‖ tag(16)` of `plaintext`.
 * @throws {TypeError} if the key is not 32 bytes.
 */
export function seal(key: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  checkKey(key);
  const nonce = randomBytes(NONCE_LENGTH);
  return concat(nonce, xchacha20poly1305(key, nonce, aad).encrypt(plaintext));
}

/**
 * The plaintext of what `seal` made.
 * @throws {AuthenticationError} on any mismatch; nothing of the plaintext is released.
 * @throws {TypeError} if the key is not 32 bytes.
 */
export function open(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  checkKey(key);
  if (sealed.length >= NONCE_LENGTH + TAG_LENGTH) {
    try {
      return xchacha20poly1305(key, sealed.subarray(0, NONCE_LENGTH), aad).decrypt(sealed.subarray(NONCE_LENGTH));
    } catch {
      // The cipher's own message differs by cause; ours must not.
    }
  }
  throw new AuthenticationError("Cannot open sealed bytes: wrong key or changed data");
}

function checkKey(key: Uint8Array): void {
  if (key.length !== KEY_LENGTH) {
    throw new TypeError(`Cannot use AEAD key: ${key.length} bytes, expected ${KEY_LENGTH}`);
  }
}
