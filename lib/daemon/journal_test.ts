import assert from "node:assert/strict";
import { queryAudit } from "../audit/query.ts";
import { callerOf, prepare, setStage } from "../../tests/kit/daemon_stage.ts";

Deno.test("a caller that calls itself by a value is logged under the value's marker", async () => {
  await using stage = await setStage();
  await stage.start();
  const value = stage.values["TOKEN"] ?? assert.fail();
  const fields = ["agent", "session", "turn", "tool_call", "tool", "project"] as const;
  for (const field of fields) {
    const caller = callerOf("s1", { [field]: value });
    assert.equal((await prepare(stage.homes, "curl {{TOKEN}}", caller)).message["ok"], true, field);
    const line = queryAudit(stage.homes.audit, { event: "ticket" }).at(-1) ?? assert.fail();
    assert.equal(line[field], "[REDACTED:TOKEN]", field);
    assert.ok(!JSON.stringify(line).includes(value.slice(4, 16)));
  }
});
