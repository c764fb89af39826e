import assert from "node:assert/strict";
import { HiddenLine, InterruptedError } from "./tty.ts";

/** What a line editor makes of typed characters; `null` while the line is not finished. */
function typed(text: string, multiline = false, limit = 100): string | null {
  const line = new HiddenLine({ multiline, limit });
  const bytes = new TextEncoder().encode(text);
  for (const [i, byte] of bytes.entries()) {
    if (line.feed(byte)) {
      assert.equal(i, bytes.length - 1, "nothing is read past the end of the line");
      return new TextDecoder().decode(line.take());
    }
  }
  return null;
}

Deno.test("a hidden line is edited with Backspace, Ctrl-U and nothing visible", () => {
  assert.equal(typed("secret\r"), "secret");
  assert.equal(typed("secreT\x7ft\n"), "secret");
  assert.equal(typed("sé\bx\r"), "sx", "Backspace takes a whole character");
  assert.equal(typed("wrong\x15right\r"), "right");
  assert.equal(typed("\x7f\x7fa\r"), "a");
  assert.equal(typed("a\x1b[D\x1b[Ab\x1bOPc\x1b[3~\r"), "abc", "keys that move are no characters");
  assert.equal(typed("a\x00\x01\x1a\tb\r"), "a\tb", "control characters are no characters");
  assert.equal(typed("ab\x04"), "ab", "Ctrl-D ends a line");
  assert.equal(typed("unfinished"), null);
});

Deno.test("Ctrl-C, and Ctrl-D on an empty line, interrupt", () => {
  assert.throws(() => typed("half\x03"), InterruptedError);
  assert.throws(() => typed("\x04"), InterruptedError);
});

Deno.test("a marked paste keeps its line breaks as LF, and loses one at its end", () => {
  const paste = (text: string) => `\x1b[200~${text}\x1b[201~\r`;
  assert.equal(typed(paste("a\rb\r\nc\nd"), true), "a\nb\nc\nd");
  assert.equal(typed(paste("a\r\n"), true), "a");
  assert.equal(typed(paste("a\n\n"), true), "a\n");
  assert.equal(
    typed(paste("a\x03\x15\x7fb"), true),
    "a\x03\x15\x7fb",
    "within a paste every byte belongs to the value",
  );
  assert.equal(typed(paste("a\x1b[200b\x1b[31mc"), true), "a\x1b[200b\x1b[31mc");
  assert.equal(typed(`x${paste("y")}`, true), "xy");
});

Deno.test("an answer above the limit is refused, one at the limit is not", () => {
  assert.equal(typed("x".repeat(100) + "\r"), "x".repeat(100));
  assert.throws(() => typed("x".repeat(101) + "\r"), RangeError);
  assert.throws(() => typed("x".repeat(5000)), RangeError);
  assert.equal(typed("x".repeat(1000) + "\r", false, 1000), "x".repeat(1000));
});
