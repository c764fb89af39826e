/** Milliseconds of the fastest of three runs: a busy machine may stop any single one for longer than a limit. */
export async function fastest(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return Math.min(...times);
}
