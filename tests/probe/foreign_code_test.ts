/**
 * Promise: a process into which somebody else's code was loaded, or that somebody debugs from its start, reads no
 * passphrase and no value and starts no daemon; and the daemon that a clean `unlock` starts takes no code from anybody.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formsOf, newCanary, searchBytes } from "../kit/canary.ts";
import { leftOut, NOT_LINUX, NOT_ROOT } from "../kit/left_out.ts";
import { buildProgram, buildSpy } from "./c_programs.ts";
import { PASSPHRASE, ProbeUser } from "./user.ts";

const here = leftOut(NOT_LINUX);

/** Every verb that reads a passphrase or a value, with what it would read. */
function readers(user: ProbeUser, value: string): Record<string, { args: string[]; stdin?: string }> {
  const variables = join(user.aside, "variables");
  user.write(variables, `OTHER='${value}'\n`);
  return {
    "unlock": { args: ["unlock", "--again"] },
    "add": { args: ["add", "OTHER", "--inject", "env"], stdin: value },
    "import": { args: ["import", variables, "--inject", "env", "--yes"] },
    "edit": { args: ["edit", "TOKEN", "--kind", "key"] },
    "remove": { args: ["remove", "TOKEN", "--yes"] },
    "passwd": { args: ["passwd"] },
    "recovery": { args: ["recovery", "--remove"] },
  };
}

/** A spy that notes what it sees in a file of the user's. */
function spyOf(user: ProbeUser): { library: string; log: () => Uint8Array } {
  const log = join(user.aside, "spied");
  user.write(log, "");
  return { library: buildSpy(join(user.base, "spy.so"), log), log: () => Deno.readFileSync(log) };
}

const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

Deno.test({
  name: "with foreign code or a debugger in it, no verb reads a passphrase or a value, and nothing is changed",
  ...here,
  fn: async (t) => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    const before = (await user.must(["list", "--json"])).stdout;
    const daemon = await user.daemonPid();
    const spy = spyOf(user);
    const libraries = join(user.base, "libraries");
    Deno.mkdirSync(libraries);
    // A library of the program's own, from another place.
    const ldd = await user.runAny(["ldd", user.program]);
    const own = /libgcc_s\.so\.1 => (\S+)/.exec(ldd.stdout)?.[1];
    assert.ok(own !== undefined, ldd.stdout);
    Deno.copyFileSync(own, join(libraries, "libgcc_s.so.1"));
    const keeper = buildProgram("keeper.c", join(user.base, "keeper"));
    const ways: Record<string, { env?: Record<string, string>; prefix?: string[]; named: RegExp }> = {
      "LD_PRELOAD": { env: { LD_PRELOAD: spy.library }, named: /"LD_PRELOAD"/ },
      "LD_AUDIT": { env: { LD_AUDIT: spy.library }, named: /"LD_AUDIT"/ },
      "LD_LIBRARY_PATH": { env: { LD_LIBRARY_PATH: libraries }, named: /libraries\/libgcc_s/ },
      "a debugger": { prefix: [keeper, "--trace", join(user.aside, "kept")], named: /"debugger, process \d+"/ },
    };
    for (const [way, { env = {}, prefix = [], named }] of Object.entries(ways)) {
      await t.step(way, async () => {
        user.prefix = prefix;
        try {
          for (const [verb, { args, stdin }] of Object.entries(readers(user, value))) {
            const { code, stderr } = await user.run(args, { env, proof: true, ...(stdin !== undefined && { stdin }) });
            assert.equal(code, 5, `${verb}: ${stderr}`);
            assert.match(stderr, named, verb);
          }
          const made = join(user.base, "made");
          const init = [...prefix, user.program, "--home", made, "init", "--no-recovery", "--passphrase-fd", "0"];
          const { code, stderr } = await user.runAny(init, { env, stdin: `${PASSPHRASE}\n` });
          assert.equal(code, 5, stderr);
          assert.throws(() => Deno.lstatSync(made), Deno.errors.NotFound);
          const doctor = await user.run(["doctor"], { env });
          assert.match(doctor.stdout, /^fail +foreign code/m);
        } finally {
          user.prefix = [];
        }
      });
    }
    assert.equal((await user.must(["list", "--json"])).stdout, before);
    assert.equal(await user.daemonPid(), daemon, "no daemon was started");
    const log = spy.log();
    assert.ok(text(log).includes("unlock\0--again"), "the spy was loaded");
    assert.match(text(log), /\naudit /);
    for (const secret of [value, PASSPHRASE]) assert.deepEqual(searchBytes(log, formsOf(secret)), []);
  },
});

Deno.test({
  name: "at T0, a library that a project preloads is where the value is: in the runner, and never in the daemon",
  ...here,
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    const spy = spyOf(user);
    await user.must(["run", "--secret", "TOKEN", "--", "true"], { env: { LD_PRELOAD: spy.library } });
    // The control of the test above: this is what the spy would have noted there.
    assert.ok(searchBytes(spy.log(), formsOf(value)).includes("raw"));
    assert.ok(!text(spy.log()).includes("\0daemon\0"));
  },
});

Deno.test({
  name: "a daemon with foreign code in it is replaced by unlock, is given no key, and is named by status and doctor",
  ...here,
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const spy = spyOf(user);
    Deno.kill(await user.daemonPid(), "SIGTERM");
    const planted = user.startAny(user.command(["daemon"]), { env: { LD_PRELOAD: spy.library } });
    await planted.stdin.close();
    const state = async () => JSON.parse((await user.run(["status", "--json"])).stdout);
    for (let i = 0; i < 250 && (await state()).pid !== planted.pid; i++) await new Promise((r) => setTimeout(r, 20));
    assert.equal((await state()).hardening.loader, false);
    assert.match((await user.run(["doctor"])).stdout, /could not do: loader/);
    await user.must(["unlock"], { proof: true });
    assert.notEqual(await user.daemonPid(), planted.pid);
    await Promise.all([planted.status, planted.stdout.cancel(), planted.stderr.cancel()]);
    assert.ok(text(spy.log()).includes("\0daemon\0"), "the spy was loaded");
    assert.deepEqual(searchBytes(spy.log(), formsOf(PASSPHRASE)), []);
  },
});

Deno.test({
  name:
    "the daemon that unlock starts has an empty environment, only its own libraries, and none of its starter's files",
  ...leftOut(NOT_LINUX ?? NOT_ROOT),
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const spy = spyOf(user);
    // A loader variable would be refused; all else is dropped.
    const env = { BASH_ENV: "/nowhere", LD_LIBRARY_PATH: user.base, HTTPS_PROXY: "http://127.0.0.1:9", SECRET: "x" };
    const more = [
      "bash",
      "-c",
      'exec 5<"$1" 6>>"$1" 7</dev/null; shift; exec "$@"',
      "-",
      join(user.aside, "passphrase"),
    ];
    user.prefix = more;
    await user.must(["unlock", "--again"], { env, proof: true });
    user.prefix = [];
    const pid = await user.daemonPid();
    assert.equal(Deno.readTextFileSync(`/proc/${pid}/environ`), "");
    assert.ok(!Deno.readTextFileSync(`/proc/${pid}/maps`).includes(spy.library));
    const held = [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) =>
      Deno.readLinkSync(`/proc/${pid}/fd/${name}`)
    );
    const own = [/^\/dev\/null$/, /^socket:/, /^anon_inode:/, /^pipe:/, /\/t\/run\/daemon\.lock$/, /\/tacit$/];
    assert.deepEqual(held.filter((target) => !own.some((kind) => kind.test(target))), []);
  },
});
