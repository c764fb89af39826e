/**
 * Promise: another user of the machine reads no file of a home, sees no one-shot file, reaches no socket, and gains
 * nothing by taking our names first. What everybody may read of our processes, their arguments, holds no value.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formsOf, newCanary, searchBytes } from "../kit/canary.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { buildProgram } from "./c_programs.ts";
import { HOLDERS } from "./holders.ts";
import { argumentsOf, NO_STRANGER, PASSPHRASE, ProbeUser, STRANGER } from "./user.ts";

const here = leftOut(NOT_LINUX ?? NO_STRANGER);

/** Every path below `directory`, itself included. */
function pathsBelow(directory: string): string[] {
  return [
    directory,
    ...[...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
      const path = join(directory, name);
      return isDirectory ? pathsBelow(path) : [path];
    }),
  ];
}

/** Those of `paths` that the stranger can list, read, write or only look at. */
async function reachable(user: ProbeUser, paths: string[]): Promise<string[]> {
  const script = `for p; do
    if ls "$p" || cat "$p" || stat "$p" || [ -e "$p" ] || (: >>"$p"); then echo "$p" >&3; fi
  done 3>&1 >/dev/null 2>&1`;
  const { stdout } = await user.runAny(["sh", "-c", script, "sh", ...paths], { uid: STRANGER, cwd: "/" });
  return stdout.split("\n").filter((line) => line !== "");
}

/** True if the stranger gets a connection to the socket at `path`. */
async function connects(user: ProbeUser, path: string, uid: number): Promise<boolean> {
  const args = ["curl", "-s", "--max-time", "5", "--unix-socket", path, "http://localhost/"];
  // 7 is curl's "could not connect"; anything else came after a connection.
  return (await user.runAny(args, { uid, cwd: "/" })).code !== 7;
}

Deno.test({
  name: "another user reads, lists and connects to nothing, while a value is in use as a file",
  ...here,
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    await user.store("TOKEN", newCanary());
    const child = user.startAny(["setsid", ...user.command(["run", "--file", "TOKEN=PLACE", "--", "sleep", "300"])]);
    await user.processWith("run");
    for (let i = 0; i < 250 && pathsBelow(user.oneShot).length < 2; i++) await new Promise((r) => setTimeout(r, 20));
    const oneShot = pathsBelow(user.oneShot);
    assert.equal(oneShot.length, 2, "the value lies there as a file");
    const home = pathsBelow(user.home);
    assert.ok(home.length > 12);
    // The directories themselves can be seen to exist; nothing in them.
    const seen = [...home, ...oneShot].filter((path) => path !== user.home && path !== user.oneShot);
    assert.deepEqual(await reachable(user, seen), []);
    const listed = await user.runAny(["ls", "-A", user.home, user.oneShot], { uid: STRANGER, cwd: "/" });
    assert.doesNotMatch(listed.stdout, /vault|state|TOKEN/);
    for (const socket of ["use.sock", "admin.sock"]) {
      const path = join(user.home, "run", socket);
      assert.ok(!await connects(user, path, STRANGER), socket);
      assert.ok(await connects(user, path, Deno.lstatSync(user.home).uid ?? 0), "the control: its owner gets in");
    }
    const open = join(user.base, "open");
    Deno.writeTextFileSync(open, "text", { mode: 0o644 });
    assert.deepEqual(await reachable(user, [open]), [open], "the control: an open file is reached");
    const asked = await user.run(["list"], { uid: STRANGER, cwd: "/" });
    assert.notEqual(asked.code, 0);
    assert.doesNotMatch(asked.stdout + asked.stderr, /TOKEN/);
    Deno.kill(-child.pid, "SIGTERM");
    await Promise.all([child.status, child.stdin.close(), child.stdout.cancel(), child.stderr.cancel()]);
  },
});

Deno.test({
  name: "the arguments of all our processes, which everybody may read, hold no value and no passphrase",
  ...here,
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    const prober = buildProgram("prober.c", join(user.base, "prober"));
    const forms = [...formsOf(value), ...formsOf(PASSPHRASE), ...formsOf(PASSPHRASE.slice(0, 11))];
    for (const [name, start] of Object.entries(HOLDERS)) {
      await using holder = await start(user, value);
      const words = argumentsOf(holder.pid);
      assert.ok(words.includes(user.home), name);
      // And the stranger has no other way into it.
      const probed = await user.runAny([prober, String(holder.pid)], { uid: STRANGER, cwd: "/" });
      assert.equal(probed.stdout, "", name);
      assert.ok(argumentsOf(holder.pid).includes(user.home), `${name}: it is still there`);
      for (const pid of everyProcess()) {
        assert.deepEqual(searchBytes(new TextEncoder().encode(argumentsOf(pid).join("\0")), forms), [], name);
      }
    }
  },
});

function everyProcess(): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter(Number.isInteger);
}

Deno.test({
  name: "whoever takes the name of the directory for one-shot files first gets none, and doctor says so",
  ...here,
  fn: async (t) => {
    const takings: Record<string, (path: string, aside: string) => void> = {
      "a directory, open to all": (path) => {
        Deno.mkdirSync(path);
        Deno.chmodSync(path, 0o777);
      },
      "a link to a directory, open to all": (path, aside) => {
        Deno.mkdirSync(aside);
        Deno.chmodSync(aside, 0o777);
        Deno.chownSync(aside, STRANGER, STRANGER);
        Deno.symlinkSync(aside, path);
      },
      "a file": (path) => Deno.writeTextFileSync(path, ""),
    };
    for (const [what, take] of Object.entries(takings)) {
      await t.step(what, async () => {
        await using user = new ProbeUser();
        const place = user.oneShot;
        const aside = join(user.base, "lure");
        take(place, aside);
        await user.runAny(["chown", "-h", String(STRANGER), place], { uid: 0 });
        try {
          const value = newCanary();
          await user.must(["init", "--no-recovery", "--kdf-memory", "64"], { proof: true });
          await user.store("TOKEN", value);
          const used = await user.must([
            "run",
            "--file",
            "TOKEN=PLACE",
            "--",
            "sh",
            "-c",
            'echo "$PLACE"; wc -c <"$PLACE"',
          ]);
          const [path = "", size] = used.stdout.split("\n");
          assert.ok(path.startsWith(join(user.home, "run", "files")), path);
          assert.equal(Number(size), value.length, "the value did reach its destination");
          assert.match((await user.run(["doctor"])).stdout, /^warn +one-shot files +they lie on a disk/m);
          assert.deepEqual(await user.leaks({ value }), [], "and afterwards it is gone");
        } finally {
          Deno.removeSync(place, { recursive: true });
        }
      });
    }
  },
});
