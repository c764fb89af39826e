import assert from "node:assert/strict";
import { rewriteCommand } from "../../lib/shell/rewrite.ts";
import { GOLDEN, ROW_52 } from "../placeholders/golden.ts";

const KNOWN = new Set(["A", "B", "TOKEN"]);
const rewrite = (command: string) => rewriteCommand(command, (name) => KNOWN.has(name), (name) => `V_${name}`);

Deno.test("a placeholder becomes a reference by its shell context, is no placeholder, or is refused", () => {
  assert.ok(GOLDEN.length >= 120 && ROW_52.length >= 20, "the golden table is not there");
  const wrong: string[] = [];
  for (const [command, expected] of GOLDEN) {
    const result = rewrite(command);
    const got = !result.ok ? "refused" : result.command === command && expected === "same" ? "same" : result.command;
    if (got !== expected) {
      wrong.push(`${command}\n  expected ${expected}\n  got      ${result.ok ? got : result.message}`);
    }
    if (result.ok && expected === "same") assert.deepEqual(result.names, [], command);
  }
  assert.deepEqual(wrong, [], wrong.join("\n"));
});

Deno.test("a rewrite names each secret it uses once, in order, and none that stands in a comment", () => {
  const names = (command: string) => {
    const result = rewrite(command);
    return result.ok ? result.names : null;
  };
  assert.deepEqual(names("echo {{B}} {{A}} {{B}} # {{TOKEN}}"), ["B", "A"]);
  assert.deepEqual(names("bash -c 'echo {{B}} # {{A}}'"), ["B"]);
  assert.deepEqual(names("cat <<'E' {{A}}\n{{B}}\nE"), ["A", "B"]);
  assert.deepEqual(names("echo {{UNKNOWN}}"), []);
});

Deno.test("a refusal names the placeholder and what to write instead, and holds no command", () => {
  const result = rewrite("python3 -c 'secretive({{A}})' {{B}}");
  assert.ok(!result.ok);
  assert.equal(result.code, "unprovable_context");
  assert.equal(result.name, "A");
  assert.match(result.message, /^Cannot place "\{\{A\}\}": .*TOKEN=\{\{A\}\} python .*os\.environ\["TOKEN"\]$/);
  assert.doesNotMatch(result.message, /secretive/);
  const unread = rewrite("echo {{B}} 'open");
  assert.ok(!unread.ok);
  assert.equal(unread.name, "B");
  assert.match(unread.message, /^Cannot rewrite the command: a single quote is not closed/);
});
