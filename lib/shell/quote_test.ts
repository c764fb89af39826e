import assert from "node:assert/strict";
import { shellQuote } from "./quote.ts";

Deno.test("a quoted text is one word whatever it contains", () => {
  assert.equal(shellQuote(""), "''");
  assert.equal(shellQuote("a b"), "'a b'");
  assert.equal(shellQuote('it\'s $x `y` \\ "z"\n'), "'it'\\''s $x `y` \\ \"z\"\n'");
  assert.equal(shellQuote("a'b'c"), "'a'\\''b'\\''c'");
  assert.throws(() => shellQuote("a\0b"), TypeError);
});
