/**
 * One line of a byte dump, read back into bytes: xxd, xxd -i, hexdump, hexdump -C, od, od -x/-tx1/-c/-b, curl --trace
 * and --trace-ascii, tcpdump -X, openssl's colon lists. Pure functions of the line, so the same line always reads the same.
 */

/** What a line of a dump says. All indexes are into the line. */
export interface DumpLine {
  /** `hex` rows and `cell` rows alternate in `od -tx1 -c`; `text` is an offset followed by plain characters. */
  readonly kind: "hex" | "cell" | "text";
  readonly bytes: number[];
  /** Per byte: where it is spelled. */
  readonly starts: number[];
  readonly ends: number[];
  /** Index of the first character of the ASCII column, or −1. */
  readonly ascii: number;
}

const SPACE = 0x20,
  TAB = 0x09,
  COLON = 0x3a,
  BAR = 0x7c,
  GREATER = 0x3e,
  LESS = 0x3c,
  DOT = 0x2e,
  BACKSLASH = 0x5c,
  X = 0x78;

/** Reads `line[0, length)`, or returns null if it is no line of a dump. */
export function readDumpLine(line: Uint8Array, length: number): DumpLine | null {
  const cells = readCells(line, length, 7) ?? readCells(line, length, 8) ?? readCells(line, length, 0);
  if (cells !== null) return cells;
  const words = readOctalWords(line, length);
  if (words !== null) return words;
  const head = readHead(line, length);
  if (head === null) return null;
  return readHex(line, length, head) ?? (head.colon ? readText(line, length, head.body) : null);
}

/** False once no longer line that begins with `line[0, length)` can be one of a dump. */
export function mayBeDump(line: Uint8Array, length: number): boolean {
  if (mayBeCells(line, length, 7) || mayBeCells(line, length, 8) || mayBeCells(line, length, 0)) return true;
  const start = digitsStart(line, length);
  const end = digitsEnd(line, start, length);
  if (end === length) return end - start <= 64;
  const digits = end - start;
  if (line[end] === COLON && digits !== 2) return digits >= 4 && (end + 1 >= length || isBlank(line[end + 1]));
  if (digits !== 2 && (!isBlank(line[end]) || (digits < 6 && digits !== 4))) return false;
  for (let i = end; i < length; i++) {
    const byte = line[i] ?? 0;
    if (byte === BAR || byte === GREATER || (byte === SPACE && line[i - 1] === SPACE && i > 20)) return true;
    if (hexDigit(byte) < 0 && !(digits === 2 ? isSeparator(byte) || byte === X : isBlank(byte))) return false;
  }
  return true;
}

interface Head {
  readonly colon: boolean;
  readonly offset: boolean;
  /** Index where the groups or the text begin. */
  readonly body: number;
}

function readHead(line: Uint8Array, length: number): Head | null {
  const start = digitsStart(line, length);
  const end = digitsEnd(line, start, length);
  const digits = end - start;
  if (digits >= 4 && line[end] === COLON && isBlank(line[end + 1])) return { colon: true, offset: true, body: end + 1 };
  if (end < length && !(digits === 2 ? isSeparator(line[end]) : isBlank(line[end]))) return null;
  if (digits >= 6) return { colon: false, offset: true, body: end };
  return digits === 2 || digits === 4 ? { colon: false, offset: false, body: start } : null;
}

function readHex(line: Uint8Array, length: number, head: Head): DumpLine | null {
  const bytes: number[] = [], starts: number[] = [], ends: number[] = [], groupEnds: number[] = [];
  let i = head.body, width = 0;
  for (;;) {
    while (i < length && (head.offset ? isBlank(line[i]) : isSeparator(line[i]))) i++;
    if (!head.offset && line[i] === 0x30 && line[i + 1] === X) i += 2;
    const end = digitsEnd(line, i, length);
    if (end === i || (end - i) % 2 !== 0) break;
    if (end < length && !(head.offset ? isBlank(line[end]) : isSeparator(line[end]))) break;
    if (width === 0) width = end - i;
    else if (end - i > width) break;
    for (; i < end; i += 2) {
      bytes.push(hexDigit(line[i]) * 16 + hexDigit(line[i + 1]));
      starts.push(i);
      ends.push(i + 2);
    }
    groupEnds.push(bytes.length);
  }
  if (bytes.length === 0) return null;
  for (const swap of width === 4 ? [false, true] : [false]) {
    const read = swap ? swapped({ bytes, starts, ends }) : { bytes, starts, ends };
    for (let g = groupEnds.length - 1; g >= 0; g--) {
      const count = groupEnds[g] ?? 0;
      const ascii = asciiColumn(line, length, read.bytes, count, ends[count - 1] ?? 0);
      if (ascii >= 0) {
        return {
          kind: "hex",
          bytes: read.bytes.slice(0, count),
          starts: read.starts.slice(0, count),
          ends: read.ends.slice(0, count),
          ascii,
        };
      }
    }
  }
  if (i < length) return null;
  // Without a colon, groups of four digits are words of a little-endian machine (od -x, hexdump).
  return {
    kind: "hex",
    ...(width === 4 && !head.colon ? swapped({ bytes, starts, ends }) : { bytes, starts, ends }),
    ascii: -1,
  };
}

interface Spelled {
  readonly bytes: number[];
  readonly starts: number[];
  readonly ends: number[];
}

function swapped(read: Spelled): Spelled {
  const pairs = <T>(list: T[]) => list.map((item, i) => list[i ^ 1] ?? item);
  return { bytes: pairs(read.bytes), starts: pairs(read.starts), ends: pairs(read.ends) };
}

/** Where the line ends with `count` characters that show `bytes`, or −1. */
function asciiColumn(line: Uint8Array, length: number, bytes: number[], count: number, after: number): number {
  for (const marks of [0, 1]) {
    const start = length - count - marks;
    if (start <= after) continue;
    const open = line[start - 1] ?? 0, close = line[length - 1] ?? 0;
    if (marks === 1 && !((open === BAR && close === BAR) || (open === GREATER && close === LESS))) continue;
    let i = after;
    while (i < start - marks && isBlank(line[i])) i++;
    if (i !== start - marks || i === after) continue;
    let k = 0;
    while (k < count && shows(line[start + k] ?? 0, bytes[k] ?? 0)) k++;
    if (k === count) return start;
  }
  return -1;
}

function shows(character: number, byte: number): boolean {
  return character === byte || (character === DOT && (byte < 0x20 || byte > 0x7e));
}

function readText(line: Uint8Array, length: number, body: number): DumpLine {
  const bytes: number[] = [], starts: number[] = [], ends: number[] = [];
  for (let i = body + 1; i < length; i++) {
    bytes.push(line[i] ?? 0);
    starts.push(i);
    ends.push(i + 1);
  }
  return { kind: "text", bytes, starts, ends, ascii: -1 };
}

/** `od -c` and `od -b`: an offset (or as many spaces), then one right-aligned cell of four columns per byte. */
function readCells(line: Uint8Array, length: number, offset: number): DumpLine | null {
  if (length < offset + 4 || (length - offset) % 4 !== 0 || !mayBeCells(line, length, offset)) return null;
  const bytes: number[] = [], starts: number[] = [], ends: number[] = [];
  for (let i = offset; i < length; i += 4) {
    const byte = cellByte(line, i);
    bytes.push(byte);
    let start = i + 1;
    while (start < i + 3 && line[start] === SPACE) start++;
    starts.push(start);
    ends.push(i + 4);
  }
  return { kind: "cell", bytes, starts, ends, ascii: -1 };
}

/** `od` without options: an octal offset, then little-endian words of six octal digits. */
function readOctalWords(line: Uint8Array, length: number): DumpLine | null {
  const bytes: number[] = [], starts: number[] = [], ends: number[] = [];
  if (length < 14 || (length - 7) % 7 !== 0) return null;
  for (let i = 0; i < length; i++) {
    if (i >= 7 && i % 7 === 0 ? line[i] !== SPACE : !isOctal(line[i] ?? 0)) return null;
  }
  for (let i = 8; i < length; i += 7) {
    let word = 0;
    for (let k = 0; k < 6; k++) word = word * 8 + (line[i + k] ?? 0) - 0x30;
    if (word > 0xffff) return null;
    bytes.push(word & 0xff, word >> 8);
    starts.push(i, i);
    ends.push(i + 6, i + 6);
  }
  return { kind: "hex", bytes, starts, ends, ascii: -1 };
}

function mayBeCells(line: Uint8Array, length: number, offset: number): boolean {
  const blank = line[0] === SPACE;
  for (let i = 0; i < offset && i < length; i++) {
    const byte = line[i] ?? 0;
    if (blank ? byte !== SPACE : byte < 0x30 || byte > 0x37) return false;
  }
  for (let i = offset; i + 4 <= length; i += 4) if (cellByte(line, i) < 0) return false;
  return length <= offset || line[offset] === SPACE;
}

const CELL_ESCAPES = "0abtnvfr";
const CELL_BYTES = [0, 7, 8, 9, 10, 11, 12, 13];

function cellByte(line: Uint8Array, at: number): number {
  const a = line[at + 1] ?? 0, b = line[at + 2] ?? 0, c = line[at + 3] ?? 0;
  if (line[at] !== SPACE) return -1;
  if (a === SPACE && b === SPACE) return c;
  if (a === SPACE && b === BACKSLASH) return CELL_BYTES[CELL_ESCAPES.indexOf(String.fromCharCode(c))] ?? -1;
  const octal = isOctal(a) && isOctal(b) && isOctal(c) ? (a - 0x30) * 64 + (b - 0x30) * 8 + (c - 0x30) : -1;
  return octal < 256 ? octal : -1;
}

/** Blanks, and what stands between the numbers of a list (`0x73, 0x6b`, `73:6b`). */
function isSeparator(byte: number | undefined): boolean {
  return isBlank(byte) || byte === 0x2c || byte === COLON;
}

function isOctal(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x37;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function digitsStart(line: Uint8Array, length: number): number {
  let i = 0;
  while (i < length && isBlank(line[i])) i++;
  return line[i] === 0x30 && (line[i + 1] ?? 0) === 0x78 && i + 1 < length ? i + 2 : i;
}

function digitsEnd(line: Uint8Array, from: number, length: number): number {
  let i = from;
  while (i < length && hexDigit(line[i]) >= 0) i++;
  return i;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
