/**
 * The scrubber on ordinary and on hostile text, for 1, 10, 100 and 1,000 secrets, beside a plain copy of the same bytes.
 * Budgets are those of the engine in TypeScript (docs/scrubbing.md, "Speed").
 */
import { ScrubStream } from "../lib/scrub/stream.ts";
import { buildTables, type ScrubTables } from "../lib/scrub/tables.ts";
import { Secret } from "../lib/secret.ts";
import { type Figure, report } from "./report.ts";

const SIZE = 8 << 20;
const CHUNK = 64 << 10;
const ROUNDS = 5;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

let state = 1;
function drawn(length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += LETTERS[(state >>> 16) % LETTERS.length];
  }
  return text;
}

/** Tokens with a provider's beginning, passwords, URLs: what a vault holds. */
function valuesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    [
      "gh" + `p_${drawn(36)}`,
      `sk-proj-${drawn(48)}`,
      `${drawn(14)}!$%'${drawn(2)}`,
      `postgres://app:${drawn(20)}@db.internal:5432/app`,
      drawn(40),
    ][i % 5] ?? "");
}

function filled(line: (i: number) => string): Uint8Array {
  const parts: string[] = [];
  for (let i = 0, length = 0; length < SIZE; i++) {
    const text = line(i);
    parts.push(text);
    length += text.length;
  }
  return new TextEncoder().encode(parts.join("")).subarray(0, SIZE);
}

/** Megabytes a second of the fastest round. */
function rate(bytes: Uint8Array, work: (chunk: Uint8Array) => void): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < bytes.length; i += CHUNK) work(bytes.subarray(i, i + CHUNK));
    best = Math.min(best, performance.now() - start);
  }
  return bytes.length / best / 1000;
}

const LOG = filled((i) =>
  `2026-11-22T03:${i % 60}:12.345Z INFO [worker-${i % 16}] request id=${drawn(12)} status=200 ms=${i % 997}\n`
);
const JSON_TEXT = filled((i) =>
  `    {"id": ${i}, "name": "item ${drawn(8)}", "nested": {"x": ${i * 3}, "y": "${drawn(20)}"}},\n`
);
const copy = rate(LOG, (chunk) => void chunk.slice());

const figures: Figure[] = [];
for (const count of [1, 10, 100, 1000]) {
  const values = valuesOf(count);
  const secrets = values.map((value, i) => new Secret(`S${i}`, new TextEncoder().encode(value)));
  let built = Infinity, tables: ScrubTables | undefined;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    tables = buildTables(secrets);
    built = Math.min(built, performance.now() - start);
  }
  if (tables === undefined) throw new Error("Cannot bench: no tables were built");
  const ready = tables;
  figures.push({
    what: `tables of ${count} secrets`,
    value: built,
    budget: count === 100 ? 50 : null,
    unit: "ms",
    how: `longest form ${ready.longest} bytes`,
  });
  // Nothing but beginnings of values, parted by one foreign byte: the worst text that must not be changed.
  const hostile = filled((i) => {
    const value = values[(i * 7919) % count] ?? "";
    return value.slice(0, 8 + (i * 31) % (value.length - 9)) + "~";
  });
  for (
    const [name, bytes, budget] of [["log", LOG, 100], ["JSON", JSON_TEXT, 100], ["hostile", hostile, 30]] as const
  ) {
    const stream = new ScrubStream(ready);
    const speed = rate(bytes, (chunk) => void stream.feed(chunk));
    figures.push({
      what: `${name}, ${count} secrets`,
      value: speed / 1000,
      budget: count <= 100 ? budget / 1000 : null,
      unit: "GB/s",
      more: true,
      how: `${speed.toFixed(0)} MB/s; a plain copy is ${(copy / speed).toFixed(0)} × as fast`,
    });
  }
}
report(`Scrubber, TypeScript engine (plain copy: ${(copy / 1000).toFixed(1)} GB/s)`, figures);
