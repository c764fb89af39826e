import assert from "node:assert/strict";
import { ROOT } from "../../tools/toolchain.ts";
import { filesUnder } from "./module_graph.ts";
import { chance, fc, SEED } from "./seed.ts";

const SOURCES = (await filesUnder(ROOT, ["commands", "lib", "wasm", "tests", "tools", "bench"]))
  .filter((path) => path.endsWith(".ts") && path !== "tests/kit/seed.ts" && path !== "tests/kit/seed_test.ts");

Deno.test("tests take chance from one seed: nobody else imports fast-check or draws without a seed", () => {
  assert.ok(SOURCES.length > 200);
  const own = SOURCES.filter((path) =>
    /from "fast-check"|Math\.random\(/.test(Deno.readTextFileSync(`${ROOT}${path}`))
  );
  assert.deepEqual(own, []);
});

Deno.test("the same seed gives the same draws, another label others", () => {
  const draw = (label: string) => Array.from({ length: 4 }, chance(label));
  assert.deepEqual(draw("a"), draw("a"));
  assert.notDeepEqual(draw("a"), draw("b"));
  assert.ok(draw("a").every((n) => n >= 0 && n < 1));
  assert.equal(fc.readConfigureGlobal().seed, SEED);
  assert.deepEqual(fc.sample(fc.nat(), 5), fc.sample(fc.nat(), 5));
});
