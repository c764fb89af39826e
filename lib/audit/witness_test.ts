import assert from "node:assert/strict";
import { AUDIT_KEY, readLines, rewriteLines, smallLog, useOf } from "../../tests/kit/audit_log.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { headFile } from "./files.ts";
import { keyedSince, witnessOf } from "./witness.ts";

const OTHER_KEY = new Uint8Array(32);

Deno.test("a log witnesses under its own key only, by its head or by any keyed line", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  assert.equal(witnessOf(dir, AUDIT_KEY), null, "there is no log");
  const log = await smallLog(dir, 2, 0);
  assert.deepEqual(witnessOf(dir, AUDIT_KEY), { generation: null });
  assert.equal(witnessOf(dir, OTHER_KEY), null);
  log.append({ ...useOf(1), generation: 7 }, AUDIT_KEY);
  assert.deepEqual(witnessOf(dir, AUDIT_KEY), { generation: 7 });
  Deno.removeSync(headFile(dir));
  assert.deepEqual(witnessOf(dir, AUDIT_KEY), { generation: 7 }, "the lines alone");
});

Deno.test("a head without its log witnesses", async () => {
  using home = tmpHome();
  await smallLog(home.homes.audit, 0, 1);
  Deno.removeSync(home.homes.audit, { recursive: true });
  assert.deepEqual(witnessOf(home.homes.audit, AUDIT_KEY), { generation: null });
});

Deno.test("the newest keyed line that names a generation counts; forged and unkeyed ones are passed over", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await smallLog(dir, 0, 1);
  log.append({ ...useOf(1), generation: 7 }, AUDIT_KEY);
  log.append({ ...useOf(2), generation: 5 }, AUDIT_KEY);
  log.append(useOf(3), AUDIT_KEY);
  log.append({ ...useOf(4), generation: 90 }, null);
  log.append({ ...useOf(5), generation: 91 }, OTHER_KEY);
  assert.deepEqual(witnessOf(dir, AUDIT_KEY), { generation: 5 });
  const lines = readLines(dir);
  rewriteLines(dir, lines.map((line) => line.replace('"generation":5', '"generation":92')));
  assert.deepEqual(witnessOf(dir, AUDIT_KEY), { generation: 7 }, "a changed line does not hold");
});

Deno.test("what changed since a generation is told by keyed lines from there on", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await smallLog(dir, 0, 1);
  for (let n = 1; n <= 5; n++) log.append({ ...useOf(n), event: "add", generation: n }, AUDIT_KEY);
  log.append({ ...useOf(6), event: "use", generation: 6 }, AUDIT_KEY);
  log.append({ ...useOf(7), event: "add", generation: 6 }, null);
  const names = keyedSince(dir, AUDIT_KEY, 4, ["add"]).map((record) => record.secret);
  assert.deepEqual(names, ["S4", "S5"]);
});
