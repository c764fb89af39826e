/** Time that work takes of a processor, which another process on a busy machine cannot add to as it does to a clock. */
import process from "node:process";

/** Milliseconds of processor time that `work` takes, those of the runtime's other threads included. */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return sinceThen(before);
}

/** The same for work that is not asynchronous. */
export function processorMsSync(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  return sinceThen(before);
}

/** Milliseconds of processor time of the fastest of three runs: the first may pay for what is compiled. */
export async function fastest(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push(await processorMs(work));
  return Math.min(...times);
}

function sinceThen(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
