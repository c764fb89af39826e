/**
 * Runs the unit suite and ends with `N passed, N failed`, counted from the runner's own summary.
 *
 *   deno run -A tools/run_tests.ts              everything but what needs the compiled program or a real agent
 *   deno run -A tools/run_tests.ts --compiled-with   the same on the Deno that runs inside the compiled program
 *   deno run -A tools/run_tests.ts --binary     tests/cli against dist/tacit
 *   deno run -A tools/run_tests.ts --binary tests/probe     the hardening probe, against dist/tacit
 *   deno run -A tools/run_tests.ts --reliability     tests/reliability: crashes, faults, damage; CI's depth
 *   deno run -A tools/run_tests.ts --torture    the same, as deep as docs/reliability.md says
 *   deno run -A tools/run_tests.ts PATH…        only these
 *
 * A runner that dies, or that runs no test, counts as one failure.
 */
import { compiler, denoEnvironment, ROOT } from "./toolchain.ts";

/** Directories whose `*_test.ts` files are the unit suite. */
const SUITE = ["commands", "lib", "wasm", "tests", "tools"];

const options = Deno.args.filter((argument) => argument.startsWith("--"));
const paths = Deno.args.filter((argument) => !argument.startsWith("--"));
const onCompiler = options.includes("--compiled-with");
const onBinary = options.includes("--binary");
const onTorture = options.includes("--torture");
const onReliability = onTorture || options.includes("--reliability");

const runner = onCompiler ? compiler() : [Deno.execPath()];
// tests/cli runs on the older version inside the compiled program, which is how its users meet it.
const apart = ["tests/reliability", "tests/probe", ...(onCompiler ? ["tests/cli"] : [])];
// Types are checked once, by the version that develops; the other one ships an older TypeScript.
const old = ["--no-check", "--preload", `${ROOT}tools/quiet_sanitizers.ts`];
const flags = ["test", "-A", "--no-prompt", "--parallel", ...(onCompiler ? old : [])];
const group = onBinary ? ["tests/cli"] : onReliability ? ["tests/reliability"] : await existing(SUITE);
const what = paths.length > 0 ? paths : group;

const env = denoEnvironment();
if (onTorture) env["TACIT_TORTURE"] = "1";
if (onBinary) env["TACIT_TEST_BINARY"] = Deno.env.get("TACIT_TEST_BINARY") ?? `${ROOT}dist/tacit`;

const [program = "deno", ...prefix] = runner;
const child = new Deno.Command(program, {
  args: [...prefix, ...flags, ...what],
  cwd: ROOT,
  env,
  stdin: "null",
  stdout: "piped",
  stderr: "inherit",
}).spawn();

const text = await copy(child.stdout);
const { code } = await child.status;
const { passed, failed } = count(text, code);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);

/** Passes everything on as it comes, and returns it. */
async function copy(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let all = "";
  for await (const chunk of stream) {
    await Deno.stdout.write(chunk);
    all += decoder.decode(chunk, { stream: true });
  }
  return all;
}

/** The runner's summary line, `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`. */
function count(text: string, code: number): { passed: number; failed: number } {
  const summary = [...text.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm)].at(-1);
  const passed = Number(summary?.[1] ?? 0);
  const failed = Number(summary?.[2] ?? 0);
  const silent = passed + failed === 0 || (code !== 0 && failed === 0);
  return { passed, failed: silent ? failed + 1 : failed };
}

async function existing(directories: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of directories) {
    if ((await Deno.stat(`${ROOT}${name}`).catch(() => null))?.isDirectory) found.push(name);
  }
  // What stands apart is left out by naming the rest: with several paths the runner does not heed every --ignore.
  const inTests = [...Deno.readDirSync(`${ROOT}tests`)].filter(({ isDirectory, name }) =>
    isDirectory ? !apart.includes(`tests/${name}`) : name.endsWith("_test.ts")
  ).map(({ name }) => `tests/${name}`).sort();
  return found.flatMap((name) => name === "tests" ? inTests : [name]);
}
