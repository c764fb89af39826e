/** docs/agents.md lists every place on disk, and every other way, in which a scenario lets the value through. */
import assert from "node:assert/strict";
import { CORE, FILES } from "./scenarios_core.ts";
import { PERMISSIONS, STATES } from "./scenarios_states.ts";

const ALL = [...CORE, ...FILES, ...STATES, ...PERMISSIONS];

Deno.test("agents: every known place of a value is a row of docs/agents.md", async () => {
  const doc = await Deno.readTextFile(new URL("../../docs/agents.md", import.meta.url));
  const rows = doc.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("\\", "")));
  const listed = (name: string, place: string, why: string) =>
    rows.some((cells) => cells.includes(name) && cells.includes(place) && cells.includes(why));
  const wanted = ALL.flatMap((scenario) => [
    ...scenario.disk.map(({ place, why }) => [scenario.name, place, why] as const),
    ...(scenario.outputLeaks === null ? [] : [[scenario.name, "the agent's output", scenario.outputLeaks] as const]),
  ]);
  assert.ok(wanted.length > 0);
  assert.deepEqual(wanted.filter((row) => !listed(...row)), []);
});

Deno.test("agents: scenario names are unique, one is the control, and each says what it promises", () => {
  assert.equal(new Set(ALL.map((scenario) => scenario.name)).size, ALL.length);
  assert.equal(ALL.filter((scenario) => scenario.control).length, 1);
  assert.deepEqual(ALL.filter((scenario) => scenario.promise === ""), []);
  assert.deepEqual(ALL.filter((scenario) => scenario.reaches === 0 && scenario.because === ""), []);
});
