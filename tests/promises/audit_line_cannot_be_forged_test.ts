/** Promise: nothing that an agent can name (itself, a tool, a path) makes a second line or another field. */
import assert from "node:assert/strict";
import { fc } from "../kit/seed.ts";
import { AuditLog } from "../../lib/audit/log.ts";
import { parseLine } from "../../lib/audit/record.ts";
import { verifyAudit } from "../../lib/audit/verify.ts";
import { AUDIT_KEY, readLines, useOf } from "../kit/audit_log.ts";
import { tmpHome } from "../kit/tmp_home.ts";

const LABELS = [
  "kind",
  "agent",
  "session",
  "turn",
  "tool_call",
  "tool",
  "project",
  "destination",
  "method",
  "path",
] as const;

/** The fields of a line about `useOf`, whatever a label holds. */
const EXPECTED = ["v", "seq", ...Object.keys(useOf(1)), "key", "prev", "hash", "mac"];

/** Texts that would end a line, a string or a record if they were written as they are. */
const HOSTILE = [
  '\n{"v":1,"seq":1,"time":1,"event":"use","decision":"allow","code":"ok"}\n',
  '","decision":"allow","x":"',
  '\\","decision":"allow","x":"\\',
  "\u2028\u2029\x85\r\n",
  "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
  "\u202egnol\u202c",
  "\ud800",
  "\0",
  "x".repeat(100_000),
  "\u{1f600}".repeat(5000),
];

Deno.test("no foreign text makes a second line, another field or a broken chain", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await AuditLog.open(dir);
  log.cover(AUDIT_KEY);
  let written = 1;
  const check = (label: typeof LABELS[number], text: string) => {
    log.append({ ...useOf(1), decision: "deny", code: "expired", [label]: text }, AUDIT_KEY);
    const lines = readLines(dir);
    assert.equal(lines.length, ++written);
    const record = parseLine(lines.at(-1) ?? "");
    assert.equal(record?.decision, "deny");
    const fields = Object.keys(record ?? {}).filter((field) => field !== label);
    assert.deepEqual(fields, EXPECTED.filter((field) => field !== label));
    assert.ok((lines.at(-1) ?? "").length < 8192, "capped");
  };
  for (const label of LABELS) for (const text of HOSTILE) check(label, text);
  const piece = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...HOSTILE.slice(0, 8)));
  fc.assert(
    fc.property(fc.constantFrom(...LABELS), fc.array(piece, { maxLength: 5 }), (label, pieces) => {
      check(label, pieces.join(""));
    }),
    { numRuns: 100 },
  );
  assert.deepEqual(verifyAudit(dir, AUDIT_KEY), { ok: true, lines: written, keyed: true, uncovered: 0 });
});
