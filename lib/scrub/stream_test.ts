import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { leftOut } from "../../tests/kit/left_out.ts";
import { bytesOf, latin1, oracle, secretsOf } from "../../tests/kit/scrub_oracle.ts";
import { MAX_CONTROL, MAX_GAP } from "./squeeze.ts";
import { scrubBytes, ScrubStream } from "./stream.ts";
import { scoreValue } from "./strength.ts";
import { buildTables, type ScrubTables } from "./tables.ts";

const RUNS = Deno.env.get("SLOW") === "1" ? 5000 : 400;
const utf8 = (text: string) => new TextEncoder().encode(text);

function inChunks(tables: ScrubTables, bytes: Uint8Array, sizes: readonly number[]): string {
  const stream = new ScrubStream(tables);
  let output = "";
  for (let i = 0, k = 0; i < bytes.length; k++) {
    const size = sizes[k % sizes.length] ?? 1;
    output += latin1(stream.feed(bytes.subarray(i, i + size)));
    i += size;
  }
  return output + latin1(stream.end());
}

/** Values that share beginnings, ends and middles, repeat themselves, and hold what streams treat specially. */
const ALPHABETS = ["ab", "abc1", "abcdef0123456789", "aZ3$'\"\\ %;\r\n\0", "x[1m\x1b9;", "é😀~/+"];
const base = fc.constantFrom(...ALPHABETS).chain((alphabet) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: 8, maxLength: 40 }).map((letters) => letters.join(""))
);
const periodic = fc.tuple(fc.constantFrom("ab", "abc", "aab1"), fc.integer({ min: 6, max: 15 })).map(([unit, n]) =>
  unit.repeat(n)
);
const values = fc.array(fc.oneof(base, periodic), { minLength: 1, maxLength: 3 }).map((list) => [
  ...list,
  (list[0] ?? "").slice(0, 9),
  (list[0] ?? "").slice(1) + (list[1] ?? "").slice(0, 6),
  (list[0] ?? "") + (list.at(-1) ?? ""),
]).filter((list) => list.every((value) => scoreValue(utf8(value)).strength !== "boundary"));

interface Piece {
  which: number;
  how: number;
  cut: number;
  glue: string;
}
const pieces = fc.array(
  fc.record({
    which: fc.nat(5),
    how: fc.nat(10),
    cut: fc.nat(40),
    glue: fc.constantFrom(
      "",
      "",
      " ",
      "\n",
      "\r\n",
      "\x1b[0m",
      "xyz",
      "\x1b",
      "\x1b[",
      "\n".repeat(60),
      "\n".repeat(130),
    ),
  }),
  { minLength: 1, maxLength: 14 },
);

function compose(list: readonly string[], parts: readonly Piece[]): Uint8Array {
  let text = "";
  for (const { which, how, cut, glue } of parts) {
    const value = latin1(utf8(list[which % list.length] ?? ""));
    const at = cut % (value.length + 1);
    text += [
      value,
      value.slice(0, at),
      value.slice(at),
      value.slice(0, at) + "\r\n" + value.slice(at),
      value.slice(0, at) + "\x1b[1;31m" + value.slice(at),
      [...value].join("\n"),
      value.toUpperCase(),
      "\x1b[" + value,
      btoa(value),
      encodeURIComponent(value),
      JSON.stringify(value),
    ][how] + latin1(utf8(glue));
  }
  return bytesOf(text);
}

Deno.test("ScrubStream agrees with the specification on every overlap, fold and colour", () => {
  let redacted = 0;
  fc.assert(
    fc.property(values, pieces, (list, parts) => {
      const input = compose(list, parts);
      const bytes = list.map(utf8);
      const { output } = scrubBytes(buildTables(secretsOf(bytes)), input);
      const expected = oracle(bytes, input);
      assert.equal(latin1(output), latin1(expected));
      if (output.length !== input.length) redacted++;
    }),
    { numRuns: RUNS },
  );
  assert.ok(redacted > RUNS / 2, "hardly anything was redacted");
});

Deno.test("ScrubStream gives the same output however the input is cut", () => {
  fc.assert(
    fc.property(
      values,
      pieces,
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 }),
      (list, parts, sizes) => {
        const tables = buildTables(secretsOf(list.map(utf8)));
        const input = compose(list, parts);
        const whole = latin1(scrubBytes(tables, input).output);
        assert.equal(inChunks(tables, input, [1]), whole);
        assert.equal(inChunks(tables, input, sizes), whole);
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("ScrubStream agrees with the specification over long streams in small chunks", () => {
  const many = fc.array(pieces, { minLength: 30, maxLength: 60 }).map((list) => list.flat());
  fc.assert(
    fc.property(values, many, fc.integer({ min: 1, max: 40 }), (list, parts, size) => {
      const bytes = list.map(utf8);
      const input = compose(list, parts);
      assert.equal(inChunks(buildTables(secretsOf(bytes)), input, [size]), latin1(oracle(bytes, input)));
    }),
    { numRuns: RUNS / 20 },
  );
});

Deno.test("ScrubStream finds a long value again and again in chunks of any size", () => {
  const long = Array.from({ length: 5000 }, (_, i) => "Aq7Zw9Xe3Rc5Tv1Yb8Un\n"[(i * i + 3 * i) % 21]).join("").trim();
  const pem = `-----BEGIN TEST KEY-----\n${long}\n-----END TEST KEY-----`;
  const tables = buildTables(secretsOf([utf8(pem)]));
  const input = utf8(`a ${pem} b ${pem.slice(0, -1)} c ${JSON.stringify(pem)} d`.repeat(2));
  const whole = latin1(scrubBytes(tables, input).output);
  assert.match(whole, /^a \[REDACTED:S0\]\n+ b /);
  for (const size of [13, 256, 257, 4096]) assert.equal(inChunks(tables, input, [size]), whole);
});

Deno.test("ScrubStream passes input without a value through unchanged, byte by byte", () => {
  const tables = buildTables(secretsOf([utf8("tq_w8Zr4Lk2Pv6Xn1"), utf8("pass phrase of 7 words, say")]));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 80 }), (input, size) => {
      assert.equal(inChunks(tables, input, [size]), latin1(input));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("ScrubStream holds back no more than it says", () => {
  fc.assert(
    fc.property(values, pieces, fc.integer({ min: 1, max: 30 }), (list, parts, size) => {
      const tables = buildTables(secretsOf(list.map(utf8)));
      const stream = new ScrubStream(tables);
      const input = compose(list, parts);
      for (let i = 0; i < input.length; i += size) {
        stream.feed(input.subarray(i, i + size));
        assert.ok(stream.held <= tables.longest * (1 + MAX_GAP) + MAX_GAP + MAX_CONTROL);
      }
      stream.end();
      assert.equal(stream.held, 0);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("ScrubStream holds fewer bytes than the longest form where there are no line ends", () => {
  const value = "k7Qw9Zr4Lk2Pv6Xn1Tb8";
  const tables = buildTables(secretsOf([utf8(value)]));
  const stream = new ScrubStream(tables);
  const flood = utf8(value.slice(0, -1).repeat(400) + btoa(value).slice(0, 20).repeat(100));
  for (const byte of flood) {
    stream.feed(Uint8Array.of(byte));
    assert.ok(stream.held < tables.longest);
  }
});

Deno.test("ScrubStream re-emits line ends and colour codes that stood inside a value", () => {
  const tables = buildTables(secretsOf([utf8("k7Qw9Zr4Lk2Pv6Xn1Tb8")]));
  const { output, found } = scrubBytes(tables, utf8("a k7Qw9\r\nZr4Lk\x1b[31m2Pv6Xn\n1Tb8\x1b[0m b"));
  assert.equal(latin1(output), "a [REDACTED:S0]\r\n\x1b[31m\n\x1b[0m b");
  assert.deepEqual(found, ["S0"]);
});

Deno.test("ScrubStream finds a value that a bare escape bracket would swallow", () => {
  const tables = buildTables(secretsOf([utf8("31mAk7Qw9Zr4Lk2Pv6")]));
  assert.equal(latin1(scrubBytes(tables, utf8("\x1b[31mAk7Qw9Zr4Lk2Pv6\n")).output), "\x1b[[REDACTED:S0]\n");
  // The swallowed beginning may lie far before the rest.
  const breaks = "\n".repeat(100);
  const parted = utf8(`\x1b[31mA${breaks}k7Qw9Zr4Lk2Pv6`);
  assert.equal(inChunks(tables, parted, [1]), `\x1b[[REDACTED:S0]${breaks}`);
});

Deno.test({
  name: "ScrubStream keeps positions past two gibibytes",
  ...leftOut(Deno.env.get("SLOW") === "1" ? null : "it reads two gibibytes for half a minute; SLOW=1 runs it"),
  fn: keepsPositions,
});

function keepsPositions() {
  const tables = buildTables(secretsOf([utf8("k7Qw9Zr4Lk2Pv6Xn1Tb8")]));
  const stream = new ScrubStream(tables);
  const filler = new Uint8Array(1 << 26).fill(0x2e);
  for (let i = 0; i < 33; i++) assert.equal(stream.feed(filler).length, filler.length);
  assert.equal(
    latin1(stream.feed(utf8("x k7Qw9Zr4Lk2Pv6Xn1Tb8\n00000000: 6b37 5177 ")).slice(0, 17)),
    "x [REDACTED:S0]\n",
  );
}

Deno.test("ScrubStream can be used again after its end", () => {
  const tables = buildTables(secretsOf([utf8("k7Qw9Zr4Lk2Pv6Xn1Tb8")]));
  const stream = new ScrubStream(tables);
  for (let i = 0; i < 3; i++) {
    assert.equal(
      latin1(stream.feed(utf8("0000: k7Qw9Zr4Lk2Pv6Xn1T"))) + latin1(stream.end()),
      "0000: k7Qw9Zr4Lk2Pv6Xn1T",
    );
    assert.equal(latin1(stream.feed(utf8("k7Qw9Zr4Lk2Pv6Xn1Tb8"))) + latin1(stream.end()), "[REDACTED:S0]");
  }
});
