/** Promise: past its expiry a secret is refused for every use. The clock: expired_stays_expired_test.ts. */
import assert from "node:assert/strict";
import { fc } from "../kit/seed.ts";
import { decideUse } from "../../lib/grant/decide.ts";
import { emptyGrant, type InjectionMode, type SecretMetadata } from "../../lib/grant/grant.ts";

const MODES: InjectionMode[] = ["sealed", "env", "file", "ssh-agent", "database"];

function expiring(expires: number): SecretMetadata {
  const grant = { ...emptyGrant(), modes: [...MODES], expires };
  const rest = { kind: "", tags: [], description: "", provider: null, created: 0, updated: 0, rev: 1, weak: false };
  return { name: "GH_TOKEN", grant, ...rest };
}

Deno.test("expiry: from its time on every use is refused with the one command that renews it", () => {
  const time = fc.integer({ min: 1, max: 8_640_000_000_000_000 });
  fc.assert(
    fc.property(time, time, fc.constantFrom(...MODES), (expires, now, mode) => {
      const decision = decideUse(expiring(expires), { mode, agent: null, project: null, now });
      const expired = !decision.ok && decision.code === "expired";
      assert.equal(expired, now >= expires);
      if (expired) assert.equal(decision.hint, "tacit edit GH_TOKEN --expires 30d");
    }),
  );
  const at = (now: number) => decideUse(expiring(1000), { mode: "env", agent: null, project: null, now }).ok;
  assert.deepEqual([at(999), at(1000), at(1001)], [true, false, false]);
});
