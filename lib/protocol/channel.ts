/**
 * The mutual challenge of admin.sock and the channel it opens: both sides prove that they hold `K_admin` (key tree,
 * docs/format.md) without sending it, and no passphrase ever crosses a socket. docs/protocol.md, "Challenge".
 *
 * It handles keys: blind rooms do not import this file (tests/rooms_test.ts).
 */
import { concat, u64, utf8 } from "../bytes.ts";
import { open, seal } from "../crypto/aead.ts";
import { equalConstantTime, hkdf, hmacSha256, randomBytes } from "../crypto/hash.ts";

/** Bytes of each side's nonce. */
export const NONCE_BYTES = 32;
/** Bytes of a proof. */
export const PROOF_BYTES = 32;

/** 32 fresh random bytes. */
export function newNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** What the daemon answers to the client's nonce `cn` with its own nonce `sn`. */
export function daemonProof(kAdmin: Uint8Array, cn: Uint8Array, sn: Uint8Array): Uint8Array {
  return hmacSha256(kAdmin, concat(utf8("asv1/admin/daemon"), cn, sn));
}

/** What the client answers once the daemon's proof held. */
export function clientProof(kAdmin: Uint8Array, cn: Uint8Array, sn: Uint8Array): Uint8Array {
  return hmacSha256(kAdmin, concat(utf8("asv1/admin/client"), cn, sn));
}

/** True if both proofs are the same; takes the same time wherever they differ. */
export function proofMatches(expected: Uint8Array, given: Uint8Array): boolean {
  return expected.length === given.length && equalConstantTime(expected, given);
}

/**
 * One side of the sealed channel. Frames are numbered from 0 in each direction; a frame that is not the next one of
 * the other side does not open.
 */
export class Channel {
  readonly #key: Uint8Array;
  readonly #send: Uint8Array;
  readonly #receive: Uint8Array;
  #sent = 0;
  #received = 0;

  constructor(kAdmin: Uint8Array, cn: Uint8Array, sn: Uint8Array, side: "client" | "daemon") {
    this.#key = hkdf(kAdmin, concat(cn, sn), utf8("asv1/admin/channel"), 32);
    this.#send = utf8(side === "client" ? "c" : "d");
    this.#receive = utf8(side === "client" ? "d" : "c");
  }

  /** Seals the bytes of one inner frame. */
  seal(frame: Uint8Array): { counter: number; sealed: Uint8Array } {
    const counter = this.#sent++;
    return { counter, sealed: seal(this.#key, concat(this.#send, u64(counter)), frame) };
  }

  /**
   * Opens the next sealed frame of the other side.
   * @throws {AuthenticationError} if it is another one, or not from the holder of the key.
   */
  open(counter: number, sealed: Uint8Array): Uint8Array {
    if (counter !== this.#received) throw new RangeError(`Cannot open sealed frame "${counter}": out of order`);
    const frame = open(this.#key, concat(this.#receive, u64(counter)), sealed);
    this.#received++;
    return frame;
  }

  /** Overwrites the channel's key. */
  wipe(): void {
    this.#key.fill(0);
  }
}
