/**
 * Runs every test that draws at random, with a fresh seed, and prints the seed: the suite itself uses one that is fixed,
 * so that it means the same each time. tests/kit/seed.ts.
 *
 *   deno task explore             a fresh seed
 *   deno task explore SEED        this one
 */
import { filesUnder } from "../tests/kit/module_graph.ts";
import { denoEnvironment, ROOT } from "./toolchain.ts";

const seed = Deno.args[0] ?? String(crypto.getRandomValues(new Uint32Array(1))[0]);
const tests = (await filesUnder(ROOT, ["commands", "lib", "wasm", "tests", "tools"]))
  .filter((path) =>
    path.endsWith("_test.ts") && /from "[./a-z]*\/seed\.ts"/.test(Deno.readTextFileSync(`${ROOT}${path}`))
  );
if (tests.length === 0) throw new Error("Cannot explore: no test draws at random");
console.log(`TACIT_TEST_SEED=${seed} for ${tests.length} test files`);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", `${ROOT}tools/run_tests.ts`, ...tests],
  cwd: ROOT,
  env: { ...denoEnvironment(), TACIT_TEST_SEED: seed },
  stdin: "null",
}).spawn().status;
if (code !== 0) console.log(`TACIT_TEST_SEED=${seed}`);
Deno.exit(code);
