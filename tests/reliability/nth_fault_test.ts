/**
 * Promise: whichever file operation goes wrong, acknowledged edits are kept, a refused one is there as a whole or not at
 * all, the refusal is typed, and the next edit works. Rows of the crash matrix in docs/format.md: each operation of a
 * trial in turn fails, falls short, is the last that the disk takes, or the last before the process is killed.
 */
import assert from "node:assert/strict";
import { depth, TORTURE } from "../kit/depth.ts";
import {
  ALL,
  buildFaultLibrary,
  CHANGING,
  type Fault,
  NO_FAULT_LIBRARY,
  type Operation,
} from "../kit/fault_library.ts";
import { faultRuns } from "../kit/fault_runs.ts";
import { leftOut } from "../kit/left_out.ts";
import { possibleAfter } from "../kit/trial.ts";
import { type TrialName, trialOf } from "../kit/trials.ts";
import { SAVINGS, VAULT_STORIES } from "../kit/vault_trial.ts";
import type { Case } from "../kit/vault_worker.ts";

const FOR_EVER = 2 ** 30;

/** Operations that a full disk refuses, and those that the runtime or we try again when a signal interrupts them. */
const TAKES_ROOM: readonly Operation[] = [
  "CREATE",
  "WRITE",
  "TRUNCATE",
  "FSYNC",
  "FDATASYNC",
  "RENAME",
  "LINK",
  "MKDIR",
];
const TRIED_AGAIN: readonly Operation[] = ["OPEN", "CREATE", "WRITE", "TRUNCATE", "FSYNC", "FDATASYNC"];

/** What goes wrong, by name. */
const FAULTS: Record<string, Omit<Fault, "at">> = {
  "EIO": { kind: "fail", error: "EIO", operations: ALL },
  "ENOSPC": { kind: "fail", error: "ENOSPC", operations: TORTURE ? ALL : TAKES_ROOM },
  "EINTR": { kind: "fail", error: "EINTR", operations: TRIED_AGAIN },
  "short": { kind: "half", operations: ["READ", "WRITE"] },
  "short, then full for good": { kind: "fill", error: "ENOSPC", times: FOR_EVER, operations: ["WRITE"] },
  "EIO for good": { kind: "fail", error: "EIO", times: FOR_EVER, operations: CHANGING },
  "no links": { kind: "fail", error: "EPERM", times: FOR_EVER, operations: ["LINK"] },
  ...(TORTURE ? { "EINTR anywhere": { kind: "fail", error: "EINTR", operations: ALL } } : {}),
};
/** After these nothing is refused: what fell short or was interrupted goes on, and without links there are copies. */
const HARMLESS = ["EINTR", "short", "no links"];

/** Every way of saving; at CI's depth only the edits in each of them, since everything else is saved alike in all. */
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

/** What a trial meets. At CI's depth everything stands on the first way of saving edits, and on the small files. */
function faultsFor(trial: TrialName): [string, Omit<Fault, "at">][] {
  const [kind, story, saving] = trial.split(" ");
  const all = Object.entries(FAULTS).filter(([name]) => kind === "vault" || name !== "no links");
  if (TORTURE || kind !== "vault" || (story === "edits" && saving === SAVINGS[0])) return all;
  // Deriving a passphrase's key costs more than a whole edit.
  if (story === "create" || story === "passphrase" || story === "key") {
    return [["EIO", { ...FAULTS["EIO"]!, operations: CHANGING }]];
  }
  return all.filter(([name]) => name.startsWith("EIO"));
}

const met = new Set<string>();

for (const trial of TRIALS) {
  Deno.test({
    name: `${trial}: no operation that goes wrong loses, tears or stops anything`,
    ...leftOut(NO_FAULT_LIBRARY),
    fn: async () => {
      using library = buildFaultLibrary();
      using runs = await faultRuns(library, trial);
      const faults = faultsFor(trial);
      const counts = await runs.run(faults.map(([, fault]) => ({ ...fault, at: 0 })));
      assert.deepEqual(counts.flatMap(breachesOf), [], "without any fault");
      const cases = faults.map(([, fault], i) =>
        Array.from({ length: counts[i]?.seen ?? 0 }, (_, n): Fault => ({ ...fault, at: n + 1 }))
      );
      const all = await runs.run(cases.flat());
      for (const [i, [name]] of faults.entries()) {
        const told = all.splice(0, cases[i]?.length);
        const refused = told.filter((c) => c.outcomes.some((outcome) => outcome !== "ack"));
        console.log(`${trial}: ${name}: ${told.length} operations, ${refused.length} of them refused an edit`);
        assert.deepEqual(told.flatMap(breachesOf), []);
        assert.ok(told.every((c) => c.hits > 0), "nothing went wrong");
        assert.ok(told.length > 0 || name === "no links", "there was nothing to go wrong");
        if (HARMLESS.includes(name)) assert.deepEqual(refused.map((c) => c.last), [], "not gone on with");
        else assert.ok(refused.length > 0, "no operation mattered");
        for (const { last } of told) met.add(last.split(" ")[0] ?? "");
      }
    },
  });
}

Deno.test({
  name: "the injector reached every kind of file operation in the trials above",
  ...leftOut(NO_FAULT_LIBRARY),
  fn: () => assert.deepEqual([...met].sort(), [...ALL].sort()),
});

for (const trial of TRIALS.filter((name) => TORTURE || name.includes(" edits ") || name.startsWith("audit"))) {
  Deno.test({
    name: `${trial}: a process killed at an operation leaves what was acknowledged, and nothing in halves`,
    ...leftOut(NO_FAULT_LIBRARY),
    fn: async () => {
      using library = buildFaultLibrary();
      using runs = await faultRuns(library, trial);
      const deaths: [Omit<Fault, "at">, number][] = [
        [{ kind: "die before", operations: CHANGING }, depth(6, 1)],
        [{ kind: "die amid", operations: ["WRITE"] }, depth(3, 1)],
        ...(TORTURE ? [[{ kind: "die after", operations: CHANGING }, 1] as [Omit<Fault, "at">, number]] : []),
      ];
      const counts = await runs.run(deaths.map(([fault]) => ({ ...fault, at: 0 })));
      let killed = 0;
      for (const [i, [fault, stride]] of deaths.entries()) {
        for (let at = 1; at <= (counts[i]?.seen ?? 0); at += stride) {
          runs.reset();
          const lines = await runs.runToDeath({ ...fault, at });
          assert.ok(lines.every((line) => /^(begin|ack) \d+$/.test(line)), lines.join());
          const acked = lines.filter((line) => line.startsWith("ack")).length;
          const begun = lines.at(-1)?.startsWith("begin") === true;
          const subject = trialOf(trial, runs.home);
          const breaches = await subject.finish(possibleAfter(subject, acked, begun), "crash");
          assert.deepEqual(breaches, [], `${fault.kind} ${at}, after ${lines.join()}`);
          killed++;
        }
      }
      console.log(`${trial}: killed ${killed} times`);
      assert.ok(killed > 5);
    },
  });
}

function breachesOf({ fault, last, outcomes, breaches }: Case): string[] {
  return breaches.map((breach) => `${fault.kind} ${fault.error ?? ""} ${fault.at} ${last} (${outcomes}): ${breach}`);
}
