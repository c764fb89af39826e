/** The list of mutants does not rot: each still applies to the source of today, and docs/mutants.md has its row. */
import assert from "node:assert/strict";
import { ROOT } from "../../tools/toolchain.ts";
import { MUTANTS } from "./list.ts";
import { mutated } from "./mutant.ts";
import { idsOnPage, PAGE } from "./page.ts";

const text = (path: string) => Deno.readTextFileSync(`${ROOT}${path}`);

Deno.test("every mutant still applies to the source of today, exactly once", () => {
  const lost = MUTANTS.filter((mutant) => mutated(text(mutant.file), mutant) === null);
  assert.deepEqual(lost.map(({ id, file, find }) => `${id}: not once in ${file}: ${find}`), []);
});

Deno.test("every mutant changes something, under an id of its own, and names tests that exist", () => {
  assert.equal(new Set(MUTANTS.map(({ id }) => id)).size, MUTANTS.length);
  for (const { id, find, replace, breaks, tests } of MUTANTS) {
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assert.notEqual(find, replace, id);
    assert.ok(breaks.length > 10 && tests.length > 0, id);
    for (const test of tests) assert.ok(Deno.statSync(`${ROOT}${test}`).isFile, `${id}: ${test}`);
  }
});

Deno.test("the list covers crypto, vault, grant, shell and scrub with forty mutants and more", () => {
  const rooms = ["lib/crypto/", "lib/vault/", "lib/grant/", "lib/shell/", "lib/scrub/"];
  const counts = rooms.map((room) => MUTANTS.filter(({ file }) => file.startsWith(room)).length);
  assert.ok(counts.every((count) => count >= 8), `${rooms}: ${counts}`);
  assert.ok(counts.reduce((sum, count) => sum + count, 0) >= 40);
});

Deno.test("docs/mutants.md has exactly the mutants of the list, each of them noticed", () => {
  const page = text(PAGE);
  assert.deepEqual(idsOnPage(page), MUTANTS.map(({ id }) => id));
  assert.ok(!page.includes("not noticed"));
});
