/**
 * From values to search tables: the only place of this room that sees a value. Each value is scored, trimmed of line
 * ends, spread into its forms and forgotten; what remains are keyed fingerprints, which may outlive the keys of the
 * vault. See docs/scrubbing.md.
 */
import type { Secret } from "../secret.ts";
import { ByteSink } from "./byte_sink.ts";
import { backslash, type Escape, percent, writeEscaped } from "./escapes.ts";
import { type Fingerprints, FingerprintsBuilder } from "./fingerprints.ts";
import { CR, ESC, LF, squeezeInto } from "./squeeze.ts";
import { scoreValue } from "./strength.ts";
import { eachVariant } from "./variants.ts";
import { innerValues } from "./wholes.ts";

export type { Fingerprints };

/** Search tables for any number of streams. Opaque to callers. They hold no value and no encoding of one. */
export interface ScrubTables {
  /** Number of secrets that are looked for; weak ones of strength "none" are not. */
  readonly secrets: number;
  /** Names of all secrets given, by owner number. */
  readonly names: readonly string[];
  /** Forms that match anywhere, squeezed. */
  readonly anywhere: Fingerprints | null;
  /** Short values that match at token boundaries only, as they are. */
  readonly tokens: Fingerprints | null;
  /** True if some value holds an ESC, so that control sequences may be part of a value. */
  readonly escapes: boolean;
  /**
   * Longest form in squeezed bytes. A stream holds back fewer squeezed bytes than this; see `ScrubStream` for what
   * that means in raw bytes.
   */
  readonly longest: number;
}

/**
 * Builds tables for `secrets`. Where two secrets have the same value, the first name is used.
 * @throws {Error} if a secret was wiped.
 */
export function buildTables(secrets: Iterable<Secret>): ScrubTables {
  const build = new TablesBuilder();
  for (const secret of secrets) build.add(secret.name, secret.reveal());
  return build.finish();
}

const TOKEN_ESCAPES: readonly Escape[] = [
  backslash('"', "u00"),
  ...[false, true].flatMap((upper) => [percent("-_.!~*'()", false, upper), percent("*-._", true, upper)]),
];

class TablesBuilder {
  readonly #anywhere = new FingerprintsBuilder(8);
  readonly #tokens = new FingerprintsBuilder(4);
  readonly #names: string[] = [];
  readonly #sink = new ByteSink();
  #squeezed = new Uint8Array(4096);
  #secrets = 0;
  #escapes = false;

  add(name: string, bytes: Uint8Array): void {
    const owner = this.#names.push(name) - 1;
    const value = trimmed(bytes);
    const { strength } = scoreValue(value);
    if (strength !== "none") this.#secrets++;
    if (strength === "boundary") this.#addToken(value, owner);
    if (strength === "full" || strength === "whole") this.#addWhole(value, owner);
    // A weak value may still wrap a strong one, and a strong one others: each is judged alone.
    for (const inner of innerValues(value)) {
      const found = scoreValue(inner).strength;
      if (found === "full" || found === "whole") this.#addWhole(inner, owner);
      inner.fill(0);
    }
  }

  finish(): ScrubTables {
    this.#sink.wipe();
    this.#squeezed.fill(0);
    const anywhere = this.#anywhere.build(), tokens = this.#tokens.build();
    return {
      secrets: this.#secrets,
      names: this.#names,
      anywhere,
      tokens,
      escapes: this.#escapes,
      longest: Math.max(anywhere?.longest ?? 0, tokens?.longest ?? 0),
    };
  }

  #addWhole(value: Uint8Array, owner: number): void {
    if (value.includes(ESC)) this.#escapes = true;
    for (const lines of lineForms(value)) {
      // Most escapes leave most values as they are: once is enough.
      eachVariant(lines, this.#sink, (form) => {
        if (form === lines || !isSame(form, lines)) this.#take(form, owner);
      });
      if (lines !== value) lines.fill(0);
    }
  }

  #take(form: Uint8Array, owner: number): void {
    if (form.length > this.#squeezed.length) {
      this.#squeezed.fill(0);
      this.#squeezed = new Uint8Array(form.length * 2);
    }
    const length = squeezeInto(this.#squeezed, form, form.length, true);
    this.#anywhere.add(this.#squeezed, length, owner);
    if (!form.includes(ESC)) return;
    this.#anywhere.add(this.#squeezed, squeezeInto(this.#squeezed, form, form.length, false), owner);
  }

  /** A short value: as it is, as a JSON string, in a URL. More forms would only redact by accident. */
  #addToken(value: Uint8Array, owner: number): void {
    this.#tokens.add(value, value.length, owner);
    for (const escape of TOKEN_ESCAPES) {
      this.#sink.reset();
      writeEscaped(this.#sink, value, escape);
      this.#tokens.add(this.#sink.view(), this.#sink.length, owner);
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The value without line ends around it: most tools strip them, and the search does not see them. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let start = 0, end = bytes.length;
  while (start < end && isLineEnd(bytes[start])) start++;
  while (end > start && isLineEnd(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === CR || byte === LF;
}

/** The value, and if it has several lines, the same with the other line ends. */
function lineForms(value: Uint8Array): Uint8Array[] {
  if (!value.includes(LF)) return [value];
  const plain = value.filter((byte) => byte !== CR);
  const network = new Uint8Array(plain.length * 2);
  let length = 0;
  for (const byte of plain) {
    if (byte === LF) network[length++] = CR;
    network[length++] = byte;
  }
  return [value, plain, network.subarray(0, length)];
}
