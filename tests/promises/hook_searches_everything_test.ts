/** Promise: what an agent hands to a hook is searched whatever its shape; what cannot be searched does not pass. */
import assert from "node:assert/strict";
import { answerHook } from "../../commands/hook.ts";
import { newCanary } from "../kit/canary.ts";
import { setStage, type Stage } from "../kit/daemon_stage.ts";

const DIGITS = "73920164855512";

async function stageWith(token: string): Promise<Stage> {
  const stage = await setStage({ values: { TOKEN: token, PIN: DIGITS } });
  await stage.start();
  return stage;
}

async function hook(stage: Stage, event: string, fields: object): Promise<Record<string, unknown>> {
  const text = JSON.stringify({ hook_event_name: event, session_id: "s1", cwd: "/", ...fields });
  const answer = await answerHook({ homes: stage.homes, agent: "claude-code", event }, text, () => undefined);
  assert.equal(answer.status, 0);
  const { hookSpecificOutput, ...rest } = JSON.parse(answer.stdout || "{}") as Record<string, unknown>;
  return { ...rest, ...hookSpecificOutput as object };
}

Deno.test("a value of digits is found where it stands as a JSON number", async () => {
  await using stage = await stageWith(newCanary());
  const output = { pin: Number(DIGITS), list: [1, Number(DIGITS)], port: 8080, ratio: 0.25 };
  assert.deepEqual((await hook(stage, "PostToolUse", { tool_response: output }))["updatedToolOutput"], {
    pin: "[REDACTED:PIN]",
    list: [1, "[REDACTED:PIN]"],
    port: 8080,
    ratio: 0.25,
  });
  const call = { tool_name: "mcp__door__open", tool_input: { code: Number(DIGITS) } };
  assert.equal((await hook(stage, "PreToolUse", call))["permissionDecision"], "deny");
});

Deno.test("output nested too deeply to be searched is withheld where it is too deep", async () => {
  const token = newCanary();
  await using stage = await stageWith(token);
  let deep: unknown = token;
  for (let i = 0; i < 5_000; i++) deep = [deep];
  const { updatedToolOutput } = await hook(stage, "PostToolUse", { tool_response: { text: token, deep } });
  const shown = JSON.stringify(updatedToolOutput);
  assert.ok(!shown.includes(token));
  assert.match(shown, /^\{"text":"\[REDACTED:TOKEN\]","deep":\[\[.*withheld/);
});

Deno.test("a call of tacit's own runner is searched for values like any other", async () => {
  const token = newCanary();
  await using stage = await stageWith(token);
  const { selfCommand } = await import("../../lib/self.ts");
  const program = [...selfCommand(), "--home", stage.homes.chosen].join(" ");
  for (const command of [`${program} exec --ticket T0 -- 'echo ${token}'`, `true; exec --ticket T0; echo ${token}`]) {
    for (const permission_mode of ["default", "bypassPermissions"]) {
      const call = { permission_mode, tool_name: "Bash", tool_input: { command } };
      assert.equal((await hook(stage, "PreToolUse", call))["permissionDecision"], "deny", permission_mode);
    }
  }
});

Deno.test("a prompt is searched in any shape, and blocked where it is too large to be searched", async () => {
  const token = newCanary();
  await using stage = await stageWith(token);
  for (const prompt of [`use ${token}`, [{ type: "text", text: token }], "x ".repeat(8 * 1024 * 1024) + token]) {
    assert.equal((await hook(stage, "UserPromptSubmit", { prompt }))["decision"], "block");
  }
  assert.equal((await hook(stage, "UserPromptSubmit", { prompt: "use {{TOKEN}}" }))["decision"], undefined);
});

Deno.test("input that was announced as a tool call and reads as something else is blocked", async () => {
  await using stage = await stageWith(newCanary());
  for (const hook_event_name of ["PostToolUse", "PreToolUse2", "Stop"]) {
    const text = JSON.stringify({ hook_event_name, tool_name: "Bash", tool_input: { command: "echo {{TOKEN}}" } });
    const words = { homes: stage.homes, agent: "claude-code", event: "PreToolUse" };
    assert.equal((await answerHook(words, text, () => undefined)).status, 2, hook_event_name);
  }
});
