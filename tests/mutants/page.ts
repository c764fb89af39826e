/** docs/mutants.md: the list and what each mutant was noticed by, as the last run of that mutant saw it. */
import { ROOT, run } from "../../tools/toolchain.ts";
import type { Mutant } from "./mutant.ts";

/** What became of one mutant. */
export interface Outcome {
  noticed: boolean;
  /** It was noticed only because its tests did not end. */
  hung: boolean;
  /** The test that failed, or why the mutant does not count. */
  by: string;
  seconds: number;
}

/** The page, from the top directory. */
export const PAGE = "docs/mutants.md";

const HEAD = `# Mutants

A suite that passes proves little if it would also pass over a broken program. So the program is broken on purpose, in
one place at a time: a comparison dropped, a bound moved, a step forgotten, a label changed. Each of these mutants is a
row of [tests/mutants/list.ts](../tests/mutants/list.ts), and for each some test has to fail.

This page is written by \`deno task mutants --write\`, which first runs the same tests on the unchanged tree; with ids it
tries those mutants only, and the other rows stay as the last run of each left them. CI does not run the mutants, since
that takes about an hour, but a unit test holds that each still applies to the source of today and has its row here.
`;

/** Writes the page: each mutant of the list, those that were not tried now with what the page says of them so far. */
export async function writePage(list: readonly Mutant[], outcomes: ReadonlyMap<string, Outcome>): Promise<void> {
  const before = lastCells(await Deno.readTextFile(`${ROOT}${PAGE}`).catch(() => ""));
  const rows = list.map(({ id, file, breaks }) => {
    const outcome = outcomes.get(id);
    const by = outcome === undefined ? before.get(id) ?? `${NOT_NOTICED}: not tried yet` : cell(told(outcome));
    return { by, row: `| \`${id}\` | \`${file}\` | ${cell(breaks)} | ${by} |` };
  });
  const noticed = rows.filter(({ by }) => !by.startsWith(NOT_NOTICED)).length;
  const hung = rows.filter(({ by }) => by.startsWith(HUNG)).length;
  const count = `**${rows.length} mutants, ${noticed} noticed**, ${hung} of these because the tests no longer ended.`;
  const head = ["| id | file | what is broken | noticed by |", "| --- | --- | --- | --- |"];
  const table = [...head, ...rows.map(({ row }) => row)].join("\n");
  await Deno.writeTextFile(`${ROOT}${PAGE}`, `${HEAD}\n${count}\n\n${table}\n`);
  await run([Deno.execPath(), "fmt", PAGE], { cwd: ROOT });
}

const NOT_NOTICED = "not noticed";
const HUNG = "hung: ";

function told({ noticed, hung, by }: Outcome): string {
  return noticed ? `${hung ? HUNG : ""}${by}` : `${NOT_NOTICED}: ${by}`;
}

/** What the page says of each id, as it stands in the row's last cell. */
function lastCells(page: string): Map<string, string> {
  const rows = page.matchAll(/^\| `([a-z0-9-]+)`.* \| (.+?) *\|$/gm);
  return new Map([...rows].map(([, id = "", by = ""]) => [id, by]));
}

/** Text as it can stand in a table's cell; what is in backticks stays as it is. */
function cell(text: string): string {
  const plain = (part: string) => part.replace(/[\\|*_<>[\]]/g, "\\$&");
  return text.replaceAll("\n", " ").split("`").map((part, i) => i % 2 === 0 ? plain(part) : part).join("`");
}

/** The ids in the table of the page, in order. */
export function idsOnPage(page: string): string[] {
  return [...page.matchAll(/^\| `([a-z0-9-]+)`/gm)].map(([, id = ""]) => id);
}
