/**
 * The vault against a Map: random sequences of edits, slot changes, crashes, rollbacks and clocks set, by two processes,
 * on a real vault file; after every step another process proves the whole file and finds what the model has.
 *
 * A sequence that fails is printed with its seed and path: TACIT_TEST_SEED and TACIT_TEST_PATH run it again.
 */
import assert from "node:assert/strict";
import { emptyGrant } from "../../lib/grant/grant.ts";
import { depth } from "../kit/depth.ts";
import { recordOf } from "../kit/open_vault.ts";
import { type Saving, SAVING_MODES } from "../kit/saving_modes.ts";
import { fc, SEED } from "../kit/seed.ts";
import type { ModelEdit } from "../kit/vault_model.ts";
import { clock, type Operation, VaultRun } from "../kit/vault_run.ts";
import { makeTemplate, type Template, World } from "../kit/vault_world.ts";

const SEQUENCES = Math.ceil(depth(2_000, 50_000) / SAVING_MODES.length);
/** On a disk most of the time would go into syncing, which is not what is tested here. */
const MEMORY = "/dev/shm";

const YEAR = 365 * 86_400_000;
/** The files' own times are real ones: a backup that seems to be of another year would be due at each save. */
const STARTED = Date.now();

const name = fc.constantFrom("A", "B", "C", "D_1", "E_22");
const record = fc.record({
  name,
  description: fc.constantFrom("", "x", "ü".repeat(200)),
  tags: fc.constantFrom<string[]>([], ["a"], ["a", "b"]),
  weak: fc.boolean(),
  expires: fc.option(fc.integer({ min: 1, max: 4e12 })),
  env: fc.boolean(),
}).map(({ name, expires, env, ...more }) =>
  recordOf(name, { ...more, grant: { ...emptyGrant(), expires, modes: env ? ["env"] : [] } })
);
/** Lengths around the steps of the padding. */
const value = fc.tuple(fc.constantFrom(0, 1, 200, 252, 253, 1500), fc.nat(1e9))
  .map(([length, n]) => `${n}-`.padEnd(length, "v").slice(0, Math.max(length, 1)));
const edit: fc.Arbitrary<ModelEdit> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant("put" as const), record, value }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("put" as const), record, value: fc.constant(null) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("remove" as const), name }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("put_internal" as const), name, value }) },
);
const who = fc.constantFrom(0 as const, 1 as const);
const edits = fc.oneof({ weight: 3, arbitrary: fc.tuple(edit) }, {
  weight: 1,
  arbitrary: fc.array(edit, { minLength: 2, maxLength: 3 }),
});
const of = <K extends Operation["kind"]>(kind: K, more: object = {}) =>
  fc.record({ kind: fc.constant(kind), ...more }) as unknown as fc.Arbitrary<Operation>;
const when = fc.constantFrom("before the rename", "before the anchor", "in the last frame");
const how = fc.constantFrom("refused", "accepted", "without the anchor");
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 60, arbitrary: of("change", { who, edits, aim: fc.nat() }) },
  { weight: 5, arbitrary: of("reload", { who }) },
  { weight: 5, arbitrary: of("reopen", { who }) },
  { weight: 4, arbitrary: of("compact", { who }) },
  { weight: 4, arbitrary: of("recovery", { remove: fc.boolean() }) },
  { weight: 8, arbitrary: of("remember") },
  { weight: 8, arbitrary: of("crash", { when, cut: fc.nat() }) },
  { weight: 5, arbitrary: of("rollback", { which: fc.nat(), how }) },
  { weight: 3, arbitrary: of("fork") },
  { weight: 2, arbitrary: of("whole home", { which: fc.nat() }) },
  { weight: 4, arbitrary: of("clock", { ms: fc.constantFrom(1, 86_400_000, -86_400_000, 10 * YEAR, -10 * YEAR) }) },
);
/** A derivation costs as much as many other steps, hence one in many sequences only. */
const sequence = fc.tuple(fc.array(operation, { minLength: 4, maxLength: 20, size: "max" }), fc.nat(79))
  .map(([steps, n]): Operation[] => {
    const dear = (["passphrase", "data key", "data key"] as const)[n];
    return dear === undefined ? steps : steps.toSpliced(steps.length >> 1, 0, { kind: dear });
  });

/** What must have happened often, or the sequences proved nothing. */
const HAPPENS = [
  ...["change", "change by another process", "CONFLICT", "MISSING", "reload", "reopen", "clock set"],
  ...["recovery code replaced", "recovery code removed", "passphrase changed", "data key changed", "compact"],
  ...["crash before the rename", "crash before the anchor", "rollback refused", "rollback accepted"],
  ...["rollback without the anchor", "fork refused", "whole home put back"],
];

for (const way of SAVING_MODES) {
  Deno.test(`after any sequence of changes, crashes and rollbacks the vault holds what a Map holds (saving by ${way})`, async () => {
    const base = placeInMemory() ?? Deno.makeTempDirSync({ prefix: "tacit-model-" });
    const wall = Date.now;
    const done = new Map<string, number>();
    let [sequences, steps] = [0, 0];
    try {
      const template = await makeTemplate(base);
      Date.now = () => clock.now;
      await fc.assert(
        fc.asyncProperty(sequence, async (operations) => {
          sequences++;
          steps += operations.length;
          await runOne(base, template, way, operations, done);
        }),
        { numRuns: SEQUENCES },
      );
    } finally {
      Date.now = wall;
      if (base !== MEMORY) Deno.removeSync(base, { recursive: true });
    }
    console.log(`seed ${SEED}: ${sequences} sequences, ${steps} steps, in ${base}: ${summaryOf(done)}`);
    const happens = way === "append" ? [...HAPPENS, "crash in the last frame"] : HAPPENS;
    for (const what of happens) assert.ok((done.get(what) ?? 0) >= 5, `hardly ever: ${what}`);
  });
}

async function runOne(
  base: string,
  template: Template,
  way: Saving,
  operations: Operation[],
  done: Map<string, number>,
): Promise<void> {
  using world = new World(base, template, way);
  clock.now = STARTED;
  await new VaultRun(world, template.code, done).run(operations);
}

function placeInMemory(): string | null {
  try {
    return Deno.statSync(MEMORY).isDirectory ? MEMORY : null;
  } catch {
    return null;
  }
}

function summaryOf(done: Map<string, number>): string {
  return [...done].map(([what, count]) => `${what} ${count}`).join(", ");
}
