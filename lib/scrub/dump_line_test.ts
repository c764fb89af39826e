import assert from "node:assert/strict";
import { mayBeDump, readDumpLine } from "./dump_line.ts";

const bytesOf = (line: string) => new TextEncoder().encode(line);

function read(line: string): { kind: string; text: string; spelled: string[]; ascii: number } | null {
  const bytes = bytesOf(line);
  const found = readDumpLine(bytes, bytes.length);
  if (found === null) return null;
  return {
    kind: found.kind,
    text: String.fromCharCode(...found.bytes),
    spelled: found.starts.map((start, i) => line.slice(start, found.ends[i])),
    ascii: found.ascii,
  };
}

const LINES: [line: string, kind: string, text: string, ascii: number][] = [
  ["00000000: 7365 6372 6574 0a                        secret.", "hex", "secret\n", 51],
  ["00000000: 73 65 63 72  sec r", "text", "73 65 63 72  sec r", -1],
  ["00000000: 736563  sec", "hex", "sec", 18],
  ["00000010  73 65 63 72 65 74 21 21  61 62 63 64 65 66 67 68  |secret!!abcdefgh|", "hex", "secret!!abcdefgh", 61],
  ["0000000 73 65 63 72 65 74 20 ab  >secret .<", "hex", "secret \xab", 34],
  ["0000000 6573 7263 7465", "hex", "secret", -1],
  ["0000000 071545 071143", "hex", "escr", -1],
  ["0000000  73  65", "hex", "se", -1],
  ["0000000   s   e  \\n 303  \\0", "cell", "se\n\xc3\0", -1],
  ["          s   e  \\t", "cell", "se\t", -1],
  ["0000000 163 145", "cell", "se", -1],
  [" 73 65 63", "hex", "sec", -1],
  ["  0x73, 0x65, 0x63,", "hex", "sec", -1],
  ["    73:65:63:", "hex", "sec", -1],
  ["\t0x0010:  7365 6372  secr", "hex", "secr", 21],
  ["0040: rest of a header", "text", "rest of a header", -1],
  ["0000: 47 45 54 20 GET ", "hex", "GET ", 18],
  // Characters that look like one more byte: the column of characters decides.
  ["0000: 61 62 63 abc", "hex", "abc", 15],
  ["00000000: 6162 20 ab ", "hex", "ab ", 18],
  // Words of a little-endian machine with their characters behind them, as `xxd -e -g2` prints them.
  ["00000000: 6573 7263 7465 2121  secret!!", "hex", "secret!!", 31],
];

for (const [line, kind, text, ascii] of LINES) {
  Deno.test(`readDumpLine reads ${JSON.stringify(line)}`, () => {
    const found = read(line);
    assert.deepEqual([found?.kind, found?.text, found?.ascii], [kind, text, ascii]);
    assert.equal(found?.spelled.length, text.length);
    if (ascii >= 0) assert.equal(line.slice(ascii, ascii + text.length).length, text.length);
  });

  Deno.test(`mayBeDump never gives up on ${JSON.stringify(line)}`, () => {
    const bytes = bytesOf(line);
    for (let i = 1; i <= bytes.length; i++) assert.ok(mayBeDump(bytes, i), line.slice(0, i));
  });
}

const ORDINARY = [
  "2026-11-22T03:04:05Z INFO started",
  "Password: ",
  "$ ls -l",
  '    "key": "value",',
  "    at Object.run (file:///a.ts:1:2)",
  "drwxr-xr-x 2 u g 4096 Jan 1 00:00 x",
  "12:30 lunch",
  "decafbad coffee",
];

for (const line of ORDINARY) {
  Deno.test(`readDumpLine takes nothing from ${JSON.stringify(line)}`, () => {
    assert.equal(read(line), null);
    const bytes = bytesOf(line);
    assert.ok([4, 8, 12, 16].some((n) => !mayBeDump(bytes, Math.min(n, bytes.length))), "held to its end");
  });
}
