import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { Secret } from "../secret.ts";
import { scrubBytes } from "./stream.ts";
import { buildTables } from "./tables.ts";

const VALUE = utf8("k7q-9zr4lk2pv6xn1tb8");

Deno.test("a match is a match of the whole fingerprint: half of it changed, and nothing is found", () => {
  for (const half of [0, 1]) {
    const tables = buildTables([new Secret("TOKEN", VALUE.slice())]);
    assert.deepEqual(scrubBytes(tables, VALUE).found, ["TOKEN"]);
    const wholes = tables.anywhere?.wholes ?? assert.fail();
    for (let slot = 0; slot < wholes.length; slot += 3) {
      if (wholes[slot + 2] !== 0) wholes[slot + half] = (wholes[slot + half] ?? 0) ^ 1;
    }
    assert.deepEqual(scrubBytes(tables, VALUE).found, []);
  }
});

Deno.test("a table of many values finds each of them and no other", () => {
  const values = Array.from({ length: 60 }, (_, i) => utf8(`v${(i * 7919).toString(36)}-${"xq7z".repeat(3)}-${i}`));
  const tables = buildTables(values.map((value, i) => new Secret(`S${i}`, value.slice())));
  values.forEach((value, i) => {
    assert.deepEqual(scrubBytes(tables, value).found, [`S${i}`]);
    const near = value.slice();
    near[near.length - 1] = 0x7e;
    assert.deepEqual(scrubBytes(tables, near).found, [], `${i}`);
  });
});
