/** Promise: tacit never allows a call on the user's behalf, and no denial of the user's is lost by wrapping. */
import assert from "node:assert/strict";
import { fc } from "../kit/seed.ts";
import { readClaudeEvent, writeClaudeVerdict } from "../../lib/hooks/claude_code.ts";
import type { Ask } from "../../lib/hooks/daemon.ts";
import { decidePreTool } from "../../lib/hooks/pre_tool.ts";

const PROGRAM = ["/opt/tacit"];
const COMMANDS = ["curl", "rm", "git", "jq", "echo"];
const ask: Ask = () =>
  Promise.resolve({ kind: "ok", message: { ticket: "T0", names: ["TOKEN"] }, attachment: new Uint8Array() });

const rule = fc.constantFrom(...COMMANDS.map((name) => `Bash(${name}:*)`), "Bash", "Read", wrapper());
const rules = fc.record({ deny: fc.array(rule), ask: fc.array(rule), allow: fc.array(rule) });
const words = fc.array(fc.constantFrom(...COMMANDS), { minLength: 1, maxLength: 4 });
const glue = fc.constantFrom(" | ", " && ", "; ", " || ", "\n", " & ");
const mode = fc.constantFrom("default", "acceptEdits", "plan", "dontAsk", "auto", "bypassPermissions");

Deno.test("whatever the rules, the mode and the command, the answer is never allow, and a denied part is denied", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(words, glue, rules, mode, async (names, between, given, permission_mode) => {
      const command = names.map((name) => `${name} {{TOKEN}}`).join(between);
      const event = readClaudeEvent(
        JSON.stringify({
          session_id: "s",
          cwd: "/",
          permission_mode,
          hook_event_name: "PreToolUse",
          tool_name: "Bash",
          tool_input: { command },
        }),
        () => undefined,
      );
      assert.equal(event.kind, "pre_tool");
      if (event.kind !== "pre_tool") return;
      const rules = () => Promise.resolve({ rules: given, complete: true });
      const means = { ask, program: PROGRAM, rules, unlock: () => Promise.resolve("tacit unlock") };
      const printed = writeClaudeVerdict(event, await decidePreTool(event, means));
      const { hookSpecificOutput: verdict } = JSON.parse(printed);
      const decision = verdict.permissionDecision ?? "none";
      seen.add(decision);
      assert.ok(["none", "ask", "deny"].includes(decision), printed);
      const matches = (list: string[], name: string) => list.includes("Bash") || list.includes(`Bash(${name}:*)`);
      const denied = names.some((name) => matches(given.deny, name));
      const allowed = names.every((name) => matches(given.allow, name));
      const asked = names.some((name) => matches(given.ask, name));
      const unattended = permission_mode === "bypassPermissions";
      const expected = denied ? "deny" : asked || !(allowed || unattended) ? "ask" : "none";
      assert.equal(decision, expected, printed);
    }),
    { numRuns: 500 },
  );
  assert.deepEqual([...seen].toSorted(), ["ask", "deny", "none"]);
});

/** The rule that `install` adds: it must change nothing about what the user's own rules say. */
function wrapper(): string {
  return "Bash(/opt/tacit exec --ticket *)";
}
