/** Promise: every encoding that docs/scrubbing.md lists as redacted is redacted. */
import assert from "node:assert/strict";
import { scrubBytes, ScrubStream } from "../../lib/scrub/stream.ts";
import { buildTables } from "../../lib/scrub/tables.ts";
import { asMarkdown, formBytes, readEncodingTable } from "../kit/encoding_table.ts";
import { latin1, secretsOf } from "../kit/scrub_oracle.ts";

const TABLE = await readEncodingTable();
const CANARIES: { canary: string; cases: { name: string; text: string; level: string }[] } = JSON.parse(
  await Deno.readTextFile(new URL("../vectors/data/canary_encodings.json", import.meta.url)),
);
const DOC = new URL("../../docs/scrubbing.md", import.meta.url);
const tablesOf = (value: string) => buildTables(secretsOf([new TextEncoder().encode(value)]));

/** Line ends, layout and colours aside, nothing but markers and what stood around the value may be left. */
function isRedacted(value: string, input: Uint8Array): boolean {
  const tables = tablesOf(value);
  const { output, found } = scrubBytes(tables, input);
  const stream = new ScrubStream(tables);
  const bytewise = [...input].map((byte) => latin1(stream.feed(Uint8Array.of(byte)))).join("") + latin1(stream.end());
  assert.equal(bytewise, latin1(output));
  return found.length === 1 && scrubBytes(tables, output).found.length === 0;
}

Deno.test("the corpus of encodings is there", () => {
  assert.ok(TABLE.rows.filter((row) => row.promise === "redacted").length >= 80);
  assert.ok(TABLE.rows.every((row) => row.forms.length > 0));
  assert.equal(CANARIES.cases.filter((c) => c.level === "must").length, 34);
});

for (const row of TABLE.rows) {
  Deno.test(`encoding ${row.promise}: ${row.encoding}`, () => {
    for (const form of row.forms) {
      const value = TABLE.values[form.value] ?? "";
      assert.equal(isRedacted(value, formBytes(form)), row.promise === "redacted", form.value);
    }
  });
}

Deno.test("all 34 encodings that must be redacted are", () => {
  const input = (text: string) => new TextEncoder().encode(text);
  const missed = CANARIES.cases.filter((c) => c.level === "must" && !isRedacted(CANARIES.canary, input(c.text)));
  assert.deepEqual(missed.map((c) => c.name), []);
});

Deno.test("docs/scrubbing.md prints the table that the tests run", async () => {
  const doc = await Deno.readTextFile(DOC);
  const printed = /<!-- encodings -->\n\n([^]*?)\n\n<!-- end -->/.exec(doc)?.[1];
  const expected = asMarkdown(TABLE);
  if (printed !== expected && Deno.env.get("UPDATE_DOCS") === "1") {
    const update = doc.replace(/(<!-- encodings -->\n\n)[^]*?(\n\n<!-- end -->)/, (_, a, b) => a + expected + b);
    await Deno.writeTextFile(DOC, update);
    return;
  }
  assert.equal(printed, expected, "run this test with UPDATE_DOCS=1");
});
