import assert from "node:assert/strict";
import { controlLength, MAX_CONTROL } from "./squeeze.ts";

// deno-lint-ignore no-control-regex -- ECMA-48 §5.4 as a pattern
const CONTROL = /^\x1b\[[0-?]*[ -/]*[@-~]/;
const ALPHABET = ["\x1b", "[", "0", "?", " ", "/", "m", "~", "@", "\n", "\x7f", "é"];

const bytesOf = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

function expected(text: string): number {
  const length = CONTROL.exec(text)?.[0].length ?? 0;
  return length <= MAX_CONTROL ? length : 0;
}

Deno.test("exactly what ECMA-48 calls a control sequence is stepped over", () => {
  let sequences = 0;
  const visit = (text: string, depth: number) => {
    const bytes = bytesOf(text);
    assert.equal(controlLength(bytes, 0, bytes.length), expected(text), JSON.stringify(text));
    if (expected(text) > 0) sequences++;
    if (depth > 0) { for (const letter of ALPHABET) visit(text + letter, depth - 1); }
  };
  visit("\x1b", 4);
  visit("\x1b[", 4);
  assert.ok(sequences > 1000);
});

Deno.test("a control sequence is bounded, and what is longer is text", () => {
  for (let length = 3; length < 2 * MAX_CONTROL; length++) {
    for (const filler of ["0", " ", ";"]) {
      const text = `\x1b[${filler.repeat(length - 3)}m`;
      assert.equal(controlLength(bytesOf(text), 0, text.length), expected(text), `${filler} ${length}`);
    }
  }
});

Deno.test("a sequence that the text cuts off is none yet", () => {
  const bytes = bytesOf("x\x1b[1;31mx");
  assert.equal(controlLength(bytes, 1, bytes.length), 7);
  for (let end = 2; end < 8; end++) assert.equal(controlLength(bytes, 1, end), 0);
});
