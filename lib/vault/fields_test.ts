import assert from "node:assert/strict";
import type { Packable } from "../msgpack.ts";
import { Fields } from "./fields.ts";

const NIL: [string, (fields: Fields) => unknown][] = [
  ["text", (fields) => fields.text("x", "", 9)],
  ["text or null", (fields) => fields.textOrNull("x", 9)],
  ["integer", (fields) => fields.integer("x", 0, 0)],
  ["flag", (fields) => fields.flag("x")],
  ["bytes", (fields) => fields.bytes("x", 16)],
  ["list", (fields) => fields.list("x", 9, (item: Packable) => item)],
  ["texts", (fields) => fields.texts("x", [], 9, 9)],
];

for (const [kind, take] of NIL) {
  Deno.test(`a field that is nil is not a field that is absent: ${kind}`, () => {
    assert.throws(() => take(new Fields({ x: null }, "record")), { name: "TypeError", message: /field "x"/ });
  });
}
