import assert from "node:assert/strict";
import { join } from "node:path";
import { tmpHome } from "../tests/kit/tmp_home.ts";
import { hooksIn } from "../lib/hooks/settings.ts";
import { settingsPath } from "./agent_settings.ts";
import { CommandError } from "./exit_codes.ts";
import { runInstall } from "./install.ts";
import { refuseUnsafePlace } from "./installation.ts";
import { runUninstall } from "./uninstall.ts";

const PROGRAM = { testOnlyProgram: ["/opt/tacit"] };

async function withSettings(
  text: string | null,
  play: (stage: {
    path: string;
    install(yes?: boolean, dryRun?: boolean): Promise<number>;
    uninstall(): Promise<number>;
    read(): string | null;
  }) => Promise<void>,
): Promise<void> {
  using home = tmpHome();
  const path = join(home.dir, "agent", "settings.json");
  await Deno.mkdir(join(home.dir, "agent"));
  if (text !== null) await Deno.writeTextFile(path, text, { mode: 0o640 });
  const invocation = { homes: home.homes, json: false };
  await play({
    path,
    install: (yes = true, dryRun = false) =>
      quietly(() => runInstall(invocation, "claude-code", { settings: path, yes, dryRun, ...PROGRAM })),
    uninstall: () => quietly(() => runUninstall(invocation, "claude-code", { settings: path, yes: true })),
    read: () => {
      try {
        return Deno.readTextFileSync(path);
      } catch {
        return null;
      }
    },
  });
}

/** Runs `work` with what it prints thrown away. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const [out, err] = [Deno.stdout.writeSync, Deno.stderr.writeSync];
  Deno.stdout.writeSync = Deno.stderr.writeSync = (bytes: Uint8Array) => bytes.length;
  try {
    return await work();
  } finally {
    Deno.stdout.writeSync = out;
    Deno.stderr.writeSync = err;
  }
}

// With what a re-rendering would lose: odd spacing, an escape, an empty list, no last newline.
const ODD = '{\n   "a" : 1,\n   "hooks": { "Stop": [ ] },\n   "z": "\\u0041"\n}';

Deno.test("uninstall gives back the very bytes, or the missing file, if nothing else changed", async () => {
  for (const text of [ODD, "{}\n", "", null, '{"permissions": {"allow": []}}']) {
    await withSettings(text, async ({ install, uninstall, read, path }) => {
      assert.equal(await install(), 0);
      assert.equal(await install(), 0);
      assert.ok(hooksIn(read() ?? "").events.length > 5);
      assert.equal(await uninstall(), 0);
      assert.equal(read(), text);
      if (text !== null) assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o640);
      assert.deepEqual([...Deno.readDirSync(join(path, ".."))].length, text === null ? 0 : 1);
    });
  }
});

Deno.test("after later edits uninstall takes out tacit's entries only", async () => {
  await withSettings('{\n  "a": 1\n}\n', async ({ install, uninstall, read, path }) => {
    await install();
    await Deno.writeTextFile(path, (read() ?? "").replace('"a": 1', '"a": 2'));
    await uninstall();
    assert.equal(read(), '{\n  "a": 2\n}\n');
  });
});

Deno.test("a file that cannot be edited safely is left alone", async () => {
  for (const text of ['{\n  // mine\n  "a": 1\n}', "{", "[]", '{"hooks": 5}']) {
    await withSettings(text, async ({ install, read }) => {
      await assert.rejects(install(), (error) => error instanceof CommandError && error.exit === "usage");
      assert.equal(read(), text);
    });
  }
});

Deno.test("nothing is written without a yes, or in a dry run", async () => {
  await withSettings(ODD, async ({ install, read }) => {
    assert.equal(await install(false, true), 0);
    assert.equal(read(), ODD);
    if (!Deno.stderr.isTerminal()) {
      await assert.rejects(install(false), (error) => error instanceof CommandError && error.hint === "add --yes");
      assert.equal(read(), ODD);
    }
  });
});

Deno.test("a link to the settings file stays a link", async () => {
  await withSettings(ODD, async ({ install, path, read }) => {
    const real = join(path, "..", "real.json");
    await Deno.rename(path, real);
    await Deno.symlink(real, path);
    await install();
    assert.ok(Deno.lstatSync(path).isSymlink);
    assert.ok(hooksIn(read() ?? "").events.length > 5);
  });
});

Deno.test("from source, install says that agents need the compiled program", async () => {
  using home = tmpHome();
  const settings = join(home.dir, "settings.json");
  const install = quietly(() => runInstall({ homes: home.homes, json: false }, "claude-code", { settings, yes: true }));
  await assert.rejects(install, /runs from source/);
  assert.throws(() => Deno.lstatSync(settings));
});

Deno.test("an unknown agent is refused", async () => {
  using home = tmpHome();
  await assert.rejects(runInstall({ homes: home.homes, json: false }, "x", { yes: true }), CommandError);
});

Deno.test("the program goes to no place that others change", () => {
  const none = () => false;
  const bad = ["/tmp/x/tacit", "/dev/shm/tacit", "/home/a/.npm/_npx/1/tacit", "/srv/node_modules/t/tacit"];
  for (const path of bad) assert.throws(() => refuseUnsafePlace(path, { home: "/home/a", there: none }), CommandError);
  const git = (path: string) => path === "/home/a/src/.git" || path === "/home/a/.git";
  assert.throws(
    () => refuseUnsafePlace("/home/a/src/bin/tacit", { home: "/home/a", there: git }),
    /the project "\/home\/a\/src"/,
  );
  // A home directory under version control is no project.
  refuseUnsafePlace("/home/a/.local/share/tacit/bin/tacit", { home: "/home/a", there: git });
  refuseUnsafePlace("/tmp/chosen/bin/tacit", { home: "/home/a", there: none, temporary: true });
});

Deno.test("an environment that points Claude Code elsewhere must be resolved by a person", () => {
  const at = (env: Record<string, string>) => () => settingsPath(undefined, (name) => env[name], "/home/ada");
  assert.equal(at({ HOME: "/home/ada/" })(), "/home/ada/.claude/settings.json");
  assert.equal(at({})(), "/home/ada/.claude/settings.json");
  assert.throws(at({ HOME: "/project" }), CommandError);
  assert.throws(at({ HOME: "/home/ada", CLAUDE_CONFIG_DIR: "/x" }), CommandError);
  assert.equal(settingsPath("/x/settings.json", () => "/project", "/home/ada"), "/x/settings.json");
});
