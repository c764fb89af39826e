import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { EnvFileError, parseEnvFile, rewriteEnvFile } from "./env_file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string) =>
  parseEnvFile(bytes(text)).map(({ key, value, line }) => [key, new TextDecoder().decode(value), line]);

Deno.test("env files are read as their writers mean them", () => {
  assert.deepEqual(read("A=1\nB = two words  # note\nC=a#b\n"), [["A", "1", 1], ["B", "two words", 2], [
    "C",
    "a#b",
    3,
  ]]);
  assert.deepEqual(read("export A=1"), [["A", "1", 1]]);
  assert.deepEqual(read("exportA=1"), [["exportA", "1", 1]]);
  assert.deepEqual(read('A=\'x\\n$y\'\nB="x\\ny\\"z\\\\\\$\\q"'), [["A", "x\\n$y", 1], ["B", 'x\ny"z\\$\\q', 2]]);
  assert.deepEqual(read('A="one\ntwo"\nB=3'), [["A", "one\ntwo", 1], ["B", "3", 3]]);
  assert.deepEqual(read("\ufeffA=1\r\nB='2'\r\n\r\n#c\r\nC=\r\n"), [["A", "1", 1], ["B", "2", 2], ["C", "", 5]]);
  assert.deepEqual(read(""), []);
  assert.deepEqual(read("A= # nothing"), [["A", "", 1]]);
});

Deno.test("a dollar is taken literally and noticed", () => {
  const dollars = parseEnvFile(bytes('A=$B\nC=\'$D\'\nE="$F"\nG="\\$H"')).map(({ hasDollar }) => hasDollar);
  assert.deepEqual(dollars, [true, false, true, false]);
});

Deno.test("what is no assignment is refused with its line and without its text", () => {
  for (const text of ["just words", "=1", "1A=2", 'A="open', "A='open", 'A="x" y', "A-B C=1", "- A=1"]) {
    assert.throws(() => parseEnvFile(bytes(`# one\n${text}\n`)), (error) => {
      assert.ok(error instanceof EnvFileError);
      assert.equal(error.line, 2);
      assert.ok(!error.message.includes("words") && !error.message.includes("open"));
      return true;
    });
  }
});

Deno.test("rewriting changes the chosen values and no other byte", () => {
  const file = bytes("# a\nA=1 # x\r\nexport B='two'\nC=\"th\nree\"\n");
  const [a, b, c] = parseEnvFile(file);
  assert.ok(a && b && c);
  const rewritten = new TextDecoder().decode(rewriteEnvFile(file, new Map([[c, "tacit://C"], [a, "tacit://A"]])));
  assert.equal(rewritten, "# a\nA=tacit://A # x\r\nexport B='two'\nC=tacit://C\n");
  assert.deepEqual(rewriteEnvFile(file, new Map()), file);
});

Deno.test("any bytes are read or refused by line, never anything else", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (file) => {
    try {
      for (const { start, end } of parseEnvFile(file)) assert.ok(0 <= start && start <= end && end <= file.length);
    } catch (error) {
      assert.ok(error instanceof EnvFileError, String(error));
    }
  }));
});

Deno.test("a file of simple lines reads back as it was written", () => {
  const key = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
  const value = fc.stringMatching(/^[A-Za-z0-9+/=:.,!%&*-]{0,20}$/);
  fc.assert(fc.property(fc.array(fc.tuple(key, value, fc.constantFrom("", "'", '"'))), (lines) => {
    const text = lines.map(([k, v, quote]) => `${k}=${quote}${v}${quote}\n`).join("");
    assert.deepEqual(read(text), lines.map(([k, v], i) => [k, v, i + 1]));
  }));
});
