/** A growing byte buffer for one encoding at a time; it is reused and wiped, so encodings of a value do not linger. */
export class ByteSink {
  bytes: Uint8Array = new Uint8Array(4096);
  length = 0;

  /** Forgets the content but keeps the memory. */
  reset(): this {
    this.length = 0;
    return this;
  }

  put(byte: number): void {
    if (this.length === this.bytes.length) this.#grow(this.length + 1);
    this.bytes[this.length++] = byte;
  }

  /** Appends ASCII text. */
  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.put(text.charCodeAt(i));
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.bytes.length) this.#grow(this.length + bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What was written, as a view that the next `reset` invalidates. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** A copy of what was written; the caller wipes it. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  wipe(): void {
    this.bytes.fill(0);
    this.length = 0;
  }

  #grow(least: number): void {
    const larger = new Uint8Array(Math.max(least, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes.fill(0);
    this.bytes = larger;
  }
}
