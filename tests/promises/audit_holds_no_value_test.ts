/** Promise: the audit log has no place for a value, its hash, its length, or a command. */
import assert from "node:assert/strict";
import { ENTRY_FIELDS } from "../../lib/audit/entry.ts";
import { AuditLog } from "../../lib/audit/log.ts";
import type { AuditEntry, AuditRecord } from "../../lib/audit/record.ts";
import { AUDIT_KEY, readLines, useOf } from "../kit/audit_log.ts";
import { tmpHome } from "../kit/tmp_home.ts";

/** The whole record. A field added to the type without being thought about here does not compile. */
const MEANING: Record<keyof Required<AuditRecord>, string> = {
  v: "version",
  seq: "line number",
  time: "when",
  event: "what",
  decision: "verdict",
  code: "reason",
  secret: "name",
  kind: "kind of secret",
  injection: "mode",
  agent: "who",
  session: "which run",
  turn: "which turn",
  tool_call: "which call",
  tool: "which tool",
  project: "where",
  destination: "host",
  method: "method",
  path: "path without query",
  status: "HTTP status",
  duration_ms: "how long it took",
  exit_status: "how it ended",
  detail: "phrase of tacit's own",
  generation: "how often the vault had been saved",
  from: "first line covered",
  to: "last line covered",
  ref: "hash of a line of the log",
  key: "public name of the MAC key",
  prev: "hash of the line before",
  hash: "hash of this line",
  mac: "MAC of this line",
};

Deno.test("the audit log has no field for a value, its hash or length, or a command", async () => {
  const own = ["v", "seq", "from", "to", "ref", "key", "prev", "hash", "mac"];
  assert.deepEqual([...ENTRY_FIELDS, ...own].sort(), Object.keys(MEANING).sort());
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await AuditLog.open(dir);
  const everything: Required<AuditEntry> = {
    ...useOf(1) as Required<AuditEntry>,
    kind: "token",
    turn: "t",
    tool_call: "c",
    destination: "api.example.com",
    method: "GET",
    path: "/v1?key=canary-in-a-query#canary",
    status: 200,
    exit_status: 0,
    detail: "value placed",
    generation: 12,
  };
  log.append(everything, AUDIT_KEY);
  const [line] = readLines(dir);
  const record = JSON.parse(line ?? "");
  assert.deepEqual(Object.keys(record).filter((key) => !(key in MEANING)), []);
  assert.equal(Object.keys(record).length, Object.keys(MEANING).length - 3);
  assert.equal(line?.includes("canary"), false);
  for (const field of ["value", "value_sha256", "length", "size", "command", "argv", "env", "query", "body"]) {
    const entry = { ...useOf(1), [field]: "canary" } as AuditEntry;
    assert.throws(() => log.append(entry, AUDIT_KEY), TypeError, field);
  }
  assert.equal(readLines(dir).length, 1);
});
