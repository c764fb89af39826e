/**
 * SHA-256, HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC 5869), random bytes and a comparison whose time does not
 * depend on where two inputs differ. The only importer of `@noble/hashes`.
 *
 * Constant time is a best effort: a JavaScript engine gives no guarantee about the code it generates.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** Above this many bytes the runtime's native digest is worth its call (a vault at 10,000 secrets hashes megabytes). */
const NATIVE_FROM = 4096;

/** SHA-256 of all `parts`, joined: 32 bytes. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  if (parts.reduce((n, p) => n + p.length, 0) < NATIVE_FROM) {
    const hash = nobleSha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  }
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** HMAC-SHA-256 of all `parts`, joined, under a key of any length: 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const mac = hmac.create(nobleSha256, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** HKDF-Extract with SHA-256 (RFC 5869 §2.2): a 32-byte pseudorandom key. An empty salt stands for 32 zero bytes. */
export function hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return extract(nobleSha256, ikm, salt);
}

/**
 * HKDF-Expand with SHA-256 (RFC 5869 §2.3).
 * @throws {RangeError} if `length` is not in 0…8,160 bytes.
 */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > 255 * 32) {
    throw new RangeError(`Cannot expand a key to ${length} bytes: HKDF-SHA-256 gives at most 8160`);
  }
  return length === 0 ? new Uint8Array(0) : expand(nobleSha256, prk, info, length);
}

/**
 * HKDF-SHA-256, both steps.
 * @throws {RangeError} if `length` is not in 0…8,160 bytes.
 */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return hkdfExpand(hkdfExtract(salt, ikm), info, length);
}

/** True if both hold the same bytes. Only the lengths may influence the time it takes. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `n` bytes from the operating system's generator, in pieces since it gives at most 64 KiB a call. */
export function randomBytes(n: number): Uint8Array {
  const bytes = new Uint8Array(n);
  for (let at = 0; at < n; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(n, at + 65536)));
  return bytes;
}
