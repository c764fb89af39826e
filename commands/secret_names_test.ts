import assert from "node:assert/strict";
import { CommandError } from "./exit_codes.ts";
import { readNewNames, requireKnown } from "./secret_names.ts";

/** Message and hint of the refusal of `words`. */
function refusal(words: string[]): string {
  try {
    readNewNames(words);
  } catch (error) {
    assert.ok(error instanceof CommandError);
    return `${error.message}\n${error.hint}`;
  }
  return "";
}

Deno.test("a word that may be a value is refused and not repeated", () => {
  for (
    const words of [["KEY=hunter2"], ["KEY", "hunter2"], ["hunter2"], ["KEY", "AKIAIOSFODNN7EXAMPLE"], ["key=hunter2"]]
  ) {
    const said = refusal(words);
    assert.match(said, /tacit add/);
    assert.ok(!/hunter2|HUNTER2|AKIA/.test(said), said);
  }
});

Deno.test("a name in the wrong case is proposed in the right one", () => {
  assert.match(refusal(["github-token"]), /tacit add GITHUB_TOKEN$/);
  assert.match(refusal(["api.key"]), /tacit add API_KEY$/);
  assert.match(refusal([""]), /tacit add NAME$/);
  assert.deepEqual(readNewNames(["A", "B_2", "A"]), ["A", "B_2"]);
  assert.deepEqual(readNewNames(["AWS_KEY", "SHORTNAME1"]), ["AWS_KEY", "SHORTNAME1"]);
});

Deno.test("an unknown name is answered with the nearest known one", () => {
  assert.deepEqual(requireKnown(["API_KEY"], ["API_KEY"], "show"), ["API_KEY"]);
  assert.throws(() => requireKnown(["API_KYE"], ["API_KEY"], "show"), { hint: "tacit show API_KEY" });
  assert.throws(() => requireKnown(["api_key"], ["API_KEY"], "show"), { hint: "tacit show API_KEY" });
  assert.throws(() => requireKnown(["hunter2x!"], ["API_KEY"], "show"), (e) => !String(e).includes("hunter2"));
});
