import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { commandParts } from "../shell/parts.ts";
import { judgeCommand, type PermissionRules, rulesIn, type RuleVerdict, showRule } from "./permission_rules.ts";

const NONE: PermissionRules = { deny: [], ask: [], allow: [] };

type Row = [command: string, rules: Partial<PermissionRules>, verdict: RuleVerdict["kind"]];

const CURL = "curl -H 'Authorization: Bearer {{X}}' https://api.test/";

const TABLE: Row[] = [
  [CURL, {}, "unsure"],
  [CURL, { allow: ["Bash(curl:*)"] }, "allow"],
  [CURL, { allow: ["Bash(curl *)"] }, "allow"],
  [CURL, { allow: ["Bash"] }, "allow"],
  [CURL, { allow: [`Bash(${CURL})`] }, "allow"],
  [CURL, { allow: ["Bash(cur:*)"] }, "unsure"],
  [CURL, { allow: ["Read(*)", "WebFetch"] }, "unsure"],
  [CURL, { allow: ["Bash(*)"], deny: ["Bash(curl:*)"] }, "deny"],
  [CURL, { allow: ["Bash(curl:*)"], ask: ["Bash(curl:*)"] }, "ask"],
  [CURL, { deny: ["Bash(*api.test*)"] }, "deny"],
  // Every part counts for allowing, any part for denying.
  [`${CURL} | jq .`, { allow: ["Bash(curl:*)"] }, "unsure"],
  [`${CURL} | jq .`, { allow: ["Bash(curl:*)", "Bash(jq:*)"] }, "allow"],
  [`ls && ${CURL}`, { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  [`echo $(${CURL})`, { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  // A denied command behind what runs it, or in other clothes.
  [`sudo ${CURL}`, { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  [`env A=1 ${CURL}`, { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  [`A=1 ${CURL}`, { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  [`timeout 5 ${CURL}`, { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  ["/usr/bin/curl {{X}}", { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  ["\\curl {{X}}", { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  ["'curl' {{X}}", { allow: ["Bash"], deny: ["Bash(curl:*)"] }, "deny"],
  // A denying rule without a star denies what begins with it as well; an allowing one allows nothing but itself.
  ["rm -rf {{X}}", { allow: ["Bash"], deny: ["Bash(rm)"] }, "deny"],
  ["git push --force {{X}}", { allow: ["Bash"], deny: ["Bash(git push)"] }, "deny"],
  ["git pushx {{X}}", { allow: ["Bash"], deny: ["Bash(git push)"] }, "allow"],
  ["git pushx {{X}}", { allow: ["Bash"], deny: ["Bash(git push*)"] }, "deny"],
  ["rm -rf {{X}}", { allow: ["Bash"], ask: ["Bash(rm)"] }, "ask"],
  ["git push --force {{X}}", { allow: ["Bash(git push)"] }, "unsure"],
  // An allowed command in other clothes is not the allowed one.
  [`A=1 ${CURL}`, { allow: ["Bash(curl:*)"] }, "unsure"],
  ["/tmp/curl {{X}}", { allow: ["Bash(curl:*)"] }, "unsure"],
  ["curlx {{X}}", { allow: ["Bash(curl:*)"] }, "unsure"],
  // The wrapper's own rule allows nothing that is in it.
  ["rm -rf ~ # {{X}}", { allow: ["Bash(/opt/tacit exec --ticket *)"] }, "unsure"],
  ["rm -rf ~ # {{X}}", { allow: ["Bash(/opt/tacit exec --ticket *)"], deny: ["Bash(rm:*)"] }, "deny"],
];

Deno.test("the user's rules are judged on the command that the agent wrote", () => {
  for (const [command, rules, expected] of TABLE) {
    const verdict = judgeCommand({ ...NONE, ...rules }, command, commandParts(command));
    assert.equal(verdict.kind, expected, `${command} under ${JSON.stringify(rules)}`);
  }
});

Deno.test("a command whose parts cannot be told is never allowed, and may be denied", () => {
  assert.equal(judgeCommand({ ...NONE, allow: ["Bash"] }, "curl {{X}}", null).kind, "unsure");
  assert.equal(judgeCommand({ ...NONE, deny: ["Bash(curl:*)"] }, "curl {{X}}", null).kind, "deny");
});

Deno.test("a star stands for any text, as many stars as there are", () => {
  const letters = (unit: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...unit), maxLength });
  fc.assert(
    fc.property(letters("ab*", 7), letters("ab\n", 9), (pattern, text) => {
      fc.pre(text.trim() === text);
      const expression = new RegExp(`^${(pattern || "*").replaceAll("*", "[^]*")}$`);
      const { kind } = judgeCommand({ ...NONE, allow: [`Bash(${pattern})`] }, text, [text]);
      assert.equal(kind === "allow", expression.test(text), JSON.stringify([pattern, text]));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("no rule and no command makes the judging hang, and what is too much to judge is denied where it could be", () => {
  const a = "a".repeat(5000);
  const rules = { ...NONE, ask: ["Bash(*a*a*a*a*a*a*b)"], deny: ["Bash(rm:*)"] };
  assert.equal(judgeCommand(rules, a, [a]).kind, "unsure");
  const behind = (words: string, times: number) => {
    const command = `${words.repeat(times)}rm x`;
    return judgeCommand(rules, command, commandParts(command)).kind;
  };
  for (const words of ["A=1 ", "/a/env ", "'env' ", "sudo env xargs find -exec ", "timeout 5 "]) {
    assert.equal(behind(words, 7), "deny", words);
    // Behind so many nothing is told apart any more; the rewrite refuses such a command, so it gets no value.
    assert.equal(behind(words, 3000), words.includes("find") ? "unsure" : "deny", words);
  }
  const many = "A=1 ".repeat(100_000);
  assert.equal(judgeCommand({ ...NONE, deny: ["Read(x)"] }, many, null).kind, "unsure");
  assert.equal(judgeCommand({ ...NONE, ask: ["Bash(rm:*)"] }, many, null).kind, "ask");
});

Deno.test("what is not a rule is ignored", () => {
  assert.deepEqual(rulesIn({ permissions: { allow: ["Bash", 5, null], deny: "Bash" } }), { ...NONE, allow: ["Bash"] });
  for (const settings of [null, [], "x", { permissions: [] }, {}]) assert.deepEqual(rulesIn(settings), NONE);
});

Deno.test("showRule() tells which rule it was, and nothing of a secret that stands in it", () => {
  const shown: [rule: string, shown: string][] = [
    ["Bash(curl:*)", "Bash(curl:*)"],
    ["Bash(rm *)", "Bash(rm *)"],
    ["Bash", "Bash"],
    ["Bash(git push)", "Bash(git …)"],
    ['Bash(curl -H "Authorization: Bearer made-up-canary" https://x)', "Bash(curl …)"],
    ["Bash(TOKEN=made-up-canary deploy:*)", "Bash(TOKEN …)"],
    ["Bash(made-up-canary-that-is-longer-than-words:*)", "Bash"],
  ];
  for (const [rule, expected] of shown) assert.equal(showRule(rule), expected);
  for (const [rule] of shown.slice(4)) assert.ok(!showRule(rule).includes("canary"));
});
