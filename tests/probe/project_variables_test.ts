/**
 * Promise: what a project puts into the environment steers commands, wrapped ones too, and nothing else: hook, runner,
 * scrubber and daemon find no other home by it, and run none of its programs and start-up files themselves.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formsOf, newCanary, searchBytes } from "../kit/canary.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { toolEvent, wrapped } from "./holders.ts";
import { faultsOf, tellStory } from "./story.ts";
import { ProbeUser } from "./user.ts";

const here = leftOut(NOT_LINUX);

/** Programs and start-up files of a project's, each of which notes in `log` that it ran and what it sees. */
function plant(user: ProbeUser): { env: Record<string, string>; log: () => string } {
  const log = join(user.aside, "ran");
  user.write(log, "");
  const bin = join(user.base, "bin");
  Deno.mkdirSync(bin);
  const note = (what: string) => `{ echo "ran ${what} for $PPID"; env; } >>'${log}'\n`;
  const names = [
    "bash",
    "sh",
    "ps",
    "git",
    "id",
    "getent",
    "uname",
    "script",
    "tty",
    "stty",
    "claude",
    "deno",
    "tacit",
  ];
  for (const name of names) {
    const next = `exec /usr/bin/${name} "$@"\n`;
    Deno.writeTextFileSync(join(bin, name), `#!/bin/sh\n${note(name)}${next}`, { mode: 0o755 });
    Deno.chmodSync(join(bin, name), 0o755);
  }
  const startup = join(user.base, "startup");
  Deno.writeTextFileSync(startup, note("startup"));
  Deno.chmodSync(startup, 0o644);
  const env = { PATH: `${bin}:${user.env["PATH"]}`, BASH_ENV: startup, ENV: startup, PROMPT_COMMAND: `. ${startup}` };
  return { env, log: () => Deno.readTextFileSync(log) };
}

Deno.test({
  name: "tacit itself runs no program and no start-up file of a project",
  ...here,
  fn: async () => {
    await using user = new ProbeUser();
    const { env, log } = plant(user);
    // What commands run is the next test's.
    const told = await tellStory(user, { first: newCanary(), second: newCanary() }, { env, leaveOutCommands: true });
    assert.deepEqual(faultsOf(told), []);
    assert.equal(log(), "");
    // The control: these are found and run by whoever looks for them.
    await user.runAny(["bash", "-c", "true"], { env });
    assert.match(log(), /^ran bash/m);
  },
});

Deno.test({
  name:
    "at T0, a program on PATH or a file in BASH_ENV that a project set runs where the value of a wrapped command is",
  ...here,
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const value = newCanary();
    await user.store("TOKEN", value);
    const { env, log } = plant(user);
    const command = await wrapped(user, "true {{TOKEN}}", { env });
    assert.equal(log(), "", "the hook runs none of it");
    const { code } = await user.runAny(["/usr/bin/bash", "-c", command], { env: { ...env, BASH_ENV: "" } });
    assert.equal(code, 0);
    assert.match(log(), /^ran bash/m);
    const seen = (text: string) => searchBytes(new TextEncoder().encode(text), formsOf(value)).includes("raw");
    assert.ok(seen(log()), "docs/threat_model.md says so, and it is so");
    const before = log().length;
    const again = await wrapped(user, "true {{TOKEN}}");
    await user.runAny(["/usr/bin/bash", "-c", again], { env: { BASH_ENV: env["BASH_ENV"] ?? "" } });
    assert.match(log().slice(before), /^ran startup/m);
    assert.ok(seen(log().slice(before)));
  },
});

Deno.test({
  name: "hook, exec, scrub and daemon visit no home that a variable names",
  ...here,
  fn: async () => {
    await using user = new ProbeUser();
    const lures = join(user.base, "lures");
    user.directory(lures);
    let visits = 0;
    const listeners: Deno.Listener[] = [];
    /** Whatever the program would take for a home's sockets, below `place`. */
    const listen = (place: string) => {
      const made = place.slice(lures.length + 1).split("/").map((_, i, parts) => join(lures, ...parts.slice(0, i + 1)));
      for (const path of made) if (!exists(path)) user.directory(path);
      for (const name of ["use.sock", "admin.sock"]) {
        const listener = Deno.listen({ transport: "unix", path: join(place, name) });
        user.own(join(place, name), 0o600);
        listeners.push(listener);
        void (async () => {
          for await (const conn of listener) {
            visits++;
            conn.close();
          }
        })();
      }
    };
    const [own, home, state, runtime] = ["own", "home", "state", "runtime"].map((name) => join(lures, name)) as [
      string,
      string,
      string,
      string,
    ];
    listen(join(own, "run"));
    listen(join(home, ".local/state/tacit/run"));
    listen(join(state, "tacit/run"));
    listen(join(runtime, "tacit"));
    const env = {
      TACIT_HOME: own,
      HOME: home,
      XDG_STATE_HOME: state,
      XDG_DATA_HOME: state,
      XDG_CONFIG_HOME: state,
      XDG_RUNTIME_DIR: runtime,
    };
    const before = treeOf(lures);
    const run = (args: string[], stdin = "") => user.runAny([user.program, ...args], { env, stdin });
    try {
      const event = toolEvent(user, "echo {{TOKEN}}");
      await run(["hook", "claude-code", "--event", "PreToolUse"], event);
      await run(["hook", "claude-code", "--event", "PostToolUse"], toolEvent(user, "ls", "text"));
      await run(["exec", "--ticket", "0".repeat(32), "--", "true"]);
      await run(["scrub"], "text");
      await run(["daemon"]);
      assert.equal(visits, 0);
      assert.deepEqual(treeOf(lures), before);
      // The control: by its own name such a home is visited.
      await run(["--home", own, "hook", "claude-code", "--event", "PreToolUse"], event);
      assert.ok(visits > 0);
    } finally {
      for (const listener of listeners) listener.close();
    }
  },
});

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function treeOf(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    isDirectory ? [name, ...treeOf(join(directory, name)).map((below) => `${name}/${below}`)] : [name]
  ).toSorted();
}
