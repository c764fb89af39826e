/**
 * Timing of whole processes, as whoever waits for them feels it. Only ratios within one run mean anything: the
 * candidates take turns, so that a busy machine slows all of them alike.
 */

/** One program to time. It must end by itself with status 0. */
export interface Candidate {
  name: string;
  command: string[];
  stdin?: string;
  cwd?: string;
  env?: Record<string, string>;
}

/** Wall-clock milliseconds of one candidate. */
export interface Times {
  name: string;
  median: number;
  least: number;
  p95: number;
  /** Each round's time; the same place in two candidates is the same moment. */
  rounds: number[];
}

/** How `a` compares with `b`: the median of the rounds' own ratios, which a passing load cannot bend. */
export function pairedRatio(a: Times, b: Times): number {
  return spread(a.rounds.map((ms, i) => ms / (b.rounds[i] ?? NaN))).median;
}

/**
 * Runs the candidates in turn, `rounds` times each after two unmeasured rounds, and returns their times in order.
 * @throws {Error} if one ends with another status than 0: a program that fails is fast, and no measure.
 */
export async function takeTurns(candidates: Candidate[], rounds: number): Promise<Times[]> {
  const times = candidates.map(() => [] as number[]);
  for (let round = -2; round < rounds; round++) {
    for (const [i, candidate] of candidates.entries()) {
      const ms = await once(candidate);
      if (round >= 0) times[i]?.push(ms);
    }
  }
  return candidates.map((candidate, i) => ({
    name: candidate.name,
    ...spread(times[i] ?? []),
    rounds: times[i] ?? [],
  }));
}

/** Median, least and 95th percentile of some numbers. */
export function spread(values: number[]): { median: number; least: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { median: at(0.5), least: at(0), p95: at(0.95) };
}

async function once(candidate: Candidate): Promise<number> {
  const [program = "", ...args] = candidate.command;
  const started = performance.now();
  const child = new Deno.Command(program, {
    args,
    env: candidate.env ?? {},
    clearEnv: candidate.env !== undefined,
    ...(candidate.cwd === undefined ? {} : { cwd: candidate.cwd }),
    stdin: candidate.stdin === undefined ? "null" : "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  if (candidate.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(candidate.stdin));
    await writer.close();
  }
  const [status, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  const ms = performance.now() - started;
  if (status.code !== 0) throw new Error(`Cannot time "${candidate.name}": status ${status.code}: ${stderr.trim()}`);
  return ms;
}
