/**
 * Views of a stream as running text. Each hands squeezed bytes to a matcher and turns matches into raw positions.
 * Raw positions are counted from the stream's start; matchers keep their low 32 bits.
 */
import type { Fingerprints } from "./fingerprints.ts";
import { Matcher } from "./matcher.ts";
import { Control, controlStep, CR, ESC, FOLD, LF, MAX_CONTROL, MAX_GAP, SPECIAL_FIRST } from "./squeeze.ts";

/** Takes a stretch of the raw stream that must not be shown. */
export type Redact = (start: number, end: number, owner: number) => void;

/** One way of reading the stream. */
export interface View {
  /** Reads the next bytes, which begin at raw position `base`. */
  feed(chunk: Uint8Array, base: number): void;
  /** The stream is over. */
  end(): void;
  /** Raw position from which the view cannot let go yet, or Infinity. */
  held(): number;
}

/** The raw position whose low 32 bits are `low` and which lies within 2 GiB of `near`. */
export function positionOf(low: number, near: number): number {
  return near + ((low - (near | 0)) | 0);
}

/** Running text: line breaks and control sequences dropped, letters in one case. */
export class TextView implements View {
  readonly #matcher: Matcher;
  #position = 0;
  #gap = 0;
  /** Bytes of a control sequence begun and not decided; they are not yet in the matcher. */
  readonly #control = new Uint8Array(MAX_CONTROL);
  #controlLength = 0;
  #controlTail = false;

  constructor(table: Fingerprints, redact: Redact) {
    const matcher = this.#matcher = new Matcher(table, false, (first, last, owner) => {
      const near = this.#position;
      redact(positionOf(matcher.at[first] ?? 0, near), positionOf(matcher.at[last] ?? 0, near) + 1, owner);
    });
  }

  feed(chunk: Uint8Array, base: number): void {
    const matcher = this.#matcher;
    matcher.reserve(chunk.length + MAX_CONTROL);
    this.#position = base;
    const { text, at } = matcher;
    const low = base | 0;
    let i = 0;
    while (i < chunk.length) {
      if (this.#controlLength === 0) {
        let n = matcher.length;
        const before = n;
        for (; i < chunk.length; i++) {
          const folded = FOLD[chunk[i]!]!;
          if (((folded - SPECIAL_FIRST) >>> 0) < 3) break;
          text[n] = folded;
          at[n++] = (low + i) | 0;
        }
        matcher.length = n;
        if (n > before) this.#gap = 0;
        if (i === chunk.length) break;
      }
      this.#special(chunk[i]!, base + i);
      i++;
    }
    matcher.scan();
  }

  end(): void {
    this.#giveBack();
    this.#matcher.cut();
  }

  held(): number {
    const index = this.#matcher.held();
    if (index >= 0) return positionOf(this.#matcher.at[index] ?? 0, this.#position);
    return this.#controlLength > 0 ? this.#controlStart : Infinity;
  }

  #controlStart = 0;

  #special(byte: number, position: number): void {
    if (this.#controlLength > 0) {
      const step = controlStep(byte, this.#controlLength, this.#controlTail);
      if (step === Control.Open) {
        if (this.#controlLength > 1 && byte < 0x30) this.#controlTail = true;
        this.#control[this.#controlLength++] = byte;
        return;
      }
      if (step === Control.Done) {
        this.#skip(this.#controlLength + 1);
        this.#controlLength = 0;
        return;
      }
      this.#giveBack();
    }
    if (byte === ESC) {
      this.#control[0] = ESC;
      this.#controlLength = 1;
      this.#controlTail = false;
      this.#controlStart = position;
    } else if (byte === CR || byte === LF) this.#skip(1);
    else {
      this.#gap = 0;
      this.#matcher.push(FOLD[byte] ?? 0, position);
    }
  }

  #skip(count: number): void {
    this.#gap += count;
    if (this.#gap > MAX_GAP && this.#matcher.length > 0) this.#matcher.cut();
  }

  /** What began like a control sequence is ordinary text after all. */
  #giveBack(): void {
    const length = this.#controlLength;
    if (length === 0) return;
    this.#controlLength = 0;
    this.#gap = 0;
    for (let i = 0; i < length; i++) {
      const byte = this.#control[i] ?? 0;
      this.#matcher.push(byte === ESC ? ESC : FOLD[byte] ?? 0, this.#controlStart + i);
    }
  }
}

/**
 * Text with control sequences left in. A value printed right behind a bare `ESC [` loses its first bytes to the
 * "control sequence"; this view finds it. It sleeps until an ESC, unless a value itself holds one.
 */
export class EscapeView implements View {
  readonly #matcher: Matcher;
  readonly #always: boolean;
  #position = 0;
  #gap = 0;
  /** Raw position up to which new starts are of interest. */
  #until = 0;

  constructor(table: Fingerprints, always: boolean, redact: Redact) {
    this.#always = always;
    const matcher = this.#matcher = new Matcher(table, false, (first, last, owner) => {
      const near = this.#position;
      redact(positionOf(matcher.at[first] ?? 0, near), positionOf(matcher.at[last] ?? 0, near) + 1, owner);
    });
  }

  feed(chunk: Uint8Array, base: number): void {
    this.#position = base;
    for (let i = 0; i < chunk.length;) {
      if (!this.#awake(base + i)) {
        this.#matcher.cut();
        i = chunk.indexOf(ESC, i);
        if (i < 0) return;
      }
      const stop = Math.min(chunk.length, i + 4 * MAX_CONTROL);
      this.#read(chunk, i, stop, base);
      i = stop;
    }
  }

  end(): void {
    this.#matcher.cut();
    this.#until = 0;
  }

  held(): number {
    const index = this.#matcher.held();
    return index >= 0 ? positionOf(this.#matcher.at[index] ?? 0, this.#position) : Infinity;
  }

  #awake(position: number): boolean {
    return this.#always || position < this.#until || this.#matcher.held() >= 0;
  }

  #read(chunk: Uint8Array, from: number, to: number, base: number): void {
    const matcher = this.#matcher;
    matcher.reserve(to - from);
    for (let i = from; i < to; i++) {
      const byte = chunk[i] ?? 0;
      if (byte === CR || byte === LF) {
        if (++this.#gap > MAX_GAP) matcher.cut();
        continue;
      }
      this.#gap = 0;
      if (byte === ESC) this.#until = base + i + 2 * MAX_CONTROL;
      matcher.push(byte === ESC ? ESC : FOLD[byte] ?? 0, base + i);
    }
    matcher.scan();
  }
}

/** The bytes as they are: for short values, which are looked for at token boundaries only. */
export class TokenView implements View {
  readonly #matcher: Matcher;
  #position = 0;

  constructor(table: Fingerprints, redact: Redact) {
    const matcher = this.#matcher = new Matcher(table, true, (first, last, owner) => {
      const near = this.#position;
      redact(positionOf(matcher.at[first] ?? 0, near), positionOf(matcher.at[last] ?? 0, near) + 1, owner);
    });
  }

  feed(chunk: Uint8Array, base: number): void {
    const matcher = this.#matcher;
    this.#position = base;
    matcher.reserve(chunk.length);
    matcher.text.set(chunk, matcher.length);
    for (let i = 0; i < chunk.length; i++) matcher.at[matcher.length + i] = (base | 0) + i;
    matcher.length += chunk.length;
    matcher.scan();
  }

  end(): void {
    this.#matcher.cut();
  }

  held(): number {
    const index = this.#matcher.held();
    return index >= 0 ? positionOf(this.#matcher.at[index] ?? 0, this.#position) : Infinity;
  }
}
