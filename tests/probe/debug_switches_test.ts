/**
 * Promise: no variable, and no peculiarity of the place where a verb is started, makes tacit show or write a value, talk
 * to anybody, load foreign code into a process that reads a passphrase, or leave a file open to others.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { leftOut, NOT_LINUX, NOT_ROOT } from "../kit/left_out.ts";
import { HeldTerminal } from "./held_terminal.ts";
import { faultsOf, tellStory, type Told } from "./story.ts";
import { SWITCHES } from "./switches.ts";
import { Trap } from "./trap.ts";
import { argumentsOf, PASSPHRASE, ProbeUser } from "./user.ts";

const here = leftOut(NOT_LINUX);

function shown(told: Told[]): string[] {
  return told.flatMap(({ stdout, stderr }) => [stdout, stderr]);
}

Deno.test({
  name: "under every debug switch the story is told as ever, and nothing of it is shown, written or sent",
  ...here,
  fn: async () => {
    await using user = new ProbeUser();
    using trap = new Trap();
    const watched = join(user.base, "watched");
    user.directory(watched);
    Deno.chmodSync(watched, 0o777);
    const directories = [
      "TMPDIR",
      "TMP",
      "TEMP",
      "DENO_DIR",
      "DENO_COVERAGE_DIR",
      "NODE_V8_COVERAGE",
      "XDG_CACHE_HOME",
    ];
    const env = {
      ...SWITCHES,
      ...Object.fromEntries(directories.map((name) => [name, watched])),
      ...trap.variables,
    };
    const seen = watch([watched, user.work]);
    const values = { first: newCanary(), second: newCanary() };
    const told = await tellStory(user, values, { env });
    assert.deepEqual(faultsOf(told), []);
    assert.ok(shown(told).some((text) => /TRACE RS/.test(text)), "the switches are seen by the runtime");
    assert.deepEqual(await user.leaks({ ...values, passphrase: PASSPHRASE }, ...shown(told)), []);
    assert.deepEqual(await seen.end(), [], "files came and went outside the home");
    assert.equal(trap.visits, 0, "somebody was asked");
  },
});

Deno.test({
  name:
    "under every debug switch and after every signal that a debugger would use, no process of ours listens to the net",
  ...leftOut(NOT_LINUX ?? NOT_ROOT),
  fn: async () => {
    await using user = await ProbeUser.unlocked();
    const terminal = new HeldTerminal(user, user.command(["unlock", "--again"]), { env: SWITCHES });
    await using _ = terminal;
    await terminal.shows("Passphrase");
    const pids = [await user.processWith("unlock"), await user.daemonPid()];
    for (const pid of pids) {
      for (const signal of ["SIGWINCH", "SIGUSR2", "SIGUSR1"] as const) {
        if (argumentsOf(pid).length > 1) Deno.kill(pid, signal);
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.deepEqual(netSocketsOf(pid), [], `${signal} to ${argumentsOf(pid)}`);
      }
    }
    // The control: a listener of this process is found.
    using trap = new Trap();
    assert.ok(netSocketsOf(Deno.pid).length > 0, `${trap.port}`);
  },
});

/** Sockets of `pid` that are in one of the kernel's tables of the net. */
function netSocketsOf(pid: number): string[] {
  const tables = ["tcp", "tcp6", "udp", "udp6", "raw"].map((name) => Deno.readTextFileSync(`/proc/net/${name}`)).join(
    "",
  );
  const inodes = new Set(tables.split("\n").map((line) => line.trim().split(/\s+/)[9]));
  return linksIn(`/proc/${pid}/fd`).filter((target) => inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "none"));
}

/** Where the links in `directory` lead; none if it has gone. */
function linksIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].flatMap(({ name }) => {
      try {
        return [Deno.readLinkSync(join(directory, name))];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** The paths in `directories` at which anything was made, changed or removed until `end`. */
function watch(directories: string[]): { end(): Promise<string[]> } {
  const watcher = Deno.watchFs(directories);
  const paths = new Set<string>();
  const reading = (async () => {
    for await (const event of watcher) if (event.kind !== "access") event.paths.forEach((path) => paths.add(path));
  })();
  return {
    async end() {
      // The control: the watch is alive and sees a file come.
      const control = directories.map((directory) => join(directory, "control"));
      for (const path of control) Deno.writeTextFileSync(path, "");
      for (let i = 0; i < 250 && !control.every((path) => paths.has(path)); i++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      watcher.close();
      await reading;
      const missed = control.filter((path) => !paths.has(path)).map((path) => `${path} was not seen`);
      return [...missed, ...[...paths].filter((path) => !control.includes(path))];
    },
  };
}
