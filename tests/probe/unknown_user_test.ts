/** Promise: a user whom the system's database does not know, as containers have them, can use a home that is named. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { homesOf } from "../../lib/paths.ts";
import { newCanary } from "../kit/canary.ts";
import { endProcessesOf } from "../kit/processes.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { removeOneShot } from "../kit/tmp_home.ts";
import { NO_STRANGER, oneShotOf, PASSPHRASE, ProbeUser, STRANGER } from "./user.ts";

Deno.test({
  name: "a user without an entry works on a named home, and is told to name one",
  ...leftOut(NOT_LINUX ?? NO_STRANGER),
  fn: async () => {
    await using user = new ProbeUser();
    const place = join(user.base, "stranger");
    user.directory(place);
    Deno.chownSync(place, STRANGER, STRANGER);
    const home = join(place, "t");
    const run = (args: string[], stdin = "") =>
      user.runAny([user.program, ...args], { uid: STRANGER, cwd: place, stdin });
    const unnamed = await run(["status"]);
    assert.equal(unnamed.code, 2, unnamed.stderr);
    assert.match(unnamed.stderr, /^tacit: error: Cannot find your home: .*\ntacit: hint: .*--home/);
    try {
      const made = await run(["--home", home, "--passphrase-fd", "0", "init", "--no-recovery"], `${PASSPHRASE}\n`);
      assert.equal(made.code, 0, made.stderr);
      const proof = join(place, "passphrase");
      Deno.writeTextFileSync(proof, PASSPHRASE, { mode: 0o600 });
      Deno.chownSync(proof, STRANGER, STRANGER);
      const value = newCanary();
      const added = await run(["--home", home, "--passphrase-file", proof, "add", "TOKEN", "--inject", "env"], value);
      assert.equal(added.code, 0, added.stderr);
      const used = await run(["--home", home, "run", "--secret", "TOKEN", "--", "printenv", "TOKEN"]);
      assert.equal(used.stdout, "[REDACTED:TOKEN]\n");
    } finally {
      await endProcessesOf(home);
      removeOneShot({ ...homesOf(home), oneShot: oneShotOf(home, STRANGER) });
    }
  },
});
