/** Runs one target in a process of its own and watches it: a hang and a death are findings like any other. */
import { toHex } from "../../lib/bytes.ts";
import type { Report } from "./child.ts";
import { readTrace } from "./trace.ts";

/** Of the processor's time one input may take so much: a thousand times what the slowest does. */
const HANG_MS = 10_000;
/** One input may take so long by the clock. A machine that is busy with disks lets a process wait for a minute. */
const STUCK_MS = 300_000;
/** Until the first input: loading and building the corpus on a machine that does much else. */
const START_MS = 120_000;
const LOOK_MS = 500;

/** What became of one target's process. */
export interface Watched {
  name: string;
  report: Report | null;
  /** Where there is no report: what happened, and the input that it happened with. */
  lost: { what: string; hex: string } | null;
}

const running = new Set<Deno.ChildProcess>();

/** Ends all processes that were started here. */
export function endAll(): void {
  for (const child of running) {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
  }
}

/** Another process and less patience, to prove that a hang and a death are seen. */
export interface TestOnly {
  child: string;
  hangMs: number;
}

/** Runs the target `name` for so many seconds. */
export async function watch(name: string, seed: number, seconds: number, testOnly?: TestOnly): Promise<Watched> {
  const directory = Deno.makeTempDirSync({ prefix: `tacit-fuzz-${name}-` });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-prompt", "--v8-flags=--expose-gc"],
      testOnly?.child ?? new URL("child.ts", import.meta.url).pathname,
      ...[name, String(seed), String(seconds), directory],
    ],
    // What a target makes lies where it is cleaned away even if the process dies.
    env: { TMPDIR: directory },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  running.add(child);
  try {
    const hung = await untilEnded(child, `${directory}/trace`, testOnly?.hangMs ?? HANG_MS);
    const { code, signal } = await child.status;
    const text = await Deno.readTextFile(`${directory}/result.json`).catch(() => null);
    if (text !== null && hung === null) return { name, report: JSON.parse(text) as Report, lost: null };
    const what = hung ?? `the process ended with ${signal ?? `status ${code}`}`;
    return {
      name,
      report: null,
      lost: { what, hex: toHex(readTrace(`${directory}/trace`)?.input ?? new Uint8Array(0)) },
    };
  } finally {
    running.delete(child);
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Waits for the process; ends it if it stays at one input for too long, and says so. A test has less patience. */
async function untilEnded(child: Deno.ChildProcess, trace: string, hangMs: number): Promise<string | null> {
  let ended = false;
  const status = child.status.then(() => ended = true);
  let [count, since, spent] = [0, performance.now(), 0];
  while (!ended) {
    await Promise.race([status, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
    const now = readTrace(trace)?.count ?? 0;
    if (now !== count) [count, since, spent] = [now, performance.now(), processorMs(child.pid)];
    const waited = performance.now() - since;
    const hangs = count > 0 && processorMs(child.pid) - spent > hangMs;
    if (ended || !hangs && waited < (count === 0 ? START_MS : STUCK_MS)) continue;
    child.kill("SIGKILL");
    await status;
    return count === 0 ? "the target did not start" : `one input takes longer than ${Math.round(waited / 1000)} s`;
  }
  return null;
}

/** Processor time of a process and its threads, or 0 where the system does not say. */
function processorMs(pid: number): number {
  try {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
    // utime and stime, in hundredths of a second.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
