/**
 * `deno task agents`: the scenarios with the real Claude Code, offline, two at a time.
 *
 * Options: `--all` (also further forms of commands, modes and known holes), `--only TEXT` (of all, those whose name
 * holds it), `--keep` (leave the directories), `--jobs N`.
 * Environment: TACIT_TEST_BINARY (default dist/tacit), TACIT_TEST_CLAUDE (default: from npm into a cache),
 * TACIT_TEST_TABLE (a file that gets the leak table too).
 */
import { fileURLToPath } from "node:url";
import { findClaude } from "./install_claude.ts";
import { leakTable } from "./leak_table.ts";
import { isolation, runIsolated } from "./network.ts";
import type { Outcome } from "./judge.ts";
import { runScenario } from "./run_scenario.ts";
import { CLAUDE_VERSION } from "./run_agent.ts";
import { CORE_SCENARIOS, SCENARIOS } from "./scenarios.ts";

function option(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}

async function main(): Promise<number> {
  const binary = Deno.env.get("TACIT_TEST_BINARY") ?? fileURLToPath(new URL("../../dist/tacit", import.meta.url));
  if (await Deno.stat(binary).catch(() => null) === null) {
    console.error(`agents: error: Cannot find "${binary}": build it first (deno task build)`);
    return 1;
  }
  const claude = await findClaude();
  const env = { TACIT_TEST_BINARY: binary, TACIT_TEST_CLAUDE: claude };
  if (isolation() === null) {
    const status = await runIsolated(fileURLToPath(import.meta.url), env);
    if (status !== null) return status;
    for (const [name, path] of Object.entries(env)) Deno.env.set(name, path);
  }
  console.log(
    `agent: Claude Code ${CLAUDE_VERSION}; network: ${
      isolation() === null ? "NOT isolated, this system does not permit it" : `loopback only (${isolation()})`
    }`,
  );

  const only = option("--only");
  const chosen = only !== undefined || Deno.args.includes("--all") ? SCENARIOS : CORE_SCENARIOS;
  const queue = chosen.filter((scenario) => scenario.name.includes(only ?? ""));
  const outcomes: Outcome[] = [];
  let broken = 0;
  const worker = async () => {
    for (let scenario = queue.shift(); scenario !== undefined; scenario = queue.shift()) {
      try {
        const outcome = await runScenario(scenario, claude, Deno.args.includes("--keep"));
        outcomes.push(outcome);
        const verdict = outcome.faults.length === 0 ? "ok" : `FAILED: ${outcome.faults.join("; ")}`;
        console.log(`${scenario.name} (${(outcome.ms / 1000).toFixed(1)} s) ... ${verdict}`);
      } catch (error) {
        broken++;
        console.log(`${scenario.name} ... BROKEN: ${error instanceof Error ? error.stack : error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(option("--jobs") ?? 2) }, worker));

  outcomes.sort((a, b) => SCENARIOS.indexOf(a.scenario) - SCENARIOS.indexOf(b.scenario));
  const table = leakTable(outcomes);
  console.log(`\n${table}\n`);
  const file = Deno.env.get("TACIT_TEST_TABLE");
  if (file !== undefined && file !== "") await Deno.writeTextFile(file, `${table}\n`);
  const failed = outcomes.filter((outcome) => outcome.faults.length > 0).length + broken;
  const passed = outcomes.length + broken - failed;
  console.log(`${passed} passed, ${passed + failed === 0 ? 1 : failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
