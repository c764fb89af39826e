/**
 * A trial: a short list of changes, what each makes of the contents, and how to look at what is really there. What must
 * hold when a file operation goes wrong meanwhile is judged here, alike for the vault and for every other file.
 *
 * The promise: an acknowledged change is there; a refused one is there as a whole or not at all, and what the next
 * look shows stays; a refusal is an error of the room's own; nothing is refused later without a cause of its own.
 */
import type { Fault, Faults } from "./fault_library.ts";

/** What is stored, as texts by name. */
export type Contents = Readonly<Record<string, string>>;

export interface Step {
  name: string;
  run(): Promise<void> | void;
  /** The contents afterwards. */
  effect(before: Contents): Contents;
}

export interface Trial {
  /** Contents before the first step. */
  before: Contents;
  /** Makes ready what the steps use; nothing goes wrong meanwhile. */
  begin(): Promise<void> | void;
  steps: Step[];
  /** A change that must succeed on the same objects once nothing goes wrong any more. */
  last: Step;
  /** What is stored, read without changing anything; `rank` must never fall. Null if there is nothing yet. */
  look(): Promise<Sight | null>;
  /** The name of a refusal, or null for an error that is not the room's own. */
  faultOf(error: unknown): string | null;
  /**
   * Opens everything anew, as a user would afterwards. Breaches: contents that are none of `possible`, something
   * unreadable, something left behind. `excuse` is the one operation that went wrong, with its path; `disk` if all went
   * wrong from some point on, `crash` if the process was ended, `power cut`; empty if all was well.
   */
  finish(possible: Contents[], excuse: string): Promise<string[]>;
}

export interface Sight {
  contents: Contents;
  rank: number;
}

/** What came of one run of a trial. */
export interface Told {
  /** Operations that were counted, and how many went wrong. */
  seen: number;
  hits: number;
  /** The last one that went wrong. */
  last: string;
  /** Per step: `ack`, or the name of the refusal. */
  outcomes: string[];
  /** Broken promises; empty if all is well. */
  breaches: string[];
}

/** Runs the steps with `fault` armed, and judges. `announce` hears when a step begins and ends. */
export async function tellTrial(
  trial: Trial,
  faults: Faults,
  fault: Fault,
  announce: (line: string) => void = () => {},
): Promise<Told> {
  const breaches: string[] = [];
  const outcomes: string[] = [];
  let contents = trial.before;
  let rank = 0;
  faults.arm(fault);
  for (const [i, step] of [...trial.steps, trial.last].entries()) {
    faults.pause(step === trial.last);
    announce(`begin ${i}`);
    const hits = faults.hits;
    const refusal = await refusalOf(trial, step);
    faults.pause(true);
    announce(`${refusal === null ? "ack" : "refused"} ${i}`);
    outcomes.push(refusal === null ? "ack" : refusal.fault ?? "untyped");
    if (refusal !== null && refusal.fault === null) breaches.push(`${step.name}: untyped: ${refusal.message}`);
    if (refusal !== null && faults.hits === hits) breaches.push(`${step.name}: no cause: ${refusal.message}`);
    const sight = await lookAt(trial);
    if (typeof sight === "string") {
      breaches.push(`${step.name}: unreadable: ${sight}`);
      continue;
    }
    const there = textOf(sight?.contents ?? {});
    const wanted = step.effect(contents);
    if (there === textOf(wanted)) contents = wanted;
    else if (refusal === null) breaches.push(`${step.name}: acknowledged, and there is ${there}`);
    else if (there !== textOf(contents)) breaches.push(`${step.name}: torn: there is ${there}`);
    if (sight !== null && sight.rank < rank) breaches.push(`${step.name}: rank fell from ${rank} to ${sight.rank}`);
    rank = sight?.rank ?? rank;
  }
  const { seen, hits, last } = faults;
  breaches.push(...await trial.finish([contents], (fault.times ?? 1) > 1 ? "disk" : last));
  return { seen, hits, last, outcomes, breaches };
}

/** Runs the steps with `fault` armed and nothing looked at, so that a log holds what the steps do and nothing else. */
export async function recordTrial(trial: Trial, faults: Faults, fault: Fault): Promise<void> {
  faults.arm(fault);
  faults.pause(false);
  for (const [i, step] of trial.steps.entries()) {
    faults.note(`begin ${i}`);
    const refusal = await refusalOf(trial, step);
    faults.note(`${refusal === null ? "ack" : "refused"} ${i}`);
  }
  faults.pause(true);
}

/** Contents that may be there once the first `acked` steps were acknowledged, and the next one had begun or not. */
export function possibleAfter(trial: Pick<Trial, "before" | "steps">, acked: number, begun: boolean): Contents[] {
  let contents = trial.before;
  for (const step of trial.steps.slice(0, acked)) contents = step.effect(contents);
  const next = trial.steps[acked];
  return begun && next !== undefined ? [contents, next.effect(contents)] : [contents];
}

/** A text that is the same for the same contents. */
export function textOf(contents: Contents): string {
  return JSON.stringify(Object.entries(contents).sort(([a], [b]) => a < b ? -1 : 1));
}

async function refusalOf(trial: Trial, step: Step): Promise<{ fault: string | null; message: string } | null> {
  try {
    await step.run();
    return null;
  } catch (error) {
    return { fault: trial.faultOf(error), message: String(error) };
  }
}

async function lookAt(trial: Trial): Promise<Sight | null | string> {
  try {
    return await trial.look();
  } catch (error) {
    return String(error);
  }
}
