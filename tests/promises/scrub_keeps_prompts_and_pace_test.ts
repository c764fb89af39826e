/** Promises: what begins no value is shown at once, and no text makes scrubbing slow. */
import assert from "node:assert/strict";
import { processorMsSync } from "../kit/fastest.ts";
import { scrubBytes, ScrubStream } from "../../lib/scrub/stream.ts";
import { buildTables } from "../../lib/scrub/tables.ts";
import { latin1, secretsOf } from "../kit/scrub_oracle.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Letters and digits without a pattern, the same in every run. */
function drawn(length: number, seed: number): string {
  let text = "", state = seed * 2654435761 >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[(state >>> 16) % 62];
  }
  return text;
}

const VALUES = Array.from(
  { length: 100 },
  (_, i) =>
    [
      `${"gh"}p_${drawn(36, i)}`,
      `postgres://app:${drawn(20, i)}@db:5432/app`,
      drawn(40, i),
      `${drawn(14, i)}!$%'`,
    ][i % 4] ?? "",
);
const TABLES = buildTables(secretsOf(VALUES.map(utf8)));

const PROMPTS = [
  "$ ",
  "> ",
  ">>> ",
  "postgres=# ",
  "(gdb) ",
  "Password: ",
  "Continue? [y/N] ",
  "Overwrite existing file (yes/no)? ",
  "Enter passphrase for key '/home/u/.ssh/id_ed25519': ",
  "Choose 1-9: ",
  "Name [app]: ",
  "\x1b[32muser@host\x1b[0m:\x1b[34m~/src\x1b[0m$ ",
  "line one\nline two ends here.\n",
];

for (const prompt of PROMPTS) {
  Deno.test(`shown at once: ${JSON.stringify(prompt)}`, () => {
    assert.equal(latin1(new ScrubStream(TABLES).feed(utf8(prompt))), prompt);
  });
}

Deno.test("a value at the very end of a stream is redacted by the flush", () => {
  const stream = new ScrubStream(TABLES);
  const shown = latin1(stream.feed(utf8(`token ${VALUES[2]}`)));
  assert.equal(shown + latin1(stream.end()), "token [REDACTED:S2]");
});

Deno.test("a value cut between any two writes is redacted", () => {
  const text = `begin ${VALUES[0]} end`;
  for (let i = 0; i <= text.length; i++) {
    const stream = new ScrubStream(TABLES);
    const output = latin1(stream.feed(utf8(text.slice(0, i)))) + latin1(stream.feed(utf8(text.slice(i))));
    assert.equal(output + latin1(stream.end()), "begin [REDACTED:S0] end");
  }
});

Deno.test("a value once in a large output is found, in bounded memory", () => {
  const line = "2026-11-22T03:04:05.678Z INFO [worker-7] request id=Qw8eRt path=/api/v1/items status=200\n";
  const block = utf8(line.repeat(700));
  const stream = new ScrubStream(TABLES);
  let shown = 0;
  for (let i = 0; i < 200; i++) {
    if (i === 137) shown += stream.feed(utf8(VALUES[1] ?? "")).length;
    shown += stream.feed(block).length;
    assert.ok(stream.held < 1000);
  }
  shown += stream.end().length;
  assert.equal(shown, 200 * block.length + "[REDACTED:S1]".length);
  assert.deepEqual([...stream.found], ["S1"]);
});

/** Milliseconds of processor time that scrubbing takes. */
function timeOf(bytes: Uint8Array): number {
  return processorMsSync(() => scrubBytes(TABLES, bytes));
}

/** Other work on the machine disturbs a measurement; it does not do so ten times in a row. */
function assertWithin(limit: () => number, bytes: Uint8Array, about: string): void {
  let last = "";
  for (let i = 0; i < 10; i++) {
    const most = limit(), time = timeOf(bytes);
    if (time <= most) return;
    last = `${about}: ${time.toFixed(0)} ms, allowed ${most.toFixed(0)} ms`;
  }
  assert.fail(last);
}

const SIZE = 1 << 20;
const flood = (piece: string) => utf8(piece.repeat(Math.ceil(SIZE / piece.length)).slice(0, SIZE));
const value = VALUES[0] ?? "";
const FLOODS: Record<string, Uint8Array> = {
  "beginnings of values": flood(VALUES.map((v) => v.slice(0, -1)).join("~")),
  "first windows": flood(VALUES.map((v) => v.slice(0, 9)).join("~")),
  "one value over and over": flood(value),
  "one value but for its end": flood(value.slice(0, -1)),
  "line ends": flood("\n"),
  "line ends in a value": flood([...value].join("\n".repeat(100))),
  "escapes": flood("\x1b[1"),
  "colours in a value": flood([...value].join("\x1b[31m")),
  "hex dumps": flood("00000010: 6768 705f 6768 705f 6768 705f 6768 705f  ghp_ghp_ghp_ghp_\n"),
  "hex digits": flood("67"),
  "dump-like beginnings": flood("00000000: "),
};

Deno.test("no flood is much slower than ordinary text, and twice the text takes about twice as long", () => {
  const plain = flood("2026-11-22T03:04:05.678Z INFO [worker-7] request id=Qw8eRt status=200 took 17 ms\n");
  for (const [name, bytes] of Object.entries(FLOODS)) {
    assertWithin(() => 30 * timeOf(plain), bytes, `${name} against ordinary text`);
    assertWithin(() => 4 * timeOf(bytes.subarray(0, SIZE / 2)), bytes, `${name} against half of it`);
  }
});
