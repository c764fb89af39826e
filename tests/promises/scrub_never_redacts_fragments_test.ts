/** Promise: a part of a value is never redacted, so output cannot be used to find a value piece by piece. */
import assert from "node:assert/strict";
import { scrubBytes } from "../../lib/scrub/stream.ts";
import { buildTables } from "../../lib/scrub/tables.ts";
import { latin1, secretsOf } from "../kit/scrub_oracle.ts";

const VALUE = "tq_k7Qw9Zr4Lk2Pv6Xn1Tb8Yd3Hs5Gm0Fj4Rc2Ub";
const TABLES = buildTables(secretsOf([new TextEncoder().encode(VALUE)]));
const scrub = (text: string) => latin1(scrubBytes(TABLES, new TextEncoder().encode(text)).output);

Deno.test("no proper part of a value is redacted", () => {
  let parts = 0;
  for (let start = 0; start < VALUE.length; start++) {
    for (let end = start + 1; end <= VALUE.length; end++) {
      if (end - start === VALUE.length) continue;
      const text = `guess ${VALUE.slice(start, end)}.`;
      assert.equal(scrub(text), text);
      parts++;
    }
  }
  assert.ok(parts > 700);
});

Deno.test("no proper part of an encoded value is redacted", () => {
  const hex = [...VALUE].map((c) => c.charCodeAt(0).toString(16)).join("");
  const octal = [...VALUE].map((c) => "\\" + c.charCodeAt(0).toString(8)).join("");
  const percent = [...VALUE].map((c) => "%" + c.charCodeAt(0).toString(16)).join("");
  for (const form of [hex, octal, percent]) {
    for (const part of [form.slice(0, -1), form.slice(1), form.slice(0, form.length / 2), form.slice(8, -8)]) {
      assert.equal(scrub(part), part);
    }
  }
});

Deno.test("a value with one wrong character is not redacted", () => {
  for (let i = 0; i < VALUE.length; i++) {
    const wrong = VALUE.slice(0, i) + "!" + VALUE.slice(i + 1);
    assert.equal(scrub(wrong), wrong);
  }
});

Deno.test("a value whose bytes are parted by other text is not redacted", () => {
  const text = `${VALUE.slice(0, 20)} and ${VALUE.slice(20)}`;
  assert.equal(scrub(text), text);
});
