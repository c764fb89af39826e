import assert from "node:assert/strict";
import { HookInputError, readClaudeEvent, writeClaudeVerdict } from "./claude_code.ts";
import { type HookEvent, MAX_PATH_LENGTH } from "./event.ts";
import { MAX_PATH_LENGTH as MOST_READ, parseUseRequest } from "../protocol/parse.ts";

// As Claude Code 2.1.330 sent them.
const COMMON = {
  session_id: "cc4e1b45-dacb-4e46-9065-65e7c6c9d619",
  transcript_path: "/home/ada/.claude/projects/-src-app/cc4e1b45-dacb-4e46-9065-65e7c6c9d619.jsonl",
  cwd: "/src/app/sub",
  prompt_id: "e7fcd2cb-2a2e-4cab-9b9c-88b33ec6c8bd",
  permission_mode: "default",
};
const ENVIRONMENT: Record<string, string> = {
  CLAUDE_PROJECT_DIR: "/src/app",
  AI_AGENT: "claude-code_2-1-330_harness",
  CLAUDE_ENV_FILE: `/home/ada/.claude/session-env/${COMMON.session_id}/sessionstart-hook-0.sh`,
};

function read(event: object, environment = ENVIRONMENT): HookEvent {
  return readClaudeEvent(JSON.stringify({ ...COMMON, ...event }), (name) => environment[name]);
}

Deno.test("a tool call is read with its caller", () => {
  const event = read({
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command: "ls", description: "list" },
    tool_use_id: "toolu_01",
    agent_id: "a1",
  });
  assert.deepEqual(event, {
    kind: "pre_tool",
    caller: {
      agent: "claude-code",
      agent_version: "2.1.330",
      session: COMMON.session_id,
      parent: "a1",
      turn: COMMON.prompt_id,
      tool_call: "toolu_01",
      tool: "Bash",
      project: "/src/app",
      cwd: "/src/app/sub",
    },
    places: { transcript: COMMON.transcript_path, project: "/src/app" },
    tool: "shell",
    input: { command: "ls", description: "list" },
    unattended: false,
  });
});

Deno.test("each tool has the class by which placeholders in it are judged", () => {
  const classes = { Bash: "shell", Write: "file", Edit: "file", NotebookEdit: "file", WebFetch: "outbound" };
  const more = {
    WebSearch: "outbound",
    mcp__mail__send: "outbound",
    Monitor: "outbound",
    Read: "plain",
    Task: "plain",
  };
  for (const [tool_name, expected] of Object.entries({ ...classes, ...more })) {
    const event = read({ hook_event_name: "PreToolUse", tool_name, tool_input: {} });
    assert.equal(event.kind === "pre_tool" && event.tool, expected, tool_name);
  }
});

Deno.test("every other event is read, and an unknown one is no error", () => {
  const kinds: [object, HookEvent["kind"]][] = [
    [{ hook_event_name: "PostToolUse", tool_name: "Read", tool_response: "x" }, "post_tool"],
    [{ hook_event_name: "PostToolUseFailure", tool_name: "Bash", error: "Exit code 3" }, "post_tool_failure"],
    [{ hook_event_name: "UserPromptSubmit", prompt: "do it" }, "prompt"],
    [{ hook_event_name: "SessionStart", source: "startup" }, "session_start"],
    [{ hook_event_name: "Stop", stop_hook_active: false }, "session_seen"],
    [{ hook_event_name: "SubagentStop" }, "session_seen"],
    [{ hook_event_name: "SessionEnd", reason: "other" }, "session_end"],
    [{ hook_event_name: "TeaTime" }, "unknown"],
  ];
  for (const [event, kind] of kinds) assert.equal(read(event).kind, kind);
});

Deno.test("only the session's own environment file is ever written", () => {
  const start = { hook_event_name: "SessionStart", source: "startup" };
  const file = (environment: Record<string, string>) => {
    const event = read(start, environment);
    return event.kind === "session_start" ? event.shellFile : undefined;
  };
  assert.equal(file(ENVIRONMENT), ENVIRONMENT["CLAUDE_ENV_FILE"]);
  assert.equal(file({}), null);
  assert.equal(file({ CLAUDE_ENV_FILE: "/home/ada/.bashrc" }), null);
  assert.equal(file({ CLAUDE_ENV_FILE: "/x/session-env/another-session/y.sh" }), null);
});

Deno.test("whatever stands where a path or a name belongs, the daemon reads the question that comes of it", () => {
  assert.ok(MAX_PATH_LENGTH <= MOST_READ);
  const odd = [
    `/${"x".repeat(MAX_PATH_LENGTH)}`,
    `/${"x".repeat(MAX_PATH_LENGTH - 1)}`,
    "x".repeat(300),
    "/\0",
    "",
    7,
    {},
  ];
  for (const value of odd) {
    const fields = { session_id: value, cwd: value, transcript_path: value, tool_use_id: value, agent_id: value };
    const event = read({ ...fields, prompt_id: value, hook_event_name: "PostToolUse", tool_name: value }, {});
    assert.ok(event.kind === "post_tool");
    assert.equal(parseUseRequest({ verb: "scrub", caller: event.caller, lengths: [] }, 0).verb, "scrub");
    const kept = typeof value === "string" && value.length === MAX_PATH_LENGTH;
    assert.equal(event.caller.cwd, kept ? value : null);
    assert.equal(event.places.transcript, kept ? value : null);
  }
});

Deno.test("input that is no event of Claude Code is refused, and the refusal holds none of it", () => {
  const bad = ["", "  \n", "nonsense-canary", "[1]", "null", '"x"', "{", '{"a":1}', '{"hook_event_name":5}'];
  bad.push(JSON.stringify({ hook_event_name: "PreToolUse", tool_name: "Bash", tool_input: "nonsense-canary" }));
  for (const text of bad) {
    assert.throws(
      () => readClaudeEvent(text, () => undefined),
      (error) => error instanceof HookInputError && !error.message.includes("canary") && !error.foreign,
    );
  }
  for (const text of ['{"hookEventName":"PreToolUse"}', '{"cursor_version":"1","hook_event_name":"PreToolUse"}']) {
    assert.throws(() => readClaudeEvent(text, () => undefined), (error) => (error as HookInputError).foreign);
  }
});

Deno.test("each verdict has exactly the fields that Claude Code knows", () => {
  const pre = read({ hook_event_name: "PreToolUse", tool_name: "Bash", tool_input: {} });
  const start = read({ hook_event_name: "SessionStart" });
  const failure = read({ hook_event_name: "PostToolUseFailure" });
  const written = (event: HookEvent, verdict: Parameters<typeof writeClaudeVerdict>[1]) => {
    const text = writeClaudeVerdict(event, verdict);
    return text === "" ? null : JSON.parse(text);
  };
  const specific = (name: string, fields: object) => ({ hookSpecificOutput: { hookEventName: name, ...fields } });
  assert.equal(written(pre, { kind: "pass" }), null);
  assert.deepEqual(
    written(pre, { kind: "deny", reason: "no" }),
    specific("PreToolUse", { permissionDecision: "deny", permissionDecisionReason: "no" }),
  );
  assert.deepEqual(
    written(pre, { kind: "rewrite", input: { command: "x" }, ask: null }),
    specific("PreToolUse", { updatedInput: { command: "x" } }),
  );
  assert.deepEqual(
    written(pre, { kind: "rewrite", input: { command: "x" }, ask: "why" }),
    specific("PreToolUse", {
      permissionDecision: "ask",
      permissionDecisionReason: "why",
      updatedInput: { command: "x" },
    }),
  );
  assert.deepEqual(
    written(start, { kind: "replace", output: { stdout: "x" } }),
    specific("PostToolUse", { updatedToolOutput: { stdout: "x" } }),
  );
  assert.deepEqual(
    written(start, { kind: "context", text: "x" }),
    specific("SessionStart", { additionalContext: "x" }),
  );
  assert.deepEqual(
    written(failure, { kind: "context", text: "x" }),
    specific("PostToolUseFailure", { additionalContext: "x" }),
  );
  assert.deepEqual(written(start, { kind: "block_prompt", reason: "x" }), {
    decision: "block",
    reason: "x",
    suppressOutput: true,
    ...specific("UserPromptSubmit", { suppressOriginalPrompt: true }),
  });
});
