import assert from "node:assert/strict";
import { HOUR, setStage } from "../../tests/kit/daemon_stage.ts";
import { headFile } from "../audit/files.ts";
import { memoryOf } from "./known_vault.ts";

Deno.test("a machine that never used the vault remembers nothing, and one that did knows its generation", async () => {
  await using stage = await setStage();
  const { homes } = stage;
  const anchor = Deno.readFileSync(homes.anchor);
  Deno.removeSync(homes.anchor);
  assert.deepEqual(memoryOf(homes, stage.keys()), { generation: 0, forgotten: false });
  Deno.writeFileSync(homes.anchor, anchor, { mode: 0o600 });
  assert.deepEqual(memoryOf(homes, stage.keys()), { generation: 2, forgotten: false });
  await (await stage.start()).stop();
  Deno.removeSync(homes.anchor);
  assert.deepEqual(memoryOf(homes, stage.keys()), { generation: 2, forgotten: true });
});

Deno.test("any one record that is left tells that the vault was used here", async () => {
  await using stage = await setStage();
  const { homes } = stage;
  // The record of time is written once it is later than the anchor's.
  stage.clock.pass(HOUR);
  await (await stage.start()).stop();
  Deno.removeSync(homes.anchor);
  const records = [homes.audit, headFile(homes.audit), homes.clockFloor];
  for (const left of records) {
    const gone = records.filter((record) => record !== left);
    for (const record of gone) Deno.renameSync(record, `${record}.away`);
    assert.equal(memoryOf(homes, stage.keys()).forgotten, true, left);
    for (const record of gone) Deno.renameSync(`${record}.away`, record);
  }
  for (const record of records) Deno.renameSync(record, `${record}.away`);
  assert.equal(memoryOf(homes, stage.keys()).forgotten, false);
});

Deno.test("records that another key made tell nothing", async () => {
  await using stage = await setStage();
  await using other = await setStage();
  other.clock.pass(HOUR);
  await (await other.start()).stop();
  const { homes } = stage;
  for (const record of ["audit", "audit.head", "clock"]) {
    Deno.renameSync(`${other.homes.state}/${record}`, `${homes.state}/${record}`);
  }
  Deno.removeSync(homes.anchor);
  assert.deepEqual(memoryOf(homes, stage.keys()), { generation: 0, forgotten: false });
});
