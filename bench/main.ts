/**
 * `deno task bench [NAME…]`: every bench of this directory, each in a process of its own so that none warms up
 * another. It prints figures against budgets (docs/architecture.md, "Budgets") and never fails on a slow one.
 */
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Modules that the benches share. */
const SHARED = ["main.ts", "report.ts", "whole_process.ts", "floor.ts", "seeded_home.ts", "peer.ts"];

const all = [...Deno.readDirSync(HERE)].map((entry) => entry.name)
  .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts") && !SHARED.includes(name)).sort();
const wanted = all.filter((name) => Deno.args.length === 0 || Deno.args.includes(name.replace(/\.ts$/, "")));
if (wanted.length === 0) {
  console.error(`bench: error: Cannot find that bench: there are ${all.map((name) => name.slice(0, -3)).join(", ")}`);
  Deno.exit(2);
}
let broken = 0;
for (const name of wanted) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", HERE + name],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  if (!(await child.status).success) {
    broken++;
    console.log(`\n${name}: the bench itself failed`);
  }
}
Deno.exit(broken === 0 ? 0 : 1);
