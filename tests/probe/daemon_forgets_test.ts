/**
 * No promise, but a trend: how often a value lies in the daemon's memory before and after a lock, seen as root. The
 * runtime may keep copies that nobody can reach (docs/threat_model.md, "What the platform cannot give").
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { leftOut, NOT_LINUX, NOT_ROOT } from "../kit/left_out.ts";
import { buildProgram } from "./c_programs.ts";
import { ProbeUser } from "./user.ts";

/** Uses of the value, and of others, between two looks. */
const USES = 3;

Deno.test({
  name: "copies of a value in the daemon's memory are counted, used and unused, before and after a lock",
  ...leftOut(NOT_LINUX ?? NOT_ROOT),
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const prober = buildProgram("prober.c", join(user.base, "prober"));
    const value = newCanary();
    await user.store("TOKEN", value);
    const pid = await user.daemonPid();
    const copies = async (text: string) => {
      const { stdout } = await user.runAny([prober, String(pid), text], { uid: 0 });
      return Number(/^occurrences (\d+)$/m.exec(stdout)?.[1]);
    };
    assert.ok(await copies(user.home) > 0, "the control: what it does keep is found");
    const count = async (when: string) => console.log(`${await copies(value)} copies in memory ${when}`);
    for (let i = 0; i < USES; i++) await user.must(["run", "--secret", "TOKEN", "--", "true"]);
    await count(`after ${USES} uses`);
    await user.must(["lock"]);
    await count("after a lock");
  },
});
