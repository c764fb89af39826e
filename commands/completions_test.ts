import assert from "node:assert/strict";
import { candidates, type VerbOutline } from "./completions.ts";
import { outlineVerbs } from "./program.ts";

const verbs: VerbOutline[] = [
  { name: "show", flags: [{ flag: "--json", takesValue: false, choices: [] }], operands: "names" },
  { name: "import", flags: [], operands: "files" },
  { name: "audit", flags: [{ flag: "--secret", takesValue: true, choices: [] }], operands: ["verify"] },
];
const at = (...words: string[]) => candidates(verbs, words, () => Promise.resolve(["API_KEY", "B_KEY"]));

Deno.test("completion offers what may stand there", async () => {
  assert.deepEqual(await at(""), ["audit", "import", "show"]);
  assert.deepEqual(await at("s"), ["show"]);
  assert.deepEqual(await at("show", ""), ["API_KEY", "B_KEY"]);
  assert.deepEqual(await at("show", "API_KEY", ""), ["B_KEY"]);
  assert.deepEqual(await at("show", "--"), ["--json"]);
  assert.deepEqual(await at("audit", "--secret", "A"), ["API_KEY"]);
  assert.deepEqual(await at("audit", ""), ["verify"]);
  assert.deepEqual(await at("import", ""), [], "files are the shell's business");
  assert.deepEqual(await at("show", "--", "x"), []);
});

Deno.test("every visible verb is outlined, and flags of all verbs are known", () => {
  const outline = outlineVerbs();
  assert.ok(outline.length > 10);
  for (const { name, flags } of outline) assert.ok(flags.some(({ flag }) => flag === "--json"), name);
  assert.deepEqual(outline.find(({ name }) => name === "show")?.operands, "names");
  assert.ok(!outline.some(({ name }) => ["daemon", "exec", "complete"].includes(name)));
});
