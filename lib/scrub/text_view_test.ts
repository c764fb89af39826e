/** Views far into a stream, where a position no longer fits the 32 bits that are kept of it. */
import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { Secret } from "../secret.ts";
import { DumpView } from "./dump_view.ts";
import { buildTables, type ScrubTables } from "./tables.ts";
import { EscapeView, positionOf, type Redact, TextView, TokenView, type View } from "./text_view.ts";

const VALUE = "k7Qw9Zr4Lk2Pv6Xn1Tb8";
const SHORT = "p@9s";

/** Around the places where 32 bits run over, with and without their sign, and far beyond. */
const BASES = [0, 2 ** 31, 2 ** 32, 3 * 2 ** 31, 5 * 2 ** 32 + 77].flatMap((n) => [n - 30, n - 7, n, n + 9]).filter((
  n,
) => n >= 0);

const WAYS: [name: string, open: (tables: ScrubTables, redact: Redact) => View, text: string, found: string][] = [
  ["running text", (t, r) => new TextView(t.anywhere ?? assert.fail(), r), `begin ${VALUE} end\n`, VALUE],
  ["behind an escape", (t, r) => new EscapeView(t.anywhere ?? assert.fail(), false, r), `a\x1b[ ${VALUE} b`, VALUE],
  ["a token", (t, r) => new TokenView(t.tokens ?? assert.fail(), r), `pin ${SHORT} end`, SHORT],
  ["a dump", (t, r) => new DumpView(t.anywhere ?? assert.fail(), r), `\n00000000: ${VALUE}\nx\n`, VALUE],
];

for (const [name, open, text, value] of WAYS) {
  Deno.test(`a position is right at any place of a stream: ${name}`, () => {
    const secrets = [VALUE, SHORT].map((text, i) => new Secret(`S${i}`, utf8(text)));
    const tables = buildTables(secrets);
    for (const base of BASES) {
      for (const size of [1, 7, text.length]) {
        const found: [number, number][] = [];
        const view = open(tables, (start, end) => void found.push([start, end]));
        const bytes = utf8(text);
        for (let i = 0; i < bytes.length; i += size) view.feed(bytes.subarray(i, i + size), base + i);
        view.end();
        const at = base + text.indexOf(value);
        assert.deepEqual(found, [[at, at + value.length]], `base ${base}, pieces of ${size}`);
      }
    }
  });
}

Deno.test("of two positions with the same low bits the one that is near is meant", () => {
  for (const near of [0, 5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 3, 7 * 2 ** 32 - 9]) {
    for (const away of [0, 1, -1, 1000, -1000, 2 ** 30, -(2 ** 30)]) {
      assert.equal(positionOf((near + away) | 0, near), near + away);
    }
  }
});
