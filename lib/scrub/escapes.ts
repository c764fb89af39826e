/** Encodings that leave most characters as they are and escape some: URL, JSON, HTML, shells, languages, CSV. */
import type { ByteSink } from "./byte_sink.ts";
import { hexByte } from "./radix.ts";

/** Writes one byte of the value in its escaped form. */
export type Escape = (out: ByteSink, byte: number, index: number) => void;

export function isAlnum(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

function setOf(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) set[characters.charCodeAt(i)] = 1;
  return set;
}

/**
 * Percent-encoding (RFC 3986 §2.1) of all but letters, digits and `safe`; `plus` writes a space as `+`, `upper` the
 * digits as capitals (it matters only where letters keep their case).
 */
export function percent(safe: string, plus = false, upper = false): Escape {
  const kept = setOf(safe);
  return (out, byte) => {
    if (isAlnum(byte) || kept[byte] === 1) out.put(byte);
    else if (plus && byte === 0x20) out.put(0x2b);
    else {
      out.put(0x25);
      if (upper) out.ascii(byte.toString(16).toUpperCase().padStart(2, "0"));
      else hexByte(out, byte);
    }
  };
}

const NAMED = new Map([[0x08, "b"], [0x09, "t"], [0x0a, "n"], [0x0c, "f"], [0x0d, "r"]]);
const NAMED_C = new Map([...NAMED, [0x07, "a"], [0x0b, "v"]]);

/** How a control byte without a letter of its own is written. */
export type ControlStyle = "u00" | "x" | "octal";

function control(out: ByteSink, byte: number, style: ControlStyle): void {
  if (style === "octal") return out.ascii("\\" + byte.toString(8).padStart(3, "0"));
  out.ascii(style === "x" ? "\\x" : "\\u00");
  hexByte(out, byte);
}

/**
 * Backslash escapes of JSON and of program texts: `\` doubled, `quotes` escaped, control bytes by letter or number.
 * `also` lists characters written by number too (`\u0026`); `high` writes bytes from 0x80 by number.
 */
export function backslash(
  quotes: string,
  style: ControlStyle,
  options: { also?: string; high?: boolean } = {},
): Escape {
  const escaped = setOf(quotes + "\\");
  const numbered = setOf(options.also ?? "");
  const named = style === "u00" ? NAMED : NAMED_C;
  const highest = options.high === true ? 0x7f : 0x100;
  return (out, byte) => {
    const letter = byte < 0x20 && style !== "x"
      ? named.get(byte)
      : byte < 0x0e && byte > 8
      ? PLAIN.get(byte)
      : undefined;
    if (letter !== undefined) out.ascii("\\" + letter);
    else if (escaped[byte] === 1) {
      out.put(0x5c);
      out.put(byte);
    } else if (byte < 0x20 || byte >= highest || numbered[byte] === 1) control(out, byte, style);
    else out.put(byte);
  };
}

/** The three letters that every language with `\x` escapes has (Python, JavaScript, Ruby). */
const PLAIN = new Map([[0x09, "t"], [0x0a, "n"], [0x0d, "r"]]);

/** Every byte as `\u00xx`. */
export const allUnicode: Escape = (out, byte) => control(out, byte, "u00");

/** HTML and XML text: `names` maps a character to its entity. */
export function entities(names: Readonly<Record<string, string>>): Escape {
  const table = new Map(Object.entries(names).map(([character, entity]) => [character.charCodeAt(0), entity]));
  return (out, byte) => {
    const entity = table.get(byte);
    if (entity === undefined) out.put(byte);
    else out.ascii(entity);
  };
}

/** Puts `prefix` before each byte of `characters`. */
export function prefixed(characters: string, prefix: string): Escape {
  const set = setOf(characters);
  return (out, byte) => {
    if (set[byte] === 1) out.ascii(prefix);
    out.put(byte);
  };
}

/** Replaces each byte `character` by `text`. */
export function replaced(character: string, text: string): Escape {
  return entities({ [character]: text });
}

/** Backslash before every ASCII byte that is not a letter, a digit or `_` (Perl's quotemeta, several shells' `%q`). */
export const backslashAll: Escape = (out, byte) => {
  if (byte < 0x80 && !isAlnum(byte) && byte !== 0x5f) out.put(0x5c);
  out.put(byte);
};

/** Bash's `printf %q`: its own list, and `#` or `~` only at the start. */
export const bashQuoted: Escape = (out, byte, index) => {
  if (BASH[byte] === 1 || (index === 0 && (byte === 0x23 || byte === 0x7e))) out.put(0x5c);
  out.put(byte);
};

const BASH = setOf(" \t!\"$&'()*,;<>?[\\]^`{|}");

/** `=3D` forms of quoted-printable (RFC 2045 §6.7), without its soft line breaks. */
export const quotedPrintable: Escape = (out, byte) => {
  if (byte !== 0x3d && byte >= 0x20 && byte < 0x7f) return out.put(byte);
  out.put(0x3d);
  hexByte(out, byte);
};

/** Writes all of `bytes` through `escape`. */
export function writeEscaped(out: ByteSink, bytes: Uint8Array, escape: Escape): void {
  for (let i = 0; i < bytes.length; i++) escape(out, bytes[i] ?? 0, i);
}
