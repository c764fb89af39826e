/**
 * Promise: a power cut at any moment loses no acknowledged edit, tears nothing, and never looks like a rollback.
 * The operations of a trial are recorded in their order, and every state that a journaling file system may come back
 * with after each of them is opened as a user would open it. What the model allows a disk to do stands in
 * tests/kit/model_disk.ts.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { toHex } from "../../lib/bytes.ts";
import { sha256 } from "../../lib/crypto/hash.ts";
import { TORTURE } from "../kit/depth.ts";
import {
  ALL,
  buildFaultLibrary,
  CHANGING,
  type Fault,
  NO_FAULT_LIBRARY,
  type Operation,
} from "../kit/fault_library.ts";
import { type FaultRuns, faultRuns } from "../kit/fault_runs.ts";
import { leftOut } from "../kit/left_out.ts";
import { ModelDisk, type Tree } from "../kit/model_disk.ts";
import type { Logged } from "../kit/operation_log.ts";
import { plantTree } from "../kit/saved_home.ts";
import { type Contents, textOf } from "../kit/trial.ts";
import { type TrialName, trialOf } from "../kit/trials.ts";
import { SAVINGS, VAULT_STORIES } from "../kit/vault_trial.ts";

const SYNCS: readonly Operation[] = ["FSYNC", "FDATASYNC"];
/** What goes wrong while a trial is recorded: nothing, or whatever needs hard links. */
const NOTHING: [string, Fault] = ["", { at: 0, kind: "fail", operations: ALL }];
const NO_LINKS: [string, Fault] = [" without links", {
  at: 1,
  times: 2 ** 30,
  kind: "fail",
  error: "EPERM",
  operations: ["LINK"],
}];

/** At CI's depth only the edits in every way of saving: everything else is saved alike in all. */
const TRIALS: TrialName[] = [
  ...SAVINGS.flatMap((saving, i) =>
    VAULT_STORIES.filter((story) => TORTURE || i === 0 || story === "edits").map((story): TrialName =>
      `vault ${story} ${saving}`
    )
  ),
  "clock",
  "audit begins",
  "audit goes on",
];

interface Verdict {
  /** States that differ from each other, each with what may be in it. */
  states: number;
  /** What was wrong with those in which something was. */
  breaches: string[];
}

/** More is told than anybody reads; a disk that syncs nothing has tens of thousands of states. */
const ENOUGH = 20;

/** Opens every state that a power cut after any operation of `log` may leave, up to the first loss of `kind`. */
async function judge(runs: FaultRuns, trial: TrialName, log: Logged[], kind?: RegExp): Promise<Verdict> {
  const disk = new ModelDisk(runs.home, runs.seeded());
  const { before, steps } = trialOf(trial, runs.home);
  let possible: Contents[] = [before];
  let begun = "";
  const known = new Set<string>();
  const breaches: string[] = [];
  for (const [i, logged] of log.entries()) {
    if (logged.operation === "NOTE") {
      const [what, n] = logged.path.split(" ");
      const after = possible.map(steps[Number(n)]!.effect);
      if (what === "begin") possible = [...possible, ...after];
      if (what === "ack") possible = possible.slice(possible.length / 2);
      begun = logged.path;
    } else disk.apply(logged);
    for (const tree of disk.afterPowerCut()) {
      const key = `${possible.map(textOf)}${keyOf(tree)}`;
      if (known.has(key)) continue;
      known.add(key);
      plantTree(runs.home, tree);
      const found = await trialOf(trial, runs.home).finish(possible, "power cut");
      breaches.push(...found.map((breach) => `${i} ${logged.operation} ${logged.path} (${begun}): ${breach}`));
      const last = kind === undefined ? breaches.length >= ENOUGH : found.some((breach) => kind.test(breach));
      if (last) return { states: known.size, breaches };
    }
  }
  return { states: known.size, breaches };
}

function keyOf(tree: Tree): string {
  return [...tree].map(([path, bytes]) => `${path} ${toHex(sha256(bytes))}`).sort().join("\n");
}

for (const trial of TRIALS) {
  Deno.test({
    name: `${trial}: a power cut at any moment loses nothing that was acknowledged`,
    ...leftOut(NO_FAULT_LIBRARY),
    fn: async () => {
      using library = buildFaultLibrary();
      using runs = await faultRuns(library, trial);
      const linksMatter = trial.startsWith("vault") && (TORTURE || / (edits|create) /.test(trial));
      for (const [what, fault] of linksMatter ? [NOTHING, NO_LINKS] : [NOTHING]) {
        const [log = []] = await runs.record([fault]);
        const acknowledged = log.filter((logged) => logged.path.startsWith("ack")).length;
        assert.equal(acknowledged, trialOf(trial, runs.home).steps.length, "not everything was acknowledged");
        const disk = new ModelDisk(runs.home, runs.seeded());
        for (const logged of log) disk.apply(logged);
        assert.equal(keyOf(disk.now()), keyOf(runs.now()), "the log does not tell all that was done");
        const { states, breaches } = await judge(runs, trial, log);
        console.log(`${trial}${what}: ${log.length} operations, ${states} states, ${breaches.length} losses`);
        assert.deepEqual(breaches.slice(0, 5), []);
        assert.ok(states > 10, `only ${states} states`);
      }
    },
  });
}

for (const saving of SAVINGS) {
  const trial: TrialName = `vault edits ${saving}`;

  Deno.test({
    name: `${trial}: a power cut after a sync that failed loses nothing that was acknowledged before or after it`,
    ...leftOut(NO_FAULT_LIBRARY),
    fn: async () => {
      using library = buildFaultLibrary();
      using runs = await faultRuns(library, trial);
      const operations = TORTURE ? CHANGING : SYNCS;
      const [clean = []] = await runs.record([NOTHING[1]]);
      const chosen = clean.filter(({ operation }) => operations.includes(operation)).map(({ operation, path }) =>
        `${operation} ${path.replace(/\.tmp\..*/, "")}`
      );
      // At CI's depth one of each kind.
      const cases = chosen.flatMap((name, i): Fault[] =>
        TORTURE || chosen.indexOf(name) === i ? [{ at: i + 1, kind: "fail", error: "EIO", operations }] : []
      );
      let states = 0;
      for (const [i, log] of (await runs.record(cases)).entries()) {
        const verdict = await judge(runs, trial, log);
        assert.deepEqual(verdict.breaches.slice(0, 5), [], `operation ${cases[i]?.at} failed`);
        states += verdict.states;
      }
      console.log(`${trial}: ${cases.length} failed operations, ${states} states after a power cut, no losses`);
      assert.ok(states > 10 * cases.length && cases.length > 3);
    },
  });

  Deno.test({
    name: `${trial}: the model notices a sync that is left out, and an anchor that runs ahead`,
    ...leftOut(NO_FAULT_LIBRARY),
    fn: async () => {
      using library = buildFaultLibrary();
      using runs = await faultRuns(library, trial);
      const [log = []] = await runs.record([NOTHING[1]]);
      const directories = new Set(log.filter(({ operation }) => operation !== "NOTE").map(({ path }) => dirname(path)));
      const isSync = ({ operation }: Logged) => SYNCS.includes(operation);
      const faulty: Record<string, [Logged[], RegExp]> = {
        "contents are not synced": [
          log.filter((l) => !isSync(l) || directories.has(l.path)),
          /NOT_A_VAULT|CORRUPT_FRAME|there is/,
        ],
        "names are not synced": [log.filter((l) => !isSync(l) || !directories.has(l.path)), /there is/],
        "the anchor comes first": [anchorFirst(log), /ROLLED_BACK/],
      };
      for (const [what, [operations, symptom]] of Object.entries(faulty)) {
        const { states, breaches } = await judge(runs, trial, operations, symptom);
        console.log(`${trial}: if ${what}: state ${states}: ${breaches.at(-1)}`);
        assert.match(`${breaches.at(-1)}`, symptom, what);
      }
    },
  });
}

/** Everything in the state directory happens before everything else of the same step. */
function anchorFirst(log: Logged[]): Logged[] {
  const steps: Logged[][] = [[]];
  for (const logged of log) {
    if (logged.operation === "NOTE") steps.push([logged], []);
    else steps.at(-1)?.push(logged);
  }
  const isAnchor = ({ path }: Logged) => /\/state(\/|$)/.test(path);
  return steps.flatMap((step) => [...step.filter(isAnchor), ...step.filter((logged) => !isAnchor(logged))]);
}
