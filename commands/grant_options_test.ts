import assert from "node:assert/strict";
import { CommandError } from "./exit_codes.ts";
import { readExpiry, readGrantFlags } from "./grant_options.ts";

Deno.test("naming hosts seals, and env is only ever chosen by name", () => {
  assert.deepEqual(readGrantFlags({ host: ["api.github.com"] }).modes, ["sealed"]);
  assert.deepEqual(readGrantFlags({ host: ["api.github.com"], inject: ["env"] }).modes, ["env"]);
  assert.equal(readGrantFlags({}).modes, undefined);
  assert.deepEqual(readGrantFlags({ host: ["none"], tag: ["none"] }), { destinations: [], tags: [] });
  assert.deepEqual(readGrantFlags({ inject: ["env", "env", "file"] }).modes, ["env", "file"]);
});

Deno.test("an expiry is a duration, the end of a day in UTC, or never", () => {
  const now = Date.parse("2030-01-15T12:00:00Z");
  assert.equal(readExpiry("30d", now), now + 30 * 86400e3);
  assert.equal(readExpiry("2030-01-15", now), Date.parse("2030-01-15T23:59:59.999Z"));
  assert.equal(readExpiry("never", now), null);
  for (const text of ["2030-01-14", "2030-02-30", "tomorrow", "0d", ""]) {
    assert.throws(() => readExpiry(text, now), CommandError, text);
  }
});

Deno.test("flags that cannot be meant are refused by name", () => {
  for (
    const flags of [
      { inject: ["proxy"] },
      { host: ["ftp://x"] },
      { agent: ["Claude Code"] },
      { project: ["/no/such"] },
      { confirm: "always" },
      { kind: "" },
      { tag: ["x".repeat(33)] },
      { description: "x".repeat(1025) },
    ]
  ) {
    assert.throws(() => readGrantFlags(flags), CommandError, JSON.stringify(flags));
  }
});
