/**
 * `deno task build`: main.ts → dist/tacit. Options: `--release` (official compile runtime only), `--out FILE`.
 * Needs Node and npm besides Deno, and no variable to be set.
 */
import { resolve } from "node:path";
import { bundle } from "./bundle.ts";
import { denortFromNpm } from "./denort.ts";
import { COMPILED_WITH, compiler, denoEnvironment, type Finished, ROOT, run } from "./toolchain.ts";

/** What `deno compile` prints when its own download is out of reach. */
const DOWNLOAD_FAILED = /Setting up base binary|error sending request|denort/;

/**
 * Compiles one JavaScript file, and what it imports, into the program `out`. Returns which runtime was used.
 * @throws {Error} if the compiler fails, or if `release` is set and the official runtime is out of reach.
 */
export async function compile(entry: string, out: string, release = false): Promise<"official" | "given" | "npm"> {
  const given = Deno.env.get("DENORT_BIN");
  if (release && given !== undefined) throw new Error("Cannot build a release: DENORT_BIN names another runtime");
  const first = await compileWith(entry, out, {});
  if (first.code === 0) return given === undefined ? "official" : "given";
  if (release || given !== undefined || !DOWNLOAD_FAILED.test(first.stderr)) throw failure(first);
  const second = await compileWith(entry, out, { DENORT_BIN: await denortFromNpm() });
  if (second.code !== 0) throw failure(second);
  return "npm";
}

/** A directory without deno.json, and no code cache: it would live under a predictable name in the shared /tmp. */
function compileWith(entry: string, out: string, env: Record<string, string>): Promise<Finished> {
  const flags = ["--no-config", "--no-check", "-A", "--no-code-cache", "--output", out];
  const cwd = entry.replace(/\/[^/]*$/, "");
  return run([...compiler(), "compile", ...flags, entry], { cwd, env: { ...denoEnvironment(), ...env } });
}

function failure(result: Finished): Error {
  return new Error(`Cannot compile: status ${result.code}: ${result.stderr.trim()}`);
}

async function build(): Promise<void> {
  const release = Deno.args.includes("--release");
  const named = Deno.args.indexOf("--out");
  const out = named < 0 ? `${ROOT}dist/tacit` : resolve(Deno.args[named + 1] ?? "tacit");
  const started = Date.now();
  const scratch = await Deno.makeTempDir({ prefix: "tacit-build-" });
  try {
    await Deno.mkdir(`${scratch}/js`);
    const made = await bundle("main.ts", `${scratch}/js`);
    const runtime = await compile(made.entry, `${scratch}/tacit`, release);
    await Deno.mkdir(out.replace(/\/[^/]*$/, ""), { recursive: true });
    // A copy beside the target and a rename: a running program of that name keeps its old file.
    await Deno.copyFile(`${scratch}/tacit`, `${out}.new`);
    await Deno.rename(`${out}.new`, out);
    const fast = Object.entries(made.fastPath).map(([verb, bytes]) => `${verb} ${(bytes / 1024).toFixed(0)} KiB`);
    console.log(`built ${out} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    console.log(`  bundle: ${made.files} files, ${(made.bytes / 1024).toFixed(0)} KiB; loaded by ${fast.join(", ")}`);
    console.log(`  runtime: Deno ${COMPILED_WITH}, ${runtime}${runtime === "official" ? "" : " (not for a release)"}`);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    await build();
  } catch (error) {
    console.error(`build: error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
