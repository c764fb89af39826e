import assert from "node:assert/strict";
import { AUDIT_KEY, useOf } from "../../tests/kit/audit_log.ts";
import { processorMsSync } from "../../tests/kit/fastest.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { describe } from "./describe.ts";
import { logFile } from "./files.ts";
import { AuditLog } from "./log.ts";
import { lastUse, queryAudit } from "./query.ts";
import { verifyAudit } from "./verify.ts";

Deno.test("each filter and all together", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  assert.deepEqual(queryAudit(dir, {}), []);
  const log = await AuditLog.open(dir);
  log.append(Array.from({ length: 30 }, (_, n) => useOf(n)), null);
  log.append({ ...useOf(31), decision: "deny", code: "expired", agent: "codex" }, AUDIT_KEY);
  const seqs = (filter: Parameters<typeof queryAudit>[1]) => queryAudit(dir, filter).map((record) => record.seq);
  const start = useOf(0).time ?? 0;
  assert.deepEqual(seqs({}).length, 31);
  assert.deepEqual(seqs({ last: 2 }), [30, 31]);
  assert.deepEqual(seqs({ last: 0 }), []);
  assert.deepEqual(seqs({ secret: "S4" }), [5]);
  assert.deepEqual(seqs({ secret: "S" }), []);
  assert.deepEqual(seqs({ agent: "codex" }), [31]);
  assert.deepEqual(seqs({ session: "session-1", last: 2 }), [29, 31]);
  assert.deepEqual(seqs({ since: start + 28 }), [29, 30, 31]);
  assert.deepEqual(seqs({ until: start + 1 }), [1, 2]);
  assert.deepEqual(seqs({ since: start + 2, until: start + 3 }), [3, 4]);
  assert.deepEqual(seqs({ decision: "deny" }), [31]);
  assert.deepEqual(seqs({ code: "expired", decision: "allow" }), []);
  assert.deepEqual(seqs({ event: "use", code: "expired", agent: "codex", since: start, last: 9 }), [31]);
});

Deno.test("the last use of each secret is its last allowed one that names an injection", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  assert.equal(lastUse(dir).size, 0);
  const log = await AuditLog.open(dir);
  log.append({ ...useOf(1), time: 1000 }, null);
  log.append({ ...useOf(1), time: 2000 }, null);
  log.append({ ...useOf(1), time: 3000, decision: "deny", code: "expired" }, null);
  log.append({ event: "edit", decision: "allow", code: "ok", secret: "S1", time: 4000 }, null);
  log.append({ event: "add", decision: "allow", code: "ok", secret: "S2", time: 4000 }, null);
  const fooling = '","secret":"S3","injection":"env';
  log.append({ event: "finish", decision: "allow", code: "ok", agent: fooling, tool: fooling, time: 5000 }, null);
  assert.deepEqual([...lastUse(dir)], [["S1", 2000]]);
  assert.deepEqual(queryAudit(dir, { secret: "S3" }), []);
});

Deno.test("lines that are no records are passed over", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  (await AuditLog.open(dir)).append([useOf(1), useOf(2)], null);
  Deno.writeTextFileSync(logFile(dir, 1), 'garbage\n{"secret":"S1"}\n\n\xff\n{"torn', { append: true });
  assert.deepEqual(queryAudit(dir, {}).map((record) => record.seq), [1, 2]);
});

Deno.test("the newest of 100,000 lines are found without reading all of them", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await AuditLog.open(dir);
  for (let i = 0; i < 20; i++) log.append(Array.from({ length: 5000 }, (_, n) => useOf(n)), null);
  const best = (action: () => void) => Math.min(...[1, 2, 3].map(() => processorMsSync(action)));
  const search = best(() => assert.equal(queryAudit(dir, { secret: "S77" }).length, 20));
  const newest = best(() => assert.equal(queryAudit(dir, { last: 50 }).length, 50));
  assert.ok(newest < search / 2, `the newest took ${newest} ms, a search through everything ${search} ms`);
  assert.deepEqual(verifyAudit(dir, null), { ok: true, lines: 100_000, keyed: false, uncovered: 100_000 });
});

Deno.test("a record as one line that cannot steer a terminal", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const foreign = "a\x1b]52;c;AAAA\x07\u202e\nb";
  const log = await AuditLog.open(dir);
  log.append(
    {
      ...useOf(1),
      agent: foreign,
      session: foreign,
      tool: foreign,
      project: foreign,
      destination: foreign,
      path: foreign,
    },
    null,
  );
  const [record] = queryAudit(dir, {});
  assert.ok(record !== undefined);
  // Also one that never passed through this room's own writer.
  for (const line of [describe(record), describe({ ...record, agent: foreign, detail: foreign, code: foreign })]) {
    assert.equal(/[\p{Cc}\p{Cf}]/u.test(line), false, line);
    assert.ok(line.includes("S1") && line.includes("by env"));
  }
});
