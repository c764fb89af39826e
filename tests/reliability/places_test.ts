/**
 * Promise: whatever stands in the place of one of our files or directories is refused by its path, at once; it is not
 * followed, overwritten or removed, and all is well again when it has gone. docs/format.md, "Open order and results".
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { OTHER_UID, runtimeFor } from "../kit/daemon_process.ts";
import { leftOut, NO_SHELL, NOT_ROOT } from "../kit/left_out.ts";
import { type Trial, type Work } from "../kit/places_trial.ts";
import { scriptCommand } from "../kit/script_command.ts";

/** The promise is a second; a loaded machine is slower. */
const SOON_MS = 5_000;
/** All trials together. One that hangs is killed then, and was the last to be named. */
const LIMIT_MS = 600_000;

const KINDS = [
  ...["a link to the original", "a dangling link", "a FIFO", "a socket", "a device"],
  ...["a directory", "a file"],
];
const OTHERS = ["another user's"];
const FOREIGN = [...KINDS, ...OTHERS, "mode 0666", "mode 0644"];
const CONTENTS = ["an empty file", "a huge file"];
const ROOT_READS = "mode 0000";
const without = (all: string[], ...some: string[]) => all.filter((thing) => !some.includes(thing));

/** Things that are refused, and those that are noted and worked without, by place and work. The rest is fine. */
type Rule = Partial<Record<Work, { refused?: string[]; noted?: string[] }>>;
const noted = (things: string[]) => ({ noted: things });
const refused = (things: string[]) => ({ refused: things });
const RULES: Record<string, Rule> = {
  "data": { open: refused(FOREIGN), change: refused(FOREIGN), daemon: refused([...FOREIGN, ROOT_READS]) },
  "vault": {
    open: refused([...FOREIGN, ...CONTENTS]),
    change: refused([...FOREIGN, ...CONTENTS]),
    daemon: refused([...FOREIGN, ...CONTENTS]),
  },
  // Whoever only reads takes no lock.
  "vault lock": { change: refused(FOREIGN) },
  "backup directory": { change: refused(FOREIGN) },
  "backup": {},
  // The anchor is a guard of this machine's, not a part of the vault: reading and saving go on without it, and say so.
  "state": {
    open: noted(without(KINDS, "a link to the original")),
    change: noted(FOREIGN),
    audit: refused(without(KINDS, "a link to the original")),
    daemon: refused([...FOREIGN, ROOT_READS]),
  },
  "anchor": {
    open: noted([...FOREIGN, ...CONTENTS]),
    change: noted([...FOREIGN, ...CONTENTS]),
    // The audit log knows that there was one.
    daemon: refused([...FOREIGN, ...CONTENTS]),
  },
  "clock": { daemon: noted([...FOREIGN, ...CONTENTS]) },
  // A daemon without its log serves on and refuses each use: tests/promises/no_line_no_use_by_the_daemon_test.ts.
  "audit directory": { audit: refused(FOREIGN), daemon: noted(FOREIGN) },
  "audit file": {
    audit: { refused: [...FOREIGN, ROOT_READS, "a huge file"], noted: ["an empty file"] },
    daemon: noted([...FOREIGN, ROOT_READS, ...CONTENTS]),
  },
  "audit head": {
    audit: { refused: [...FOREIGN, ROOT_READS], noted: CONTENTS },
    daemon: noted([...FOREIGN, ROOT_READS, ...CONTENTS]),
  },
  "audit lock": { audit: refused(KINDS), daemon: noted(KINDS) },
  "runtime": { daemon: refused([...FOREIGN, ROOT_READS]) },
  "daemon lock": { daemon: refused([...KINDS, ...OTHERS]) },
  // A socket of ours is a dead daemon's.
  "use socket": { daemon: refused([...without(FOREIGN, "a socket"), ROOT_READS, ...CONTENTS]) },
  "admin socket": { daemon: refused([...without(FOREIGN, "a socket"), ROOT_READS, ...CONTENTS]) },
  // Where another user took the name in the shared directory, a daemon takes one in its own.
  "one-shot": { daemon: refused([...without(FOREIGN, ...OTHERS), ROOT_READS]) },
};
/** What a user without rights can do without a file or directory of mode 0000, with a word about it or without. */
const NOTED_IF_CLOSED = [
  ...["state, open", "state, change", "anchor, open", "anchor, change", "clock, daemon"],
  ...["audit directory, daemon", "audit file, daemon", "audit head, daemon", "audit lock, daemon"],
];
const FINE_IF_CLOSED = ["vault lock, open", "backup directory, open", "backup, change"];
const TYPED = [
  ...["UNSAFE_FILE", "NOT_A_VAULT", "TOO_LARGE", "MISSING", "WRITE_FAILED", "ROLLED_BACK"],
  ...["SocketError", "AuditWriteError"],
];

async function trials(command: string[], options: Deno.CommandOptions = {}): Promise<Trial[]> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { ...options, args, stdout: "piped", stderr: "piped" }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const { success, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  assert.ok(success, `the trials ended at: ${lines.slice(-12).join("\n")}`);
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line) as Trial);
}

/** Everything that must hold of a refusal, whatever was refused. */
function assertRefused(trial: Trial): void {
  const { place, thing, work, path, outcome, message, hint, intact, afterwards } = trial;
  const what = `${place}, ${thing}, ${work}: ${outcome} ${message}`;
  assert.ok(TYPED.includes(outcome), what);
  assert.match(message, /^Cannot [^\n]*[^.\n]$/, what);
  const named = [path, dirname(path), "vault"].some((subject) => `${message} ${hint}`.includes(subject));
  assert.ok(named, what);
  assert.ok(intact, `${what}: it was touched`);
  assert.equal(afterwards?.outcome, "ok", `${what}: afterwards ${afterwards?.message}`);
  assert.deepEqual(afterwards?.notes, [], `${what}: afterwards`);
}

function report(all: Trial[], who: string): void {
  const slowest = Math.round(Math.max(...all.map(({ ms }) => ms)));
  const refusals = all.filter(({ outcome }) => outcome !== "ok").length;
  console.log(`places, as ${who}: ${all.length} cases, ${refusals} refused, the slowest after ${slowest} ms`);
}

Deno.test({
  name: "a wrong thing in the place of any file or directory of ours is refused by its path, at once, and left alone",
  ...leftOut(NO_SHELL ?? NOT_ROOT),
  fn: async () => {
    const base = Deno.makeTempDirSync({ prefix: "tacit-places-" });
    try {
      const all = await trials([Deno.execPath(), ...scriptCommand("places_trial.ts"), base]);
      for (const trial of all) {
        const rule = RULES[trial.place]?.[trial.work];
        const what = `${trial.place}, ${trial.thing}, ${trial.work}: ${trial.message} ${trial.notes}`;
        const expected = rule?.refused?.includes(trial.thing) ? "refused" : "ok";
        assert.equal(trial.outcome === "ok" ? "ok" : "refused", expected, what);
        assert.equal(trial.notes.length > 0, rule?.noted?.includes(trial.thing) ?? false, what);
        if (expected === "refused") assertRefused(trial);
        // What is worked without is not followed or removed either; a file of ours may be made anew.
        else if (KINDS.includes(trial.thing) && rule?.noted) assert.ok(trial.intact, what);
        assert.ok(trial.ms < SOON_MS, `${what}: ${trial.ms} ms`);
      }
      const tried = new Set(all.map(({ place }) => place));
      assert.deepEqual(Object.keys(RULES).filter((place) => !tried.has(place)), [], "a place was not tried");
      assert.ok(all.length > 200, "hardly a case was tried");
      report(all, "root");
    } finally {
      Deno.removeSync(base, { recursive: true });
    }
  },
});

Deno.test({
  name: "a user without rights is told of each file or directory of mode 0000 that a work needs",
  ...leftOut(NO_SHELL ?? NOT_ROOT),
  fn: async () => {
    const base = Deno.makeTempDirSync({ prefix: "tacit-places-" });
    try {
      Deno.chmodSync(base, 0o755);
      const { program, cache } = await runtimeFor(join(base, "runtime"));
      const home = join(base, "home");
      Deno.mkdirSync(home, { mode: 0o700 });
      Deno.chownSync(home, OTHER_UID, OTHER_UID);
      const all = await trials([program, ...scriptCommand("places_trial.ts"), home, ROOT_READS], {
        uid: OTHER_UID,
        gid: OTHER_UID,
        cwd: "/",
        clearEnv: true,
        env: { DENO_DIR: cache, PATH: "/usr/bin:/bin" },
      });
      for (const trial of all) {
        if (trial.outcome !== "ok") assertRefused(trial);
        else {assert.equal(
            trial.notes.length > 0,
            NOTED_IF_CLOSED.includes(`${trial.place}, ${trial.work}`),
            trial.place,
          );}
        assert.ok(trial.ms < SOON_MS, `${trial.place}, ${trial.work}: ${trial.ms} ms`);
      }
      const served = all.filter(({ outcome }) => outcome === "ok").map(({ place, work }) => `${place}, ${work}`);
      assert.deepEqual(served.sort(), [...NOTED_IF_CLOSED, ...FINE_IF_CLOSED].sort());
      report(all, "nobody");
    } finally {
      Deno.removeSync(base, { recursive: true });
    }
  },
});
