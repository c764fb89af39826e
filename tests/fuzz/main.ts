/**
 * Fuzzes what reads bytes of foreign origin.
 *
 *   deno task fuzz                          all targets, 60 s each
 *   deno task fuzz vault hook --seconds 3600
 *   deno task fuzz --seed 7 --jobs 1
 *   deno task fuzz vault --replay HEX       one input, as a finding printed it
 *
 * With the same seed the same inputs come in the same order; how many there are is a matter of time. The seed is 1 where
 * CI is set, so that a run there is the beginning of one that was seen to pass, and another one each time elsewhere.
 * Ends with `N passed, N failed`: per target its corpus, its inputs, what they reached, and its memory.
 */
import { fromHex } from "../../lib/bytes.ts";
import type { Report } from "./child.ts";
import { TARGETS } from "./targets.ts";
import { endAll, watch, type Watched } from "./watch.ts";

/** What lives after a collection may grow by so much between a quarter of the time and its end: caches of the engine. */
const LIVE_GROWTH = 8 * 2 ** 20;
/** What is resident may at any moment be so much above it: the engine gives memory back late. */
const PEAK_GROWTH = 192 * 2 ** 20;

const MIB = 2 ** 20;

interface Options {
  names: string[];
  seconds: number;
  seed: number;
  jobs: number;
  replay: string | null;
}

function optionsOf(words: readonly string[]): Options {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  const jobs = Math.min(2, navigator.hardwareConcurrency);
  const options: Options = { names: [], seconds: 60, seed: Deno.env.has("CI") ? 1 : fresh, jobs, replay: null };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const value = word.startsWith("--") ? rest.shift() ?? "" : "";
    if (word === "--replay") options.replay = value;
    else if (word === "--seconds" || word === "--seed" || word === "--jobs") {
      const n = Number(value);
      if (value === "" || !(n > 0)) throw new TypeError(`Cannot fuzz: ${word} needs a number above 0`);
      options[word.slice(2) as "seconds" | "seed" | "jobs"] = n;
    } else if (Object.hasOwn(TARGETS, word)) options.names.push(word);
    else throw new TypeError(`Cannot fuzz "${word}": there are the targets ${Object.keys(TARGETS).join(", ")}`);
  }
  return options;
}

/** The checks of one target: what each found wrong, or null. */
export function checksOf({ report, lost }: Watched): (string | null)[] {
  if (report === null) return [lost?.what ?? "it left no report"];
  const { corpus, found, unreached, warm, end } = report;
  const grows = warm !== null && (end.live - warm.live > LIVE_GROWTH || end.peak - warm.resident > PEAK_GROWTH);
  return [
    corpus.length === 0 ? null : corpus.join("; "),
    found === null ? null : found.what,
    unreached.length === 0 || found !== null ? null : `not reached: ${unreached.join(", ")}`,
    grows ? "memory grows" : null,
  ];
}

function print(name: string, seed: number, report: Report): void {
  const { inputs, ms, corpusSize, outcomes, warm, end } = report;
  const sorted = Object.fromEntries(Object.entries(outcomes).sort(([, a], [, b]) => b - a));
  const seconds = (ms / 1000).toFixed(1);
  console.log(
    `${name}: ${inputs} inputs in ${seconds} s, seed ${seed}, corpus ${corpusSize}, outcomes ${JSON.stringify(sorted)}`,
  );
  const mib = (n: number) => (n / MIB).toFixed(1);
  const then = warm === null ? "" : `${mib(warm.live)} MiB live and ${mib(warm.resident)} resident, at the end `;
  console.log(`${name}: memory ${then}${mib(end.live)} MiB live, at most ${mib(end.peak)} resident`);
}

/** How to see a finding again. */
function printFinding(name: string, what: string, hex: string): void {
  console.log(`${name}: FOUND ${what}`);
  console.log(`${name}: ${hex.length / 2} bytes; deno task fuzz ${name} --replay ${hex === "" ? '""' : hex}`);
}

async function replay(name: string, hex: string): Promise<void> {
  const target = await TARGETS[name]?.();
  if (target === undefined) throw new TypeError("Cannot replay: name one target");
  try {
    console.log(`${name}: ${await target.run(fromHex(hex), true)}`);
    console.log("1 passed, 0 failed");
  } finally {
    await target.close?.();
  }
}

async function fuzz({ names, seconds, seed, jobs }: Options): Promise<number> {
  let [passed, failed] = [0, 0];
  const queue = names.length > 0 ? [...names] : Object.keys(TARGETS);
  const work = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const watched = await watch(name, seed, seconds);
      if (watched.report !== null) print(name, seed, watched.report);
      const { found = null } = watched.report ?? {};
      if (found !== null) printFinding(name, `${found.what} (input ${found.number})`, found.hex);
      if (watched.lost !== null) printFinding(name, watched.lost.what, watched.lost.hex);
      for (const fault of checksOf(watched)) {
        if (fault === null) passed++;
        else failed++;
        if (fault !== null && fault !== found?.what) console.log(`${name}: FAILED ${fault}`);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}

if (import.meta.main) {
  const options = optionsOf(Deno.args);
  if (options.replay !== null) await replay(options.names[0] ?? "", options.replay);
  else {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => {
        endAll();
        Deno.exit(1);
      });
    }
    Deno.exit(await fuzz(options) === 0 ? 0 : 1);
  }
}
