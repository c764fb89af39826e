/** The leak table as people read it: one line per scenario. */
import type { Outcome } from "./judge.ts";
import type { Scenario } from "./scenario.ts";

const COLUMNS = ["case", "reached destination", "requests", "output", "disk", ""] as const;

/** A case in which the promise does not hold is no success, though it is as documented. */
function known(scenario: Scenario): string {
  if (scenario.requestsLeak?.kind === "hole") return "LEAKS, as documented";
  return scenario.outputLeaks === null ? "ok" : "as documented";
}

/** The table in columns, with a line for each fault below it. */
export function leakTable(outcomes: Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { scenario } = outcome;
    const reached = scenario.reaches === 0 && outcome.reached === 0
      ? `no: ${scenario.because}`
      : `${outcome.reached} of ${scenario.reaches}`;
    const disk = new Set(outcome.diskHits.map((hit) => hit.file)).size;
    const verdict = outcome.faults.length > 0 ? "FAILED" : scenario.control ? "leaks, as it must" : known(scenario);
    return [scenario.name, reached, String(outcome.requestHits), String(outcome.outputHits), String(disk), verdict];
  });
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd();
  const elsewhere = outcomes.flatMap(({ scenario: { name, requestsLeak, outputLeaks } }) => [
    ...(requestsLeak === null ? [] : [`  ${name}: requests: ${requestsLeak.why}`]),
    ...(outputLeaks === null ? [] : [`  ${name}: output: ${outputLeaks}`]),
  ]);
  const listed = outcomes.flatMap((outcome) =>
    outcome.scenario.control ? [] : [...new Set(outcome.diskHits.map((hit) => hit.file))].map((file) => {
      const place = outcome.scenario.disk.find((candidate) => candidate.where.test(file));
      return `  ${outcome.scenario.name}: ${file}: ${place?.why ?? "NOT LISTED"}`;
    })
  );
  const faults = outcomes.flatMap((outcome) => outcome.faults.map((fault) => `  ${outcome.scenario.name}: ${fault}`));
  return [
    "Hits are files that hold the value or the passphrase, in any form.",
    line(COLUMNS),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map(line),
    ...(elsewhere.length > 0 ? ["", "In requests and output, as listed in docs/agents.md:", ...elsewhere] : []),
    ...(listed.length > 0 ? ["", "On disk, as listed in docs/agents.md:", ...listed] : []),
    ...(faults.length > 0 ? ["", "Faults:", ...faults] : []),
  ].join("\n");
}
