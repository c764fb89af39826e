import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { JsonTextError, valueAt, withChild, withoutChild } from "./json_text.ts";

const FILES = [
  '{\n  "model": "opus",\n  "hooks": {\n    "Stop": []\n  }\n}\n',
  '{\n\t"a": {\n\t\t"b": [1, 2]\n\t}\n}',
  '{\r\n    "a": 1\r\n}\r\n',
  '{"a":1,"b":[{"c":null}]}',
  '{ "a": 1, "b": ["x", "y"] }\n',
  '{"a": "\\u00e9\\n\\"}{][", "b": -1.5e3, "c": true}',
];

Deno.test("a child goes in and comes out again, and every other byte stays", () => {
  for (const file of FILES) {
    const added = withChild(file, [], "new", { deep: [1, { x: "y" }] });
    assert.deepEqual(JSON.parse(added), { ...JSON.parse(file), new: { deep: [1, { x: "y" }] } });
    assert.equal(withoutChild(added, ["new"]), file);
  }
});

Deno.test("an added child has the file's own indentation and line ends", () => {
  assert.equal(
    withChild(FILES[1] ?? "", ["a"], "c", [{ d: 1 }]),
    '{\n\t"a": {\n\t\t"b": [1, 2],\n\t\t"c": [\n\t\t\t{\n\t\t\t\t"d": 1\n\t\t\t}\n\t\t]\n\t}\n}',
  );
  assert.equal(
    withChild(FILES[2] ?? "", [], "b", [1]),
    '{\r\n    "a": 1,\r\n    "b": [\r\n        1\r\n    ]\r\n}\r\n',
  );
  assert.equal(withChild(FILES[3] ?? "", ["b"], "", 1), '{"a":1,"b":[{"c":null},1]}');
  assert.equal(withChild(FILES[4] ?? "", ["b"], "", "z"), '{ "a": 1, "b": ["x", "y", "z"] }\n');
  assert.equal(withChild("{}\n", ["p", "q"], "r", 1), '{\n  "p": {\n    "q": {\n      "r": 1\n    }\n  }\n}\n');
});

Deno.test("what is there can be read at its path", () => {
  assert.deepEqual(valueAt(FILES[3] ?? "", ["b", 0]), { c: null });
  assert.equal(valueAt(FILES[3] ?? "", ["b", 1]), undefined);
  assert.equal(valueAt(FILES[5] ?? "", ["a"]), 'é\n"}{][');
});

Deno.test("a file that cannot be edited safely is refused, and says why", () => {
  const refusals: [string, RegExp][] = [
    ['{\n  // mine\n  "a": 1\n}', /comments/],
    ['{"a": 1, /* x */ "b": 2}', /comments/],
    ['{"a": 1,}', /not JSON/],
    ["", /not JSON/],
    ['{"a": 1, "a": 2}', /twice/],
    ['\ufeff{"a": 1}', /not JSON/],
  ];
  for (const [text, why] of refusals) assert.throws(() => withChild(text, [], "b", 1), why);
  assert.throws(() => withChild('{"a": 1}', ["a"], "b", 1), JsonTextError);
  assert.throws(() => withoutChild('{"a": 1}', ["b"]), JsonTextError);
});

Deno.test("any JSON in any indentation survives an added and removed child", () => {
  const indents = fc.constantFrom(undefined, 1, 2, 4, "\t");
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), indents, fc.boolean(), (value, indent, crlf) => {
    if (Object.hasOwn(value, "tacit")) return;
    let text = JSON.stringify(value, null, indent) + "\n";
    if (crlf) text = text.replaceAll("\n", "\r\n");
    const added = withChild(text, [], "tacit", { list: [1, "a\nb"] });
    assert.deepEqual(JSON.parse(added), JSON.parse(JSON.stringify({ ...value, tacit: { list: [1, "a\nb"] } })));
    assert.deepEqual(Object.keys(JSON.parse(added)).filter((key) => key !== "tacit"), Object.keys(JSON.parse(text)));
    assert.equal(withoutChild(added, ["tacit"]), text);
  }));
});
