import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { AUDIT_KEY } from "../../tests/kit/audit_log.ts";
import { hashHolds, headMac, headMacHolds, keyIdOf, macHolds, seal } from "./chain.ts";
import { canonicalText, parseLine } from "./record.ts";

const mac = (text: string) => createHmac("sha256", AUDIT_KEY).update(text, "latin1").digest("hex");
const RECORD = {
  v: 1 as const,
  seq: 7,
  time: 1_700_000_000_000,
  event: "use",
  decision: "allow" as const,
  code: "ok",
  key: keyIdOf(AUDIT_KEY),
  prev: "0".repeat(64),
};

Deno.test("hash, MAC, key id and head are what docs/audit.md says, by another implementation", () => {
  const { line, hash } = seal(RECORD, AUDIT_KEY);
  const parsed = parseLine(line) ?? assert.fail();
  assert.equal(hash, createHash("sha256").update(canonicalText(RECORD)).digest("hex"));
  assert.equal(parsed.mac, mac(`asv1/audit/line\0${hash}`));
  assert.equal(parsed.key, mac("asv1/audit/key-id\0").slice(0, 8));
  assert.equal(headMac(AUDIT_KEY, 7, hash), mac("asv1/audit/head\0" + `7:${hash}`));
});

Deno.test("a line and a head hold under their own key and text only", () => {
  const { line, hash } = seal(RECORD, AUDIT_KEY);
  const record = parseLine(line) ?? assert.fail();
  const other = new Uint8Array(32);
  assert.ok(hashHolds(line, record) && macHolds(record, AUDIT_KEY) && !macHolds(record, other));
  assert.ok(!hashHolds(line.replace('"code":"ok"', '"code":"no"'), record));
  assert.ok(!macHolds({ ...record, mac: null }, AUDIT_KEY));
  const head = headMac(AUDIT_KEY, 7, hash);
  assert.ok(headMacHolds(AUDIT_KEY, 7, hash, head));
  for (
    const [key, seq, text, given] of [
      [other, 7, hash, head],
      [AUDIT_KEY, 8, hash, head],
      [AUDIT_KEY, 7, "1".repeat(64), head],
      [AUDIT_KEY, 7, hash, head.slice(1)],
      [AUDIT_KEY, 7, hash, ""],
    ] as const
  ) assert.ok(!headMacHolds(key, seq, text, given));
});
