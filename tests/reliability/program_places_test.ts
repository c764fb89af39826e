/** Promise: the same through the program: an error with a hint, an exit status, and a home that works again afterwards. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { homesOf } from "../../lib/paths.ts";
import { type Ran, TestHome } from "../cli/test_home.ts";
import { newCanary } from "../kit/canary.ts";
import { leftOut, NO_SHELL } from "../kit/left_out.ts";
import { type Placing, thingsFor } from "../kit/wrong_things.ts";

const placingOf = (thing: string, isDirectory = false): Placing => {
  const placing = thingsFor(isDirectory)[thing];
  if (placing === undefined) throw new TypeError(`Cannot place "${thing}": there is no such thing`);
  return placing;
};

/** Puts the thing in the place of `path` while `work` runs, and the original back. */
async function inPlace(home: TestHome, path: string, placing: Placing, work: () => Promise<void>): Promise<void> {
  const aside = join(home.base, "aside");
  const stood = await Deno.rename(path, aside).then(() => true, () => false);
  if (!stood) Deno.writeTextFileSync(aside, "");
  placing(path, aside);
  try {
    await work();
  } finally {
    Deno.removeSync(path, { recursive: true });
    if (stood) Deno.renameSync(aside, path);
    else Deno.removeSync(aside);
  }
}

function assertRefused(ran: Ran, status: number, path: string): void {
  assert.equal(ran.status, status, `${ran.stdout}${ran.stderr}`);
  assert.match(ran.stderr, /^tacit: error: Cannot [^\n]*[^.\n]\ntacit: hint: [^\n]+\n$/);
  assert.ok(ran.stderr.includes(path), ran.stderr);
  assert.equal(ran.stdout, "");
}

Deno.test({
  name: "unlock and edit name the wrong thing in one of our places, say what to do, and work once it has gone",
  ...leftOut(NO_SHELL),
  fn: async () => {
    await using home = await TestHome.initialised();
    await home.store("API_KEY", newCanary());
    const homes = homesOf(home.dir);
    const edit = (kind: string) => home.run(["edit", "API_KEY", "--kind", kind]);
    for (
      const [path, thing, isDirectory] of [
        [homes.vaultLock, "a FIFO", false],
        [homes.backups, "a FIFO", true],
        [homes.vault, "a link to the original", false],
      ] as const
    ) {
      await inPlace(home, path, placingOf(thing, isDirectory), async () => assertRefused(await edit("one"), 6, path));
    }
    const edited = await edit("two");
    assert.equal(edited.status, 0, edited.stderr);

    await home.stop();
    for (
      const [path, thing, isDirectory, status] of [
        [homes.vault, "a FIFO", false, 6],
        [join(homes.runtime, "daemon.lock"), "a FIFO", false, 1],
        [homes.adminSocket, "a directory", false, 1],
        [homes.state, "mode 0644", true, 1],
      ] as const
    ) {
      const refused = async () => assertRefused(await home.run(["unlock"]), status, path);
      await inPlace(home, path, placingOf(thing, isDirectory), refused);
    }
    const unlocked = await home.run(["unlock"]);
    assert.equal(unlocked.status, 0, unlocked.stderr);
    assert.equal(unlocked.stderr, "");
    assert.match((await home.run(["list"], { passphrase: null })).stdout, /^API_KEY .*two/m);
    assert.equal((await home.run(["audit", "verify"], { passphrase: null })).status, 0);
  },
});
