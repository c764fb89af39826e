/**
 * Reads `.env` files as bytes, so that no value becomes a string, and knows where each value stands, so that a file
 * can be rewritten around them. docs/cli.md, "import".
 *
 * Accepted: blank lines, `#` comments, `export`, unquoted values (a blank before `#` begins a comment), single quotes
 * (literal) and double quotes (`\n \r \t \\ \" \$` are escapes), both over several lines. `$` is never expanded.
 */

/** One assignment. `start` and `end` are byte offsets of the value in the file, its quotes included. */
export interface EnvEntry {
  /** As written in the file. */
  readonly key: string;
  /** Line of the key, from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly value: Uint8Array;
  /** An unescaped `$` that a shell would expand. */
  readonly hasDollar: boolean;
}

/** A file that is not understood is refused as a whole. The message names the line and never shows it. */
export class EnvFileError extends Error {
  readonly line: number;
  constructor(line: number, state: string) {
    super(`Cannot read line ${line}: ${state}`);
    this.name = "EnvFileError";
    this.line = line;
  }
}

/**
 * All assignments of `file` in order. The caller wipes the values.
 * @throws {EnvFileError} at the first line that is none of the accepted forms.
 */
export function parseEnvFile(file: Uint8Array): EnvEntry[] {
  const entries: EnvEntry[] = [];
  let line = 1;
  let at = startsWith(file, 0, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  while (at < file.length) {
    const here = skipBlanks(file, at);
    const byte = file[here];
    if (byte === undefined || byte === LF || byte === CR || byte === HASH) {
      at = endOfLine(file, here) + 1;
      line++;
      continue;
    }
    const { key, after } = readKey(file, here, line);
    const entry = readValue(file, skipBlanks(file, after), key, line);
    entries.push(entry);
    const end = skipBlanks(file, entry.end);
    if (end < file.length && file[end] !== LF && file[end] !== CR && file[end] !== HASH) {
      throw new EnvFileError(line, "something follows the closing quote");
    }
    for (let i = here; i < entry.end; i++) if (file[i] === LF) line++;
    at = endOfLine(file, end) + 1;
    line++;
  }
  return entries;
}

/** `file` with the values of `replaced` (entry → text) put anew and every other byte as it was. */
export function rewriteEnvFile(file: Uint8Array, replaced: ReadonlyMap<EnvEntry, string>): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [entry, text] of [...replaced].sort(([a], [b]) => a.start - b.start)) {
    parts.push(file.subarray(at, entry.start), new TextEncoder().encode(text));
    at = entry.end;
  }
  parts.push(file.subarray(at));
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let to = 0;
  for (const part of parts) {
    out.set(part, to);
    to += part.length;
  }
  return out;
}

const [TAB, LF, CR, BLANK, QUOTE, HASH, DOLLAR, APOSTROPHE, EQUALS, BACKSLASH] = [
  9,
  10,
  13,
  32,
  34,
  35,
  36,
  39,
  61,
  92,
];
const ESCAPES: Record<number, number> = {
  0x6e: LF,
  0x72: CR,
  0x74: TAB,
  [BACKSLASH]: BACKSLASH,
  [QUOTE]: QUOTE,
  [DOLLAR]: DOLLAR,
};

function readKey(file: Uint8Array, start: number, line: number): { key: string; after: number } {
  let at = start;
  if (startsWith(file, at, [...new TextEncoder().encode("export")]) && isBlank(file[at + 6])) {
    at = skipBlanks(file, at + 6);
  }
  const from = at;
  while (isKeyByte(file[at])) at++;
  const key = new TextDecoder().decode(file.subarray(from, at));
  const equals = skipBlanks(file, at);
  if (!/^[A-Za-z_]/.test(key) || file[equals] !== EQUALS) {
    throw new EnvFileError(line, "expected NAME=value, a comment or nothing");
  }
  return { key, after: equals + 1 };
}

function readValue(file: Uint8Array, start: number, key: string, line: number): EnvEntry {
  const quote = file[start];
  if (quote !== QUOTE && quote !== APOSTROPHE) {
    let end = start;
    while (
      end < file.length && file[end] !== LF && !(file[end] === HASH && (end === start || isBlank(file[end - 1])))
    ) {
      end++;
    }
    while (end > start && (isBlank(file[end - 1]) || file[end - 1] === CR)) end--;
    const value = file.slice(start, end);
    return { key, line, start, end, value, hasDollar: value.includes(DOLLAR) };
  }
  const value = new Uint8Array(file.length - start);
  let length = 0;
  let hasDollar = false;
  for (let at = start + 1; at < file.length; at++) {
    let byte = file[at] ?? 0;
    if (byte === quote) {
      const exact = value.slice(0, length);
      value.fill(0);
      return { key, line, start, end: at + 1, value: exact, hasDollar };
    }
    if (quote === QUOTE && byte === DOLLAR) hasDollar = true;
    const escaped = quote === QUOTE && byte === BACKSLASH ? ESCAPES[file[at + 1] ?? 0] : undefined;
    if (escaped !== undefined) [byte, at] = [escaped, at + 1];
    value[length++] = byte;
  }
  value.fill(0);
  throw new EnvFileError(line, "its quote is never closed");
}

function endOfLine(file: Uint8Array, at: number): number {
  const end = file.indexOf(LF, at);
  return end === -1 ? file.length : end;
}

function skipBlanks(file: Uint8Array, at: number): number {
  while (isBlank(file[at])) at++;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === BLANK || byte === TAB;
}

function isKeyByte(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9_.-]/.test(String.fromCharCode(byte));
}

function startsWith(file: Uint8Array, at: number, bytes: number[]): boolean {
  return bytes.every((byte, i) => file[at + i] === byte);
}
