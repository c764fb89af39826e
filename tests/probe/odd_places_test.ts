/**
 * Promise: started in an odd place (no standard streams, no descriptors left, no room for files, no directory, an open
 * umask, a huge environment) a verb does its work or says that it cannot; it never shows a value, never leaves a file
 * open to others, and never costs the vault.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { faultsOf, tellStory } from "./story.ts";
import { PASSPHRASE, ProbeUser } from "./user.ts";

const here = leftOut(NOT_LINUX);

/** What of `directory` others may do something with: everything is ours alone, sockets and links by their directory. */
function openToOthers(directory: string): string[] {
  const info = Deno.lstatSync(directory);
  const open = ((info.mode ?? 0) & 0o077) === 0 ? [] : [`${directory} ${((info.mode ?? 0) & 0o777).toString(8)}`];
  return [
    ...open,
    ...[...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
      const path = join(directory, name);
      if (isDirectory) return openToOthers(path);
      const mode = (Deno.lstatSync(path).mode ?? 0) & 0o777;
      return (mode & 0o077) === 0 ? [] : [`${path} ${mode.toString(8)}`];
    }),
  ];
}

Deno.test({
  name: "with umask 000, every file of the home is its owner's alone, and so is a one-shot file",
  ...here,
  fn: async () => {
    await using user = new ProbeUser();
    user.prefix = ["sh", "-c", 'umask 000; exec "$@"', "sh"];
    const values = { first: newCanary(), second: newCanary() };
    assert.deepEqual(faultsOf(await tellStory(user, values)), []);
    const settings = join(user.work, "settings.json");
    await user.must(["install", "claude-code", "--settings", settings, "--yes"]);
    const script = 'umask; stat -c %a "$PLACE" "${PLACE%/*}"; : >made; stat -c %a made';
    const used = await user.must(["run", "--file", "FIRST=PLACE", "--", "sh", "-c", script]);
    // The command has the umask that it was given; the file with the value has not.
    assert.deepEqual(used.stdout.trim().split("\n"), ["0000", "600", "700", "666"]);
    assert.deepEqual(openToOthers(user.home), []);
    assert.deepEqual(openToOthers(user.oneShot), []);
    assert.equal((Deno.lstatSync(settings).mode ?? 0) & 0o077, 0, "and so are the agent's settings, which name a home");
    const open = join(user.work, "open");
    await user.runAny(["sh", "-c", `umask 000; : >'${open}'`]);
    assert.equal(openToOthers(user.work).length, 2, "the control: what others make is open, and seen to be");
  },
});

/** How a verb is started, and with which statuses its verbs may end. */
const PLACES: Record<string, string> = {
  "no standard streams": 'exec "$@" <&- >&- 2>&-',
  "standard output and error are full": 'exec "$@" >/dev/full 2>/dev/full',
  "few descriptors": 'ulimit -n 20; exec "$@"',
  "hardly any descriptors": 'ulimit -n 8; exec "$@"',
  "no room for files": 'ulimit -f 0; exec "$@"',
  "a directory that was removed": 'mkdir gone && cd gone && rmdir ../gone; exec "$@"',
  "a huge environment":
    'for i in 1 2 3 4 5 6 7 8 9; do export HUGE$i="$(head -c 120000 /dev/zero | tr "\\0" x)"; done; exec "$@"',
};

Deno.test({
  name: "in an odd place, verbs work or say that they cannot, show nothing, and the vault stays whole",
  ...here,
  fn: async (t) => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    for (const [place, script] of Object.entries(PLACES)) {
      await t.step(place, async () => {
        const shown: string[] = [];
        user.prefix = ["sh", "-c", script, "sh"];
        const tries = async (args: string[], stdin?: string) => {
          const { stdout, stderr } = await user.run(args, { proof: true, ...(stdin !== undefined && { stdin }) });
          shown.push(stdout, stderr);
        };
        await tries(["status"]);
        await tries(["run", "--secret", "TOKEN", "--", "printenv", "TOKEN"]);
        await tries(["run", "--file", "TOKEN=PLACE", "--", "sh", "-c", 'cat "$PLACE"']);
        await tries(["scrub"], value);
        await tries(["add", "TOKEN", "--replace"], value);
        await tries(["unlock", "--again"]);
        user.prefix = [];
        assert.deepEqual(await user.leaks({ value, passphrase: PASSPHRASE }, ...shown), []);
        await user.must(["unlock", "--again"], { proof: true });
        const use = ["run", "--secret", "TOKEN", "--", "sh", "-c", 'printf %s "$TOKEN" | sha256sum'];
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value));
        assert.equal((await user.must(use)).stdout.slice(0, 64), new Uint8Array(digest).toHex());
      });
    }
  },
});
