/** Processes of one throw-away home: its path, which no other run has, is one of their arguments. */

/** Rounds of `ROUND_MS` that a process has to end when it is asked; then it is killed. */
const ROUNDS = 1500;
const ROUND_MS = 20;

/** Process ids, this process excluded. Linux only: elsewhere none are found. */
export function processesOf(home: string): number[] {
  if (Deno.build.os !== "linux") return [];
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    try {
      if (Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0").includes(home)) found.push(Number(name));
    } catch { /* it ended meanwhile, or is not ours to look at */ }
  }
  return found;
}

/** Ends them with `signal` and waits until they have gone; false if some had to be killed after half a minute. */
export async function endProcessesOf(home: string, signal: Deno.Signal = "SIGTERM"): Promise<boolean> {
  for (let round = 0; round <= ROUNDS; round++) {
    const pids = processesOf(home);
    if (pids.length === 0) return true;
    // Again from time to time: one that was asked may have started another meanwhile.
    for (const pid of round % 50 === 0 ? pids : []) {
      try {
        Deno.kill(pid, round === ROUNDS ? "SIGKILL" : signal);
      } catch { /* it went by itself */ }
    }
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  return false;
}
