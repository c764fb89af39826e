/** docs/agents.md lists every place on disk, and every other way, in which a scenario lets the value through. */
import assert from "node:assert/strict";
import { SCENARIOS as ALL } from "./scenarios.ts";

Deno.test("agents: the table of docs/agents.md is what the scenarios know of places of a value, and no more", async () => {
  const doc = await Deno.readTextFile(new URL("../../docs/agents.md", import.meta.url));
  const rows = doc.slice(doc.indexOf("### Where a value may still be found")).split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, 4).map((cell) => cell.trim().replaceAll("\\", "")).join(" | "));
  const known = ALL.flatMap(({ name, disk, requestsLeak, outputLeaks }) => [
    ...disk.map(({ place, why }) => [name, place, why]),
    ...(requestsLeak === null ? [] : [[name, "requests to the model", requestsLeak.why]]),
    ...(outputLeaks === null ? [] : [[name, "the agent's output", outputLeaks]]),
  ]).map((row) => row.join(" | "));
  assert.ok(known.length > 0);
  // The first two are the table's head.
  assert.deepEqual(rows.slice(2).sort(), known.sort());
});

Deno.test("agents: scenario names are unique, one is the control, and each says what it promises", () => {
  assert.equal(new Set(ALL.map((scenario) => scenario.name)).size, ALL.length);
  assert.equal(ALL.filter((scenario) => scenario.control).length, 1);
  assert.deepEqual(ALL.filter((scenario) => scenario.promise === ""), []);
  assert.deepEqual(ALL.filter((scenario) => scenario.reaches === 0 && scenario.because === ""), []);
});
