/** Runs test files of one copy of the tree, in a process group of their own that ends with the run. */
import { denoEnvironment } from "../../tools/toolchain.ts";

/** How a run of tests ended. */
export interface Trial {
  ended: "passed" | "failed" | "hung" | "broken";
  /** The first test that failed, as `file: "name"`; for a broken run the reason. */
  first: string;
  seconds: number;
}

/** Where one job works: a copy of the tree, and places for what its tests make. */
export interface Workshop {
  readonly tree: string;
  readonly tmp: string;
  readonly runs: string;
}

/** Process groups that run now. */
const running = new Set<number>();

/** Ends whatever runs. */
export function endRuns(): void {
  for (const pid of running) kill(-pid);
}

/** Runs `files` until the first failure, for at most `limitMs`. */
export async function runTests(shop: Workshop, files: readonly string[], limitMs: number): Promise<Trial> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-prompt", "--no-check", "--fail-fast", ...files],
    cwd: shop.tree,
    env: { ...denoEnvironment(), TMPDIR: shop.tmp, TACIT_TEST_RUNS: shop.runs },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    // A group of its own, so that a run that hangs ends with everything it started.
    detached: true,
  }).spawn();
  running.add(child.pid);
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    kill(-child.pid);
  }, limitMs);
  const [out, err, { code }] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  clearTimeout(timer);
  kill(-child.pid);
  running.delete(child.pid);
  endLeftovers(shop);
  const seconds = (performance.now() - started) / 1000;
  if (hung) return { ended: "hung", first: `no answer in ${Math.round(limitMs / 1000)} s`, seconds };
  return { ...judge(out, err, code), seconds };
}

/** What the runner's own words say; a run without a counted failure is no failure of a test. */
function judge(out: string, err: string, code: number): Pick<Trial, "ended" | "first"> {
  const summary = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/m.exec(out);
  const passed = Number(summary?.[1] ?? 0), failed = Number(summary?.[2] ?? 0);
  if (code === 0 && passed > 0 && failed === 0) return { ended: "passed", first: "" };
  const unreadable = /The module's source code could not be parsed|SyntaxError/.exec(out + err);
  if (unreadable !== null) return { ended: "broken", first: "its source does not parse" };
  if (failed === 0) return { ended: "broken", first: (err || out).trim().split("\n").at(-1)?.slice(0, 200) ?? "" };
  const listed = out.split(/^ ?FAILURES ?$/m)[1] ?? "";
  const test = /^(.+?) => (?:\.\/)?(\S+?_test\.ts):\d+/m.exec(listed);
  const file = /^(?:\.\/)?(\S+?_test\.ts) \(uncaught error\)/m.exec(listed);
  if (test !== null) return { ended: "failed", first: `\`${test[2]}\`: ${test[1]?.replaceAll("`", "'")}` };
  return { ended: "failed", first: file === null ? "a test" : `\`${file[1]}\`: it cannot even be loaded` };
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* it has ended */ }
}

/** Daemons have sessions of their own; that one is of this run is told by the run's own directories in its words. */
function endLeftovers(shop: Workshop): void {
  if (Deno.build.os !== "linux") return;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    try {
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      if (words.includes(`${shop.tmp}/`) || words.includes(`${shop.runs}/`)) kill(Number(name));
    } catch { /* it ended meanwhile, or is not ours to look at */ }
  }
}
