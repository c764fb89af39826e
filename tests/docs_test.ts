/** Pages that promise to be normative agree with the program. */
import assert from "node:assert/strict";
import { EXIT, EXIT_OF_REFUSAL } from "../commands/exit_codes.ts";
import { outlineVerbs } from "../commands/program.ts";
import { REFUSALS } from "../lib/protocol/refusals.ts";
import { VERSION } from "../lib/self.ts";

const text = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
const cli = text("docs/cli.md");

/** The cells of the first table after the heading `## title` (or `### title`). */
function tableUnder(page: string, title: string): string[][] {
  const section = page.split(/^#{2,3} /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|")).slice(2);
  assert.ok(rows.length > 0, `no table under "${title}"`);
  return rows.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("docs/cli.md lists every visible verb and no other", () => {
  const documented = tableUnder(cli, "Verbs").map(([verb = ""]) => verb.replaceAll("`", ""));
  assert.deepEqual(documented.toSorted(), outlineVerbs().map(({ name }) => name).toSorted());
});

Deno.test("docs/cli.md names every flag", () => {
  const common = ["--help", "--version"];
  for (const { name, flags } of outlineVerbs()) {
    for (const { flag } of flags.filter(({ flag }) => !common.includes(flag))) {
      // Agents' settings are docs/agents.md's matter.
      if (name === "install" || name === "uninstall") continue;
      assert.ok(cli.includes(flag), `${name} ${flag} is not in docs/cli.md`);
    }
  }
});

Deno.test("docs/cli.md has the table of exit codes that the program uses", () => {
  const documented = tableUnder(cli, "Exit codes");
  const used = Object.values(EXIT).map(({ code, since, meaning }) => [String(code), since, meaning]);
  assert.deepEqual(documented, used);
});

Deno.test("docs/cli.md leads every refusal to its exit code", () => {
  const documented = tableUnder(cli, "Refusals").map((
    [refusal = "", exit = ""],
  ) => [refusal.replaceAll("`", ""), exit]);
  const used = Object.entries(EXIT_OF_REFUSAL).map(([refusal, exit]) => [refusal, String(EXIT[exit].code)]);
  assert.deepEqual(documented.toSorted(), used.toSorted());
  const known = new Set(documented.map(([refusal]) => refusal));
  assert.deepEqual(REFUSALS.filter((refusal) => !known.has(refusal)), []);
});

Deno.test("the version is the same wherever it stands", () => {
  assert.equal(JSON.parse(text("deno.json")).version, VERSION);
});
