import assert from "node:assert/strict";
import { didYouMean, isName, variableOf } from "./names.ts";

Deno.test("a name is a capital and then capitals, digits and underscores, 64 at most, and nothing else", () => {
  for (const name of ["A", "A1", "A_", "GH_TOKEN", "Z".repeat(64)]) assert.ok(isName(name), name);
  const none = ["", "a", "1A", "_A", "A-B", "A B", " A", "A ", "A\n", "\nA", "A\0", "Ä", "AÄ", ".A", "A.B", "{{A}}"];
  for (const text of [...none, "Z".repeat(65), "A\u200b", "__proto__"]) assert.ok(!isName(text), text);
});

Deno.test("a value's variable is none that a program looks for by itself", () => {
  for (const name of ["PATH", "HOME", "BASH_ENV", "LD_PRELOAD"]) {
    assert.equal(variableOf(name), `TACIT_VALUE_${name}`);
  }
});

Deno.test("the nearest known name is meant, by one or two letters; a short one by one letter only", () => {
  const known = ["GH_TOKEN", "GL_TOKEN", "AB", "DATABASE_URL"];
  const cases: [string, string | null][] = [
    ["GH_TOKEN", "GH_TOKEN"],
    ["GH_TOKE", "GH_TOKEN"],
    ["GH_TOKENS", "GH_TOKEN"],
    ["GHTOKN", "GH_TOKEN"],
    ["GL_TOKN", "GL_TOKEN"],
    ["DATABASE_UR", "DATABASE_URL"],
    ["DATBSE_UR", null],
    ["AC", "AB"],
    ["CD", null],
    ["", null],
  ];
  for (const [wrong, meant] of cases) assert.equal(didYouMean(wrong, known), meant, wrong);
  assert.equal(didYouMean("X", []), null);
});
