/** Runs trials in a process in which files go wrong. */
import type { Fault, FaultLibrary } from "./fault_library.ts";
import type { Tree } from "./model_disk.ts";
import { type Logged, parseLog } from "./operation_log.ts";
import { copyHome, fastDirectory, treeBelow } from "./saved_home.ts";
import { seedTrial, type TrialName } from "./trials.ts";
import type { Case, Job } from "./vault_worker.ts";

const WORKER = new URL("vault_worker.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
/** For a process and for each of its cases: a hundred times what they take on an idle machine. */
const LIMIT_MS = 100_000;
const LIMIT_PER_CASE_MS = 5_000;

/** One trial with its seeded home. */
export interface FaultRuns extends Disposable {
  /** Where the trial takes place. */
  readonly home: string;
  /** Puts the seeded files back into the home. */
  reset(): void;
  /** Runs every case in one process. */
  run(cases: Fault[]): Promise<Case[]>;
  /** Runs every case in one process and returns the log of each; the home stays as the last one left it. */
  record(cases: Fault[]): Promise<Logged[][]>;
  /** Runs one case in a process of its own, which may die of it; returns what it printed. */
  runToDeath(fault: Fault): Promise<string[]>;
  /** What the home is seeded with, and what it holds now. */
  seeded(): Tree;
  now(): Tree;
}

/** Seeds a home for `trial`. */
export async function faultRuns(library: FaultLibrary, trial: TrialName): Promise<FaultRuns> {
  const base = fastDirectory();
  const [home, seed] = [`${base}/home`, `${base}/seed`];
  for (const path of [home, seed]) Deno.mkdirSync(path, { mode: 0o700 });
  await seedTrial(trial, seed);
  const start = async (job: Partial<Job>) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-prompt", "--no-check", "--config", CONFIG, WORKER],
      env: library.environment(home),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(LIMIT_MS + LIMIT_PER_CASE_MS * (job.cases?.length ?? 0)),
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify({ trial, home, seed, cases: [], ...job })));
    await writer.close();
    const { signal, success, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    if (!success && signal !== "SIGKILL") throw new Error(`Cannot run the trial: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout).split("\n").filter((line) => line !== "");
  };
  return {
    home,
    reset: () => copyHome(seed, home),
    run: async (cases) => {
      const lines = await start({ cases });
      if (lines.length !== cases.length) {
        throw new Error(`Cannot run the trial: ${lines.length} of ${cases.length} ended`);
      }
      return lines.map((line) => JSON.parse(line));
    },
    record: async (cases) => {
      const logs = cases.map((_, i) => `${base}/log ${i}`);
      await start({ cases, logs });
      return logs.map((log) => {
        const bytes = Deno.readFileSync(log);
        Deno.removeSync(log);
        return parseLog(bytes);
      });
    },
    runToDeath: (fault) => start({ cases: [fault], announce: true }),
    seeded: () => treeBelow(seed),
    now: () => treeBelow(home),
    [Symbol.dispose]: () => Deno.removeSync(base, { recursive: true }),
  };
}
