/**
 * Text of foreign origin (names, descriptions, audit fields, paths) made safe to print on a terminal:
 * control bytes, escape sequences and bidirectional overrides become visible escapes.
 */

// C0, DEL and C1 (Cc), formats such as bidi controls and zero-width characters (Cf), lone surrogates (Cs), line and
// paragraph separators (Zl, Zp).
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` with every character that could steer a terminal or reorder the line written as `\u{…}`. */
export function escapeForDisplay(text: string): string {
  return text.replace(UNSAFE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}
