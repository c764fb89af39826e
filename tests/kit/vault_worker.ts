/**
 * The process in which files go wrong: runs one trial again and again, each time with another fault, and prints one
 * line of JSON per case. The job stands on standard input. With `announce` the steps are printed as they begin and end,
 * each line written before the process goes on, for cases in which it does not live to the end.
 */
import { copyHome } from "./saved_home.ts";
import { type Fault, Faults } from "./fault_library.ts";
import { recordTrial, tellTrial, type Told } from "./trial.ts";
import { type TrialName, trialOf } from "./trials.ts";

export interface Job {
  trial: TrialName;
  /** Where the trial takes place, and what it is filled with before each case. */
  home: string;
  seed: string;
  cases: Fault[];
  announce?: boolean;
  /** Files that take the logs of the cases, one each. Nothing is judged then, and nothing printed. */
  logs?: string[];
}

/** One printed line. */
export type Case = Told & { fault: Fault };

if (import.meta.main) {
  const job: Job = JSON.parse(await new Response(Deno.stdin.readable).text());
  const faults = new Faults(Deno.env.get("LD_PRELOAD") ?? "");
  const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  for (const [i, fault] of job.cases.entries()) {
    faults.pause(true);
    copyHome(job.seed, job.home);
    const trial = trialOf(job.trial, job.home);
    await trial.begin();
    const log = job.logs?.[i];
    if (log !== undefined) {
      faults.logTo(log);
      await recordTrial(trial, faults, fault);
      continue;
    }
    const told = await tellTrial(trial, faults, fault, job.announce ? say : undefined);
    say(JSON.stringify({ fault, ...told }));
  }
}
