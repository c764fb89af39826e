import assert from "node:assert/strict";
import { findPlaceholders } from "./placeholders.ts";

const names = (text: string) => findPlaceholders(text).map((found) => found.name);

Deno.test("a placeholder is a name in two pairs of braces, and nothing else is", () => {
  assert.deepEqual(findPlaceholders("x{{A}}{{B_2}}"), [{ name: "A", start: 1, end: 6 }, {
    name: "B_2",
    start: 6,
    end: 13,
  }]);
  assert.deepEqual(names("{{{{A}}}} {{{B}}}"), ["A", "B"]);
  for (
    const text of [
      "{{ A }}",
      "{{ A}}",
      "{{A }}",
      "{{a}}",
      "{{.A}}",
      "{A}",
      "{{A}",
      "{A}}",
      "{{}}",
      "{{1A}}",
      "{{A-B}}",
      "{{_A}}",
      "{ {A}}",
    ]
  ) {
    assert.deepEqual(names(text), [], text);
  }
});

Deno.test("a placeholder's name has at most 64 characters", () => {
  assert.deepEqual(names(`{{${"A".repeat(64)}}}`), ["A".repeat(64)]);
  assert.deepEqual(names(`{{${"A".repeat(65)}}}`), []);
});
