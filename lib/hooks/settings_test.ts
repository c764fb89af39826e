import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { addToSettings, HOOK_EVENTS, hooksIn, removeFromSettings, wrapperRule } from "./settings.ts";

const PROGRAM = ["/home/ada/.local/share/tacit/bin/tacit"];
const OTHERS = `{
    "model": "opus",
    "hooks": {
        "PreToolUse": [
            { "matcher": "Bash", "hooks": [{ "type": "command", "command": "/usr/bin/true" }] }
        ]
    },
    "permissions": {
        "allow": ["Bash(ls:*)"],
        "deny": ["Bash(rm:*)"]
    },
    "zeta": 1
}
`;

Deno.test("every event calls tacit once, and only PreToolUse blocks when the hook fails", () => {
  const settings = JSON.parse(addToSettings("", PROGRAM).text);
  assert.deepEqual(Object.keys(settings.hooks), HOOK_EVENTS);
  for (const event of HOOK_EVENTS) {
    const [group] = settings.hooks[event];
    const [hook] = group.hooks;
    assert.equal(hook.command, PROGRAM[0]);
    assert.deepEqual(hook.args, ["hook", "claude-code", "--event", event]);
    assert.equal(hook.onFailure, event === "PreToolUse" ? "block" : undefined);
    assert.ok(hook.timeout > 0 && hook.timeout <= 30);
  }
  assert.deepEqual(settings.permissions.allow, [wrapperRule(PROGRAM)]);
});

Deno.test("other people's settings keep their bytes, their order and their indentation", () => {
  const { text } = addToSettings(OTHERS, PROGRAM);
  assert.deepEqual(Object.keys(JSON.parse(text)), ["model", "hooks", "permissions", "zeta"]);
  assert.ok(
    text.includes('            { "matcher": "Bash", "hooks": [{ "type": "command", "command": "/usr/bin/true" }] }'),
  );
  assert.ok(text.includes('"allow": ["Bash(ls:*)", "Bash(/home/ada/.local/share/tacit/bin/tacit exec --ticket *)"]'));
  const kept = OTHERS.split("\n").filter((line) => !text.includes(line.replace(/,$/, "")));
  assert.deepEqual(kept, ['        "allow": ["Bash(ls:*)"],']);
});

Deno.test("a second install changes nothing, and one with another path replaces the first", () => {
  const first = addToSettings(OTHERS, PROGRAM);
  const again = addToSettings(first.text, PROGRAM);
  assert.equal(again.text, first.text);
  assert.deepEqual(again.changes, []);
  const moved = addToSettings(first.text, ["/opt/tacit", "--home", "/h"]);
  assert.deepEqual(hooksIn(moved.text), { events: HOOK_EVENTS, programs: ["/opt/tacit"] });
  assert.ok(!moved.text.includes("/home/ada"));
  assert.ok(moved.text.includes("Bash(/opt/tacit --home /h exec --ticket *)"));
});

Deno.test("what was put in comes out, and the rest is as it was", () => {
  for (const file of [OTHERS, '{"a":1}', "{}\n", '{\r\n\t"x": [1]\r\n}\r\n', '{ "a": 1, "b": "c" }']) {
    const { text } = removeFromSettings(addToSettings(file, PROGRAM).text);
    assert.equal(text, file);
  }
  const { changes } = removeFromSettings(OTHERS);
  assert.deepEqual(changes, []);
});

Deno.test("a hook of ours beside another in one group goes alone", () => {
  const shared = JSON.parse(addToSettings("", PROGRAM).text);
  shared.hooks.Stop[0].hooks.unshift({ type: "command", command: "other" });
  const removed = JSON.parse(removeFromSettings(JSON.stringify(shared, null, 2)).text);
  assert.deepEqual(removed, { hooks: { Stop: [{ hooks: [{ type: "command", command: "other" }] }] } });
});

Deno.test("settings of a shape that cannot be merged are refused", () => {
  for (
    const text of ["[]", '{"hooks": []}', '{"hooks": {"Stop": {}}}', '{"permissions": {"allow": "x"}}', "{ // a\n}"]
  ) {
    assert.throws(() => addToSettings(text, PROGRAM), { name: "JsonTextError" });
  }
});

Deno.test("install and uninstall are each other's reverse on any settings", () => {
  const hook = fc.record({ type: fc.constant("command"), command: fc.string() });
  const group = fc.record({ matcher: fc.string(), hooks: fc.array(hook) });
  // An empty object or list of hooks says the same as none; uninstall may drop it.
  const events = fc.dictionary(fc.constantFrom(...HOOK_EVENTS, "Notification"), fc.array(group, { minLength: 1 }), {
    minKeys: 1,
  });
  const permissions = fc.record({ allow: fc.array(fc.string(), { minLength: 1 }), deny: fc.array(fc.string()) }, {
    requiredKeys: ["deny"],
  });
  const settings = fc.record({
    env: fc.dictionary(fc.string(), fc.string()),
    hooks: events,
    permissions,
    z: fc.jsonValue(),
  }, {
    requiredKeys: [],
  });
  const indents = fc.constantFrom(undefined, 2, 3, "\t");
  fc.assert(
    fc.property(settings, indents, (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const installed = addToSettings(text, PROGRAM).text;
      assert.deepEqual(hooksIn(installed).events.toSorted(), [...HOOK_EVENTS].toSorted());
      assert.equal(removeFromSettings(installed).text, text);
    }),
    { numRuns: 40 },
  );
});
