/** One backslash escape of `$'…'` (bash manual, "ANSI-C Quoting"). */

const SINGLE: Record<string, string> = {
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "?": "?",
};

/**
 * The escape at the start of `text`: how many characters it takes and what it stands for. `value` is null where
 * that is no text of its own: a byte above 127 may be part of a longer sequence, and an escape that bash does not
 * know or that lacks its digits is left alone by some versions and not by others. A NUL ends bash's string early,
 * and a `\c` that is not before a letter may be one.
 */
export function decodeAnsi(text: string): { length: number; value: string | null } {
  const simple = SINGLE[text.charAt(1)];
  if (simple !== undefined) return { length: 2, value: simple };
  const octal = /^\\([0-7]{1,3})/.exec(text);
  if (octal !== null) return { length: octal[0].length, value: ascii(parseInt(octal[1] ?? "", 8)) };
  const hex = /^\\x([0-9A-Fa-f]{1,2})/.exec(text);
  if (hex !== null) return { length: hex[0].length, value: ascii(parseInt(hex[1] ?? "", 16)) };
  const code = /^\\(?:u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8}))/.exec(text);
  if (code !== null) return { length: code[0].length, value: unicode(parseInt(code[1] ?? code[2] ?? "", 16)) };
  const control = /^\\c([A-Za-z])/.exec(text);
  if (control !== null) return { length: 3, value: ascii((control[1] ?? "").toUpperCase().charCodeAt(0) & 31) };
  return { length: 2, value: text.startsWith("\\c") ? "\0" : null };
}

function ascii(code: number): string | null {
  return code < 128 ? String.fromCharCode(code) : null;
}

function unicode(code: number): string | null {
  const isScalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isScalar ? String.fromCodePoint(code) : null;
}
