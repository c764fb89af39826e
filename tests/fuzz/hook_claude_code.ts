/**
 * Claude Code's events as version 2.1.330 sends them, and what it takes for an answer. The values of hook_daemon.ts
 * stand in some of them; `@HOME@` becomes the home of the run.
 */
import type { HookAnswers, RecordedEvent } from "./hook_agents.ts";
import { VALUES } from "./hook_daemon.ts";
import type { Tree } from "./json_tree.ts";

type Input = { [key: string]: Tree };

const SESSION = "cc4e1b45-dacb-4e46-9065-65e7c6c9d619";
const COMMON: Input = {
  session_id: SESSION,
  transcript_path: `@HOME@/.claude/projects/p/${SESSION}.jsonl`,
  cwd: "@HOME@/project/sub",
  prompt_id: "e7fcd2cb-2a2e-4cab-9b9c-88b33ec6c8bd",
  permission_mode: "default",
};
const [first, second] = Object.values(VALUES);

/** What Claude Code says in the hook's environment; the last, whose file is written to disk, is there now and then. */
export const CLAUDE_ENVIRONMENT: Record<string, string> = {
  CLAUDE_PROJECT_DIR: "@HOME@/project",
  AI_AGENT: "claude-code_2-1-330_harness",
  CLAUDE_ENV_FILE: `@HOME@/session-env/${SESSION}/sessionstart-hook-0.sh`,
};

export const CLAUDE_EVENTS: readonly RecordedEvent[] = [
  call("silent", "Bash", { command: "ls -la", description: "List files", timeout: 120_000, run_in_background: false }),
  call("PreToolUse ask rewrite", "Bash", {
    command: 'curl -H "Authorization: Bearer {{FIRST_TOKEN}}" https://api.example.com',
    description: "Ask",
  }),
  call("PreToolUse ask rewrite", "Bash", {
    command: "git push https://x:{{FIRST_TOKEN}}@example.com/o/r && echo {{UNKNOWN}}",
  }),
  call("PreToolUse deny", "Bash", { command: "cd sub && python3 -c 'print(\"{{SECOND_TOKEN}}\")'" }, {
    permission_mode: "bypassPermissions",
  }),
  call("PreToolUse rewrite", "Bash", { command: "echo {{SECOND_TOKEN}}", description: "é🦀" }, {
    permission_mode: "bypassPermissions",
  }),
  call("PreToolUse deny", "Bash", { command: `echo ${first}` }),
  call("PreToolUse ask", "Bash", {
    command: "deno run -A main.ts exec --ticket TICKET0123456789 -- 'echo {{FIRST_TOKEN}}'",
  }),
  call("PreToolUse deny", "Write", {
    file_path: "/src/app/.env",
    content: "TOKEN={{FIRST_TOKEN}}\nOLD=[REDACTED:FIRST_TOKEN]\n",
  }),
  call("PreToolUse deny", "Edit", {
    file_path: "/src/a",
    old_string: "a",
    new_string: `b${second}`,
    replace_all: false,
  }),
  call("PreToolUse deny", "MultiEdit", {
    file_path: "/src/a",
    edits: [{ old_string: "a", new_string: "[REDACTED:SECOND_TOKEN]" }],
  }),
  call("PreToolUse deny", "WebFetch", { url: "https://example.com/?q={{FIRST_TOKEN}}", prompt: "read" }),
  call("silent", "mcp__mail__send", { to: ["a@example.com"], body: { text: "hello", parts: [1, 2.5, null, true] } }, {
    mcp_server: "mail",
  }),
  call("silent", "Task", { description: "d", prompt: "use {{FIRST_TOKEN}}", subagent_type: "general" }, {
    agent_id: "a1",
  }),
  after("PostToolUse replace", "Bash", { stdout: `token=${first}\n`, stderr: "", interrupted: false, isImage: false }),
  after("PostToolUse replace", "Bash", {
    ...{ stdout: "x", stderr: `${second}${second}`, interrupted: false, persistedOutputSize: 100_000 },
    persistedOutputPath: `@HOME@/.claude/projects/p/${SESSION}/tool-results/1.txt`,
  }),
  after("PostToolUse replace", "Read", {
    type: "text",
    file: { filePath: "/a", content: `a\n${first}`, numLines: 2, startLine: 1, totalLines: 2 },
  }),
  after("PostToolUse replace", "mcp__db__query", [{ type: "text", text: `{"password":"${second}"}` }, {
    [first ?? ""]: 12345678,
  }]),
  of("PostToolUseFailure context", "PostToolUseFailure", {
    tool_name: "Bash",
    tool_input: { command: "x" },
    error: `Exit code 3\n${first}`,
  }),
  of("UserPromptSubmit block", "UserPromptSubmit", { prompt: `use ${first} for it`, source: "user" }),
  of("silent", "UserPromptSubmit", { prompt: "use {{FIRST_TOKEN}} for it" }),
  of("SessionStart context", "SessionStart", { source: "startup", model: "claude" }),
  of("SubagentStart context", "SubagentStart", { agent_id: "a1", agent_type: "general" }),
  of("silent", "Stop", { stop_hook_active: false, last_assistant_message: `done with ${second}` }),
  of("silent", "SessionEnd", { reason: "prompt_input_exit" }),
  of("silent", "TeaTime", { version: "99.0.0" }),
  of(
    "blocked: Cannot read the hook's input: it comes from another program than Claude Code; a placeholder cannot be used here",
    "PreToolUse",
    { tool_name: "Bash", tool_input: { command: "curl {{FIRST_TOKEN}}" }, cursor_version: "9" },
  ),
];

export const CLAUDE_ANSWERS: HookAnswers = {
  fault(answer) {
    if (!isObject(answer)) return "it is no object";
    const specific = answer["hookSpecificOutput"];
    if (!isObject(specific)) return "it has no hookSpecificOutput";
    const event = specific["hookEventName"];
    const outer = Object.keys(answer).toSorted().join();
    const inner = Object.keys(specific).filter((key) => key !== "hookEventName").toSorted().join();
    if (event === "UserPromptSubmit") {
      const sound = outer === "decision,hookSpecificOutput,reason,suppressOutput" && answer["decision"] === "block" &&
        typeof answer["reason"] === "string" && answer["suppressOutput"] === true &&
        inner === "suppressOriginalPrompt" && specific["suppressOriginalPrompt"] === true;
      return sound ? null : "a blocked prompt has other fields";
    }
    if (outer !== "hookSpecificOutput") return `it has fields that Claude Code does not know: ${outer}`;
    if (event === "PreToolUse") return callFault(specific, inner);
    if (event === "PostToolUse") return inner === "updatedToolOutput" ? null : `an output has the fields ${inner}`;
    const context = ["SessionStart", "SubagentStart", "PostToolUseFailure"].includes(String(event));
    const sound = context && inner === "additionalContext" && typeof specific["additionalContext"] === "string";
    return sound ? null : "context has other fields, or stands where Claude Code takes none";
  },
  stops(answer) {
    const specific = (answer as Input)["hookSpecificOutput"] as Input;
    return specific["permissionDecision"] === "deny" || Object.hasOwn(specific, "updatedToolOutput") ||
      (answer as Input)["decision"] === "block";
  },
  searched(input) {
    if (isForeign(input)) return null;
    switch (input["hook_event_name"]) {
      case "PreToolUse": {
        const given = input["tool_input"];
        return isObject(given) && typeof input["tool_name"] === "string" ? { kind: "call", of: given as Tree } : null;
      }
      case "PostToolUse":
        return { kind: "output", of: input["tool_response"] ?? null };
      case "UserPromptSubmit":
        return { kind: "prompt", of: input["prompt"] ?? null };
      default:
        return null;
    }
  },
  command(input) {
    const given = input["tool_input"];
    const isCall = !isForeign(input) && input["hook_event_name"] === "PreToolUse" && input["tool_name"] === "Bash" &&
      isObject(given);
    const command = isCall ? given["command"] : undefined;
    return typeof command === "string" ? command : null;
  },
};

function callFault(specific: { [key: string]: unknown }, inner: string): string | null {
  const { permissionDecision: decision, permissionDecisionReason: reason, updatedInput } = specific;
  const known = [
    "permissionDecision,permissionDecisionReason",
    "updatedInput",
    "permissionDecision,permissionDecisionReason,updatedInput",
  ];
  if (!known.includes(inner)) return `a verdict on a call has the fields ${inner}`;
  // To allow a call is the person's right.
  if (decision !== undefined && decision !== "ask" && decision !== "deny") {
    return "its decision is neither ask nor deny";
  }
  if (decision !== undefined && typeof reason !== "string") return "its reason is no text";
  if (Object.hasOwn(specific, "updatedInput") && !isObject(updatedInput)) return "its input is no object";
  return decision === "deny" && updatedInput !== undefined ? "it denies a call and changes it" : null;
}

/** Another program that reads Claude Code's settings sent it; what it would do with an answer is not known. */
function isForeign(input: Input): boolean {
  return input["cursor_version"] !== undefined || input["hookEventName"] !== undefined;
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function of(gives: string, event: string, fields: Input): RecordedEvent {
  return { event, input: { ...COMMON, hook_event_name: event, ...fields }, gives };
}

function call(gives: string, tool_name: string, tool_input: Input, more: Input = {}): RecordedEvent {
  return of(gives, "PreToolUse", { tool_name, tool_input, tool_use_id: "toolu_01", ...more });
}

function after(gives: string, tool_name: string, tool_response: Tree): RecordedEvent {
  const fields = { tool_name, tool_input: {}, tool_response, tool_use_id: "toolu_01", duration_ms: 12 };
  return of(gives, "PostToolUse", fields);
}
