/**
 * Tries every mutant of the list against the tests that must notice it, and ends with `N passed, N failed`.
 *
 *   deno task mutants                 all of them
 *   deno task mutants ID…             those whose id begins so
 *   deno task mutants --jobs N        so many at once; 2 if not said
 *   deno task mutants [ID…] --write   and their rows of docs/mutants.md anew
 *
 * First the tests are run on the unchanged tree: a test that fails there notices nothing. A mutant passes if a test
 * fails over it. One over which they do not end in ten times their usual time counts as noticed and is marked, if they
 * then do end on the unchanged tree: else it was the machine that stood still.
 */
import { join } from "node:path";
import { MUTANTS } from "./list.ts";
import { type Mutant, mutated } from "./mutant.ts";
import { type Outcome, writePage } from "./page.ts";
import { endRuns, runTests, type Trial, type Workshop } from "./trial.ts";
import { makeWorkshops } from "./workshop.ts";

/** For the unchanged tree, per file. */
const BASELINE_LIMIT_MS = 300_000;
/** A mutant may take this long besides ten times what its tests take on the unchanged tree. */
const SPARE_MS = 60_000;

interface Wish {
  ids: string[];
  jobs: number;
  write: boolean;
}

const wish = readArguments(Deno.args);
const chosen = MUTANTS.filter(({ id }) => wish.ids.length === 0 || wish.ids.some((begin) => id.startsWith(begin)));
if (chosen.length === 0) throw new TypeError("Cannot try mutants: the list has none of that id");
Deno.exitCode = await main() ? 0 : 1;

async function main(): Promise<boolean> {
  await using shops = await makeWorkshops(Math.min(wish.jobs, chosen.length));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop(shops));
  const baseline = new Map<string, Trial>();
  const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))].toSorted();
  await inParallel(shops.all, tests, async (shop, test) => {
    const trial = await runTests(shop, [test], BASELINE_LIMIT_MS);
    baseline.set(test, trial);
    if (trial.ended !== "passed") console.log(`unchanged tree: ${test} ${trial.ended}: ${trial.first}`);
  });
  const sound = [...baseline.values()].filter(({ ended }) => ended === "passed").length;
  console.log(`unchanged tree: ${sound} of ${tests.length} test files pass`);

  const outcomes = new Map<string, Outcome>();
  await inParallel(shops.all, chosen, async (shop, mutant) => {
    const outcome = await tryOne(shop, mutant, baseline);
    outcomes.set(mutant.id, outcome);
    const mark = outcome.noticed ? "noticed" : "FAILED ";
    console.log(`${mark} ${mutant.id} (${outcome.seconds.toFixed(1)} s): ${outcome.by}`);
  });
  const rows = chosen.map((mutant) => ({ mutant, outcome: outcomes.get(mutant.id) as Outcome }));
  const failed = rows.filter(({ outcome }) => !outcome.noticed);
  for (const { mutant, outcome } of failed) console.log(`FAILED ${mutant.id}: ${mutant.breaks}: ${outcome.by}`);
  if (wish.write) await writePage(MUTANTS, outcomes);
  console.log(`${rows.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0;
}

async function tryOne(shop: Workshop, mutant: Mutant, baseline: ReadonlyMap<string, Trial>): Promise<Outcome> {
  const not = (by: string, seconds = 0): Outcome => ({ noticed: false, hung: false, by, seconds });
  const ruined = mutant.tests.find((test) => baseline.get(test)?.ended !== "passed");
  if (ruined !== undefined) return not(`${ruined} does not pass by itself`);
  const path = join(shop.tree, mutant.file);
  const source = await Deno.readTextFile(path);
  const changed = mutated(source, mutant);
  if (changed === null) return not("its text does not stand there exactly once");
  const usual = mutant.tests.reduce((sum, test) => sum + (baseline.get(test)?.seconds ?? 0) * 1000, 0);
  const limit = SPARE_MS + 10 * usual;
  await Deno.writeTextFile(path, changed);
  let trial: Trial;
  try {
    trial = await runTests(shop, mutant.tests, limit);
  } finally {
    await Deno.writeTextFile(path, source);
  }
  const { ended, first, seconds } = trial;
  if (ended === "passed") return not("survived", seconds);
  if (ended === "broken") return not(`the tests did not run: ${first}`, seconds);
  if (ended === "hung" && (await runTests(shop, mutant.tests, limit)).ended !== "passed") {
    return not("the tests did not end on the unchanged tree either", seconds);
  }
  return { noticed: true, hung: ended === "hung", by: first, seconds };
}

/** `work` on each item, one per shop at a time. */
async function inParallel<T>(
  shops: readonly Workshop[],
  items: readonly T[],
  work: (shop: Workshop, item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(shops.map(async (shop) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(shop, item);
  }));
}

/** Leaves nothing behind when it is told to end. */
function stop(shops: AsyncDisposable): void {
  endRuns();
  void (async () => {
    await shops[Symbol.asyncDispose]();
    Deno.exit(130);
  })();
}

function readArguments(words: readonly string[]): Wish {
  const read: Wish = { ids: [], jobs: 2, write: false };
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--write") read.write = true;
    else if (word === "--jobs") read.jobs = Number(words[++i]);
    else if (word.startsWith("-")) throw new TypeError(`Cannot try mutants: "${word}" is no option`);
    else read.ids.push(word);
  }
  if (!(Number.isInteger(read.jobs) && read.jobs >= 1)) {
    throw new TypeError('Cannot try mutants: "--jobs" needs a count');
  }
  return read;
}
