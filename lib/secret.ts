/**
 * A secret's value in memory. It prints, serialises and inspects as its marker; `reveal()` and `wipe()` are its
 * only doors, and tests/rooms_test.ts lists the files that may write `.reveal()`.
 *
 * What the platform cannot give: a garbage-collected heap may keep copies that `wipe()` never reaches. Values are
 * therefore held as bytes, never as strings, for as short a time as the work allows. See docs/threat_model.md.
 */

/** The constant that stands where a value stood; it tells the name and nothing of the value. */
export function markerOf(name: string): string {
  return `[REDACTED:${name}]`;
}

/** A named value that cannot be printed by accident. */
export class Secret {
  /** The secret's name (not secret). */
  readonly name: string;
  #bytes: Uint8Array;

  /**
   * Takes ownership of `bytes`: the caller must not keep or change them.
   */
  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = bytes;
  }

  /**
   * The value itself: the very bytes, not a copy, so that `wipe()` reaches them.
   * @throws {Error} after `wipe()`.
   */
  reveal(): Uint8Array {
    if (this.#wiped) throw new Error(`Cannot read "${this.name}": it was wiped`);
    return this.#bytes;
  }

  #wiped = false;

  /** Overwrites the bytes; afterwards `reveal()` throws. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  toString(): string {
    return markerOf(this.name);
  }

  toJSON(): string {
    return markerOf(this.name);
  }

  [Symbol.toPrimitive](): string {
    return markerOf(this.name);
  }

  [Symbol.for("Deno.customInspect")](): string {
    return markerOf(this.name);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return markerOf(this.name);
  }
}
