/**
 * The keys of one vault, all derived from one pseudorandom key. docs/format.md, "Key tree".
 *
 * The data key itself is forgotten once this is made: what is here opens every record but cannot add a slot, so a
 * cached tree never suffices to change a passphrase.
 */
import { concat, u32, utf8 } from "../bytes.ts";
import { hkdfExpand, hkdfExtract } from "../crypto/hash.ts";

/** Bytes of a data key, a pseudorandom key and every derived key. */
export const KEY_LENGTH = 32;
/** Bytes of a vault's identity. */
export const VAULT_ID_LENGTH = 16;

/** Keys derived lazily and kept until `wipe()`. Every getter returns the tree's own bytes, not a copy. */
export class KeyTree {
  /** 16 bytes. */
  readonly vaultId: Uint8Array;
  /** Epoch the keys were taken from, if the maker knew it; a file of another epoch is then refused. */
  readonly epoch: number | undefined;
  readonly #prk: Uint8Array;
  readonly #derived = new Map<string, Uint8Array>();
  #wiped = false;

  /** Takes ownership of `prk`. Callers use `fromDataKey` or `fromPrk`. */
  constructor(prk: Uint8Array, vaultId: Uint8Array, epoch: number | undefined) {
    if (prk.length !== KEY_LENGTH || vaultId.length !== VAULT_ID_LENGTH) {
      throw new TypeError("Cannot make key tree: expected a key of 32 and a vault id of 16 bytes");
    }
    this.#prk = prk;
    this.vaultId = vaultId.slice();
    this.epoch = epoch;
  }

  /**
   * The tree of a data key. The caller keeps the data key and wipes it.
   * @throws {TypeError} on a wrong length.
   */
  static fromDataKey(dataKey: Uint8Array, vaultId: Uint8Array, epoch?: number): KeyTree {
    if (dataKey.length !== KEY_LENGTH) throw new TypeError("Cannot make key tree: expected a data key of 32 bytes");
    return new KeyTree(hkdfExtract(vaultId, dataKey), vaultId, epoch);
  }

  /**
   * The tree of a pseudorandom key handed over by another process; copies it.
   * @throws {TypeError} on a wrong length.
   */
  static fromPrk(prk: Uint8Array, vaultId: Uint8Array, epoch?: number): KeyTree {
    return new KeyTree(prk.slice(), vaultId, epoch);
  }

  /** The root. Whoever holds it can open every record. */
  get prk(): Uint8Array {
    if (this.#wiped) throw new Error("Cannot use key tree: it was wiped");
    return this.#prk;
  }

  /** Proves that a slot yields this vault's data key; public, stands in the header. */
  get commitment(): Uint8Array {
    return this.#derive("dk-commit");
  }
  /** MAC of the header. */
  get header(): Uint8Array {
    return this.#derive("header");
  }
  /** Seals the index of each frame. */
  get index(): Uint8Array {
    return this.#derive("index");
  }
  /** MAC chain over all frames. */
  get chain(): Uint8Array {
    return this.#derive("chain");
  }
  /** MAC of the anchor and the clock floor. */
  get anchor(): Uint8Array {
    return this.#derive("anchor");
  }
  /** Reserved for team bundles. */
  get share(): Uint8Array {
    return this.#derive("share");
  }
  /** Mutual challenge between a client and the daemon. */
  get admin(): Uint8Array {
    return this.#derive("admin");
  }
  /** MAC of the audit log. */
  get audit(): Uint8Array {
    return this.#derive("audit");
  }

  /** The key of one revision of one record; not kept, the caller wipes it. */
  record(id: Uint8Array, rev: number): Uint8Array {
    return hkdfExpand(this.prk, concat(utf8("asv1/record"), id, u32(rev)), KEY_LENGTH);
  }

  /** Overwrites all keys; afterwards every getter throws. */
  wipe(): void {
    this.#prk.fill(0);
    for (const key of this.#derived.values()) key.fill(0);
    this.#derived.clear();
    this.#wiped = true;
  }

  #derive(label: string): Uint8Array {
    const prk = this.prk;
    const kept = this.#derived.get(label);
    if (kept !== undefined) return kept;
    const key = hkdfExpand(prk, utf8(`asv1/${label}`), KEY_LENGTH);
    this.#derived.set(label, key);
    return key;
  }
}
