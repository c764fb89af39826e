import assert from "node:assert/strict";
import { escapeForDisplay } from "./display.ts";

Deno.test("what steers a terminal, hides or reorders a line is shown as an escape", () => {
  const hostile = [
    ...["\x00", "\x07", "\b", "\t", "\n", "\r", "\x1b", "\x7f", "\x80", "\x9b", "\xad"],
    ...["\u200b", "\u200e", "\u200f", "\u202a", "\u202e", "\u2028", "\u2029", "\u2066", "\u2069", "\ufeff"],
    ...["\ud800", "\udfff", "\u{e0041}"],
  ];
  for (const character of hostile) {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    assert.equal(escapeForDisplay(`a${character}b`), `a\\u{${code}}b`, code);
  }
  assert.equal(escapeForDisplay("\x1b[31m\x1b]0;x\x07"), "\\u{1b}[31m\\u{1b}]0;x\\u{7}");
});

Deno.test("ordinary text in any script is shown as it is", () => {
  for (const text of ["", "plain, text!", "Zürich", "日本語", "🦀 crab", "a\\u{1b}b", "e\u0301"]) {
    assert.equal(escapeForDisplay(text), text);
  }
});
