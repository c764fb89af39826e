import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { type AuditEntry, cleanEntry } from "./entry.ts";
import { canonicalText, parseLine } from "./record.ts";
import { seal } from "./chain.ts";

const USE: AuditEntry = { time: 1, event: "use", decision: "allow", code: "ok" };

Deno.test("a field outside the closed set is refused", () => {
  for (
    const field of ["value", "command", "length", "sha256", "seq", "hash", "mac", "from", "ref", "key", "__proto__"]
  ) {
    const entry = JSON.parse(`{"time":1,"event":"use","decision":"allow","code":"ok","${field}":"x"}`);
    assert.throws(() => cleanEntry(entry), TypeError, field);
  }
});

Deno.test("fields of tacit's own making are held to their grammar", () => {
  const bad: Partial<Record<keyof AuditEntry, unknown>>[] = [
    { event: "audit" },
    { event: "Use" },
    { event: "" },
    { decision: "maybe" },
    { code: "ok\n" },
    { code: "x".repeat(49) },
    { secret: "lower" },
    { injection: "env;x" },
    { detail: "Upper" },
    { detail: "x".repeat(201) },
    { detail: "line\nbreak" },
    { detail: "a value: Zx9" },
    { detail: 'quoted "text"' },
    { detail: "{braces}" },
    { detail: "ünicode" },
    { status: 1.5 },
    { status: NaN },
    { exit_status: "0" },
    { time: -1 },
    { time: Infinity },
    { agent: 7 },
  ];
  for (const fields of bad) {
    assert.throws(() => cleanEntry({ ...USE, ...fields } as AuditEntry), TypeError, JSON.stringify(fields));
  }
});

Deno.test("the query of a path is never kept", () => {
  assert.equal(cleanEntry({ ...USE, path: "/v1/x?token=abc" }).path, "/v1/x");
  assert.equal(cleanEntry({ ...USE, path: "/v1/x#frag\nmore" }).path, "/v1/x");
});

Deno.test("an undefined field is left out, a duration is rounded", () => {
  const { agent: _, ...clean } = cleanEntry({ ...USE, duration_ms: 1.6 });
  assert.deepEqual(clean, { ...USE, duration_ms: 2 });
  assert.equal("secret" in cleanEntry({ ...USE, secret: undefined } as unknown as AuditEntry), false);
});

Deno.test("any foreign text becomes one line that reads back to itself", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 1500 }), fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(text, text, text, (agent, project, path) => {
      const entry = cleanEntry({ ...USE, agent, project, path });
      const { line } = seal({ ...entry, v: 1, seq: 1, key: null, prev: "0".repeat(64) }, null);
      assert.equal(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line), false);
      assert.equal(line.isWellFormed(), true);
      const record = parseLine(line);
      assert.ok(record !== null);
      assert.equal(record.agent, entry.agent);
      assert.ok((record.agent ?? "").length <= 64 && (record.path ?? "").length <= 1024);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a line reads back only in its canonical form", () => {
  const record = { ...USE, time: 1, v: 1 as const, seq: 1, key: null, prev: "0".repeat(64) };
  const { line } = seal(record, null);
  assert.ok(parseLine(line) !== null);
  const foreign = [
    ` ${line}`,
    `${line} `,
    line.replace('"v":1', '"v":1.0'),
    line.replace('"seq":1', '"seq":-0'),
    line.replace('"event":"use"', '"event":"\\u0075se"'),
    line.replace('"v":1,', '"v":1,"value":"x",'),
    line.replace('"v":1,"seq":1', '"seq":1,"v":1'),
    line.replace('"v":1', '"v":2'),
    line.replace('"mac":null', `"mac":"${"0".repeat(64)}"`),
    line.replace('"key":null', '"key":"01234567"'),
    line.replace('"code":"ok"', '"code":"ok","ref":"' + "0".repeat(64) + '"'),
    `[${line}]`,
    "null",
    "1",
    '""',
    "",
  ];
  for (const text of foreign) assert.equal(parseLine(text), null, text);
  assert.equal(canonicalText(record).includes("hash"), false);
});
