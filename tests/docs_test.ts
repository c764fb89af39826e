/** Pages that promise to be normative agree with the program. */
import assert from "node:assert/strict";
import { EXIT, EXIT_OF_REFUSAL } from "../commands/exit_codes.ts";
import { outlineVerbs } from "../commands/program.ts";
import { REFUSALS } from "../lib/protocol/refusals.ts";
import { VERSION } from "../lib/self.ts";
import { COMPILED_WITH, DEVELOPED_WITH } from "../tools/toolchain.ts";
import { filesUnder } from "./kit/module_graph.ts";

const ROOT = new URL("..", import.meta.url).pathname;

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

Deno.test("docs/threat_model.md names a test for each guarantee, each that exists, and every one there is", () => {
  const page = text("docs/threat_model.md");
  const guarantees = [...page.split("## Guarantees")[1]?.split("\n### ")[0]?.matchAll(/^(\d+)\. /gm) ?? []];
  const rows = tableUnder(page, "Tests");
  assert.deepEqual(rows.map(([number]) => number), guarantees.map(([, number]) => number));
  const named = rows.flatMap(([, tests = ""]) => [...tests.matchAll(/`([a-z0-9_]+\.ts)`/g)].map(([, name]) => name));
  const there = [...Deno.readDirSync(new URL("promises", import.meta.url))].map(({ name }) => name);
  assert.deepEqual([...new Set(named)].toSorted(), there.toSorted());
});

Deno.test("docs/protocol.md names tests and scenarios of its states that exist", () => {
  const sources = [
    ...["tests/promises/states_test.ts", "lib/hooks/pre_tool_test.ts", "lib/hooks/post_tool_test.ts"],
    ...[...Deno.readDirSync(new URL("agents", import.meta.url))].map(({ name }) => `tests/agents/${name}`),
  ].map(text).join("\n");
  const cells = tableUnder(text("docs/protocol.md"), "States").flat();
  const quoted = cells.flatMap((cell) => [...cell.matchAll(/"([^"]{8,})"/g)].map(([, name = ""]) => name))
    .filter((name) => name !== "Settings");
  assert.ok(quoted.length >= 12);
  assert.deepEqual(quoted.filter((name) => !sources.includes(`"${name}"`)), []);
});

Deno.test("docs/protocol.md gives every limit as the code has it", () => {
  const sources = new Map<string, number>();
  for (const room of ["protocol", "daemon", "client"]) {
    for (const { name } of Deno.readDirSync(new URL(`../lib/${room}`, import.meta.url))) {
      const constants = text(`lib/${room}/${name}`).matchAll(/^(?:export )?const ([A-Z_]+) = ([\d_* ]+);$/gm);
      for (const [, constant = "", product = ""] of constants) {
        sources.set(constant, product.split("*").reduce((all, n) => all * Number(n.replaceAll("_", "")), 1));
      }
    }
  }
  const units: Record<string, number> = { KiB: 1024, MiB: 1024 * 1024, s: 1000, min: 60_000 };
  for (const [what = "", limits = "", where = ""] of tableUnder(text("docs/protocol.md"), "Limits")) {
    const constants = [...where.matchAll(/`([A-Z_]+)`/g)].map(([, name = ""]) => sources.get(name));
    const documented = [...limits.matchAll(/(\d[\d,]*)(?: (KiB|MiB|s|min)\b)?/g)]
      .map(([, number = "", unit = ""]) => Number(number.replaceAll(",", "")) * (units[unit] ?? 1));
    assert.deepEqual(documented, constants, what);
  }
});

Deno.test("docs/platforms.md names every file that asks which platform it is on", async () => {
  const asking = (await filesUnder(ROOT, ["commands", "lib", "wasm"]))
    .filter((path) => path.endsWith(".ts") && !path.endsWith("_test.ts") && text(path).includes("Deno.build.os"));
  assert.ok(asking.length > 10);
  assert.deepEqual(asking.filter((path) => !text("docs/platforms.md").includes(`\`${path}\``)), []);
});

Deno.test("a comment that cites a page and a section cites one that exists, and so does a page that names a file", async () => {
  const tree = await filesUnder(ROOT, ["commands", "lib", "wasm", "tests", "tools", "bench", "docs"]);
  const cited = tree.filter((path) => path.endsWith(".ts")).flatMap((path) =>
    [...text(path).replace(/\n\s*(?:\*|\/\/) ?/g, " ").matchAll(/(docs\/[a-z_]+\.md), "([^"\n]{2,60})"/g)]
      .map(([, page = "", section = ""]) => ({ path, page, section }))
  );
  assert.ok(cited.length > 30);
  const isThere = ({ page, section }: { page: string; section: string }) =>
    tree.includes(page) && [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title.replaceAll("`", ""))
      .some((title) => title === section || title.split(", ").includes(section));
  assert.deepEqual(cited.filter((citation) => !isThere(citation)), []);
  const pages = [...tree.filter((path) => path.endsWith(".md")), "README.md", "CONTRIBUTING.md", "SECURITY.md"];
  const named = pages.flatMap((page) =>
    [...text(page).matchAll(/`((?:lib|tests|commands|tools|bench|wasm|docs)\/[a-z0-9_/]+\.[a-z]+)`/g)]
      .map(([, path = ""]) => ({ page, path }))
  );
  assert.ok(named.length > 20);
  assert.deepEqual(named.filter(({ path }) => !tree.includes(path)), []);
});

Deno.test("the version is the same wherever it stands", () => {
  assert.equal(JSON.parse(text("deno.json")).version, VERSION);
  for (const page of ["README.md", "CONTRIBUTING.md", "docs/platforms.md", ".ci/run"]) {
    const named = [...text(page).matchAll(/deno@(\d+\.\d+\.\d+)/g)].map(([, version]) => version)
      .filter((version) => version !== COMPILED_WITH);
    assert.deepEqual(named.filter((version) => version !== DEVELOPED_WITH), [], page);
  }
});
