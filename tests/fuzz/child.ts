/**
 * One target in a process of its own, started by main.ts: `child.ts TARGET SEED SECONDS DIRECTORY`. Leaves `trace` and
 * `result.json` in the directory.
 */
import { toHex } from "../../lib/bytes.ts";
import { campaign, type Result } from "./campaign.ts";
import { TARGETS } from "./targets.ts";
import { TraceWriter } from "./trace.ts";

/** What a process holds, in bytes. */
export interface Memory {
  /** On the heap and beside it, after a collection. */
  live: number;
  resident: number;
  /** The most that was ever resident; where the system does not say, what is now. */
  peak: number;
}

/** What a child has to say. */
export interface Report extends Omit<Result, "found"> {
  corpusSize: number;
  found: { number: number; what: string; hex: string } | null;
  warm: Memory | null;
  end: Memory;
}

function memory(): Memory {
  // Present with --expose-gc.
  const { gc } = globalThis as { gc?: () => void };
  for (let i = 0; i < 3; i++) gc?.();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { live: heapUsed + external, resident: rss, peak: peak() ?? rss };
}

function peak(): number | null {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const [name = "", seed = "", seconds = "", directory = ""] = Deno.args;
  const target = await TARGETS[name]?.();
  if (target === undefined) throw new TypeError(`Cannot fuzz "${name}": there is no such target`);
  const trace = new TraceWriter(`${directory}/trace`);
  let warm: Memory | null = null;
  const result = await campaign(target, {
    seed: Number(seed),
    ms: Number(seconds) * 1000,
    before: (input) => trace.write(input),
    warm: () => warm = memory(),
  });
  const { found, ...rest } = result;
  const end = memory();
  await target.close?.();
  trace.close();
  const report: Report = {
    ...rest,
    corpusSize: target.corpus.length,
    found: found === null ? null : { number: found.number, what: found.what, hex: toHex(found.input) },
    warm,
    end,
  };
  Deno.writeTextFileSync(`${directory}/result.json`, JSON.stringify(report));
}
