/**
 * Promise: whenever and however a process of tacit ends, no memory is dumped, no value lies on a disk, and a value that
 * was handed over as a file lies in memory only, for its owner only, until the next daemon starts.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { depth } from "../kit/depth.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { buildProgram } from "./c_programs.ts";
import { HOLDERS } from "./holders.ts";
import { argumentsOf, PASSPHRASE, ProbeUser, USER } from "./user.ts";

const here = leftOut(NOT_LINUX);

/** Signals whose default is to dump memory. */
const DUMPING: Deno.Signal[] = ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGTRAP", "SIGSYS", "SIGXCPU", "SIGXFSZ"];
/** Started by another process than the test's, so nobody can tell how they ended. */
const NOT_OURS = ["the daemon", "the custodian of a background child", "the runner of a wrapped command"];

/** Sends `signal` until `ended`; the runtime's own handler lets the first of some signals pass. */
async function endWith(pid: number, signal: Deno.Signal, ended: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !ended(); i++) {
    if (i % 5 === 0) kill(pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(ended(), `${signal} does not end it`);
}

/** Lines that the keeper wrote. */
const notes = (file: string) => Deno.readTextFileSync(file).split("\n").filter((line) => line !== "");

Deno.test({
  name: "ended by a signal that dumps memory, no process that holds something is dumped",
  ...here,
  fn: async (t) => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    const keeper = buildProgram("keeper.c", join(user.base, "keeper"));
    const kept = join(user.aside, "kept");
    const before = [...Deno.readDirSync(user.work)].map(({ name }) => name);
    const holders = Object.entries(HOLDERS).filter(([name]) => !NOT_OURS.includes(name));
    for (const [i, [name, start]] of holders.entries()) {
      const signal = DUMPING[i % DUMPING.length] ?? "SIGSEGV";
      await t.step(`${name}, by ${signal}`, async () => {
        user.write(kept, "");
        user.prefix = [keeper, kept];
        try {
          await using holder = await start(user, value);
          await endWith(holder.pid, signal, () => notes(kept).length > 0);
        } finally {
          user.prefix = [];
        }
        assert.match(notes(kept).join(), /^signal \d+$/);
      });
    }
    await t.step("the daemon", async () => {
      const daemon = await user.daemonPid();
      // Where /proc/PID is root's, the kernel holds the process for one that must not be dumped.
      assert.equal(Deno.statSync(`/proc/${daemon}/environ`).uid, 0);
      await endWith(daemon, "SIGSEGV", () => argumentsOf(daemon).length <= 1);
    });
    assert.deepEqual([...Deno.readDirSync(user.work)].map(({ name }) => name), before, "something was left");
    assert.deepEqual(await user.leaks({ value, passphrase: PASSPHRASE }), []);
    await t.step("the control: an unhardened process is dumped", async () => {
      user.write(kept, "");
      const soft = user.startAny([keeper, kept, "sleep", "60"]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await user.runAny(["pkill", "-SEGV", "-P", String(soft.pid)]);
      await Promise.all([soft.status, soft.stdin.close(), soft.stdout.cancel(), soft.stderr.cancel()]);
      if (notes(kept).join() !== "signal 11 core") console.log(`left out: this system dumps nobody: ${notes(kept)}`);
    });
  },
});

Deno.test({
  name: "a runner that is killed leaves its file in memory, closed to others, and the next daemon removes it",
  ...here,
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    const child = user.startAny(["setsid", ...user.command(["run", "--file", "TOKEN=PLACE", "--", "sleep", "300"])]);
    const place = await newFileIn(user.oneShot);
    for (let i = 0; i < 250 && Deno.lstatSync(place).size < value.length; i++) {
      await new Promise((r) => setTimeout(r, 20));
    }
    assert.equal(Deno.readTextFileSync(place), value, "the value did reach its destination");
    assert.equal(new TextDecoder().decode(await fileSystemOf(place)), "tmpfs");
    for (const [path, mode] of [[place, 0o600], [user.oneShot, 0o700]] as const) {
      const info = Deno.lstatSync(path);
      assert.deepEqual([(info.mode ?? 0) & 0o7777, info.uid], [mode, USER], path);
    }
    Deno.kill(await user.processWith("run"), "SIGKILL");
    Deno.kill(-child.pid, "SIGKILL");
    await Promise.all([child.status, child.stdin.close(), child.stdout.cancel(), child.stderr.cancel()]);
    assert.deepEqual((await user.leaks({ value })).filter((leak) => !leak.includes(user.oneShot)), []);
    await user.must(["unlock", "--again"], { proof: true });
    assert.throws(() => Deno.lstatSync(place), Deno.errors.NotFound);
    assert.deepEqual(await user.leaks({ value }), []);
  },
});

async function newFileIn(directory: string): Promise<string> {
  for (let i = 0; i < 500; i++) {
    for (const { name } of Deno.readDirSync(directory)) return join(directory, name);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Cannot go on: no file appears in "${directory}"`);
}

async function fileSystemOf(path: string): Promise<Uint8Array> {
  const { stdout } = await new Deno.Command("stat", { args: ["-f", "-c", "%T", path] }).output();
  return stdout.subarray(0, -1);
}

/** What is killed in the midst of it: a verb that stores, one that seals anew, one that hands a key over. */
const VERBS: [args: string[], given: (value: string) => string][] = [
  [["add", "TOKEN", "--replace"], (value) => value],
  [["add", "OTHER", "--inject", "env", "--replace"], (value) => value],
  [["unlock", "--again"], () => ""],
  [["recovery", "--remove"], () => ""],
  [["run", "--file", "TOKEN=PLACE", "--", "cat", "/proc/self/environ"], () => ""],
  [["scrub"], (value) => value],
];
/** Milliseconds from the start; a verb takes some hundred. */
const MOMENTS = Array.from({ length: depth(3, 60) }, (_, i) => 50 + i * depth(160, 11));

Deno.test({
  name: "killed at any moment, with its daemon or without, no verb leaves a value or a passphrase on a disk",
  ...here,
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    for (const [args, given] of VERBS) {
      const shown: string[] = [];
      for (const [i, moment] of MOMENTS.entries()) {
        const child = user.startAny(["setsid", ...user.command(args, true)]);
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(given(value))).then(() => writer.close()).catch(() => {});
        const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()];
        await new Promise((resolve) => setTimeout(resolve, moment));
        if (i % 2 === 1) kill(await daemonOf(user));
        kill(-child.pid);
        await child.status;
        shown.push(...await Promise.all(texts));
        if ((await user.run(["status"])).code !== 0) await user.must(["unlock"], { proof: true });
      }
      const leaks = await user.leaks({ value, passphrase: PASSPHRASE }, ...shown);
      assert.deepEqual(leaks.filter((leak) => !leak.includes(user.oneShot)), [], args.join(" "));
    }
    await user.must(["unlock", "--again"], { proof: true });
    assert.deepEqual(await user.leaks({ value, passphrase: PASSPHRASE }), []);
    const used = await user.must(["run", "--secret", "TOKEN", "--", "sh", "-c", 'printf %s "$TOKEN" | sha256sum']);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value)));
    assert.equal(used.stdout.slice(0, 64), digest.toHex(), "and the vault still has the value");
  },
});

async function daemonOf(user: ProbeUser): Promise<number> {
  const { code, stdout } = await user.run(["status", "--json"]);
  return code === 0 ? JSON.parse(stdout).pid : 0;
}

function kill(pid: number, signal: Deno.Signal = "SIGKILL"): void {
  try {
    if (pid !== 0) Deno.kill(pid, signal);
  } catch { /* it has ended by itself */ }
}
