/**
 * Claude Code's hook JSON (2.1.330) to and from neutral events. docs/agents.md, "Claude Code".
 *
 * What is read is judged field by field: a missing or foreign field is as if it were not there. What is written has
 * exactly the fields that Claude Code validates; it drops a whole answer for one that it does not know.
 */
import type { Caller } from "../protocol/messages.ts";
import {
  type AgentPlaces,
  type HookEvent,
  isObject,
  type Json,
  type JsonObject,
  MAX_PATH_LENGTH,
  type ToolClass,
  type Verdict,
} from "./event.ts";

/** The name under which grants and the audit log know this agent. */
export const CLAUDE_CODE = "claude-code";

/** The input is no hook event of Claude Code. The message never holds any of it. */
export class HookInputError extends Error {
  /** True if some other program that reads Claude Code's settings sent it. */
  readonly foreign: boolean;
  constructor(state: string, foreign = false) {
    super(`Cannot read the hook's input: ${state}`);
    this.name = "HookInputError";
    this.foreign = foreign;
  }
}

const FILE_TOOLS = new Set(["Write", "Edit", "MultiEdit", "NotebookEdit"]);
// They run or send text without passing the rewrite of the Bash tool.
const OUTBOUND_TOOLS = new Set(["WebFetch", "WebSearch", "Monitor", "PowerShell", "REPL", "PushNotification"]);

/** Events that may be answered with text for the model. */
const CONTEXT_EVENTS: Partial<Record<HookEvent["kind"], string>> = {
  session_start: "SessionStart",
  subagent_start: "SubagentStart",
  post_tool_failure: "PostToolUseFailure",
};

/**
 * The event in `text`. `variable` reads this process's environment, for what Claude Code tells only there.
 * @throws {HookInputError} if it is none.
 */
export function readClaudeEvent(text: string, variable: (name: string) => string | undefined): HookEvent {
  const input = parse(text);
  if (input["cursor_version"] !== undefined || input["hookEventName"] !== undefined) {
    throw new HookInputError("it comes from another program than Claude Code", true);
  }
  const name = string(input["hook_event_name"]);
  if (name === null) throw new HookInputError("it names no event");
  const project = canonical(absolute(variable("CLAUDE_PROJECT_DIR")) ?? absolute(input["cwd"]));
  const caller = callerOf(input, project, variable);
  const places: AgentPlaces = { transcript: absolute(input["transcript_path"]), project };
  switch (name) {
    case "PreToolUse": {
      const tool = string(input["tool_name"]);
      const toolInput = input["tool_input"];
      if (tool === null || !isObject(toolInput)) throw new HookInputError("the tool call has no name or no input");
      const unattended = input["permission_mode"] === "bypassPermissions";
      return { kind: "pre_tool", caller, places, tool: classOf(tool), input: toolInput, unattended };
    }
    case "PostToolUse":
      return { kind: "post_tool", caller, places, output: input["tool_response"] ?? null };
    case "PostToolUseFailure":
      return { kind: "post_tool_failure", caller, error: textOf(input["error"]) };
    case "UserPromptSubmit":
      return { kind: "prompt", caller, places, text: textOf(input["prompt"]) };
    case "SessionStart":
      return { kind: "session_start", caller, shellFile: shellFileOf(caller, variable) };
    case "SubagentStart":
      return { kind: "subagent_start", caller };
    case "Stop":
    case "SubagentStop":
      return { kind: "session_seen", caller };
    case "SessionEnd":
      return { kind: "session_end", caller };
    default:
      return { kind: "unknown", name };
  }
}

/** What the hook prints for `verdict`: a JSON document, or nothing. */
export function writeClaudeVerdict(event: HookEvent, verdict: Verdict): string {
  const document = documentOf(event, verdict);
  return document === null ? "" : `${JSON.stringify(document)}\n`;
}

function documentOf(event: HookEvent, verdict: Verdict): JsonObject | null {
  switch (verdict.kind) {
    case "pass":
      return null;
    case "deny":
    case "ask":
      return preToolUse({ permissionDecision: verdict.kind, permissionDecisionReason: verdict.reason });
    case "rewrite": {
      const asked = verdict.ask === null ? {} : { permissionDecision: "ask", permissionDecisionReason: verdict.ask };
      return preToolUse({ ...asked, updatedInput: verdict.input });
    }
    case "replace":
      return { hookSpecificOutput: { hookEventName: "PostToolUse", updatedToolOutput: verdict.output } };
    case "context": {
      const name = CONTEXT_EVENTS[event.kind];
      return name === undefined
        ? null
        : { hookSpecificOutput: { hookEventName: name, additionalContext: verdict.text } };
    }
    case "block_prompt":
      return {
        decision: "block",
        reason: verdict.reason,
        suppressOutput: true,
        hookSpecificOutput: { hookEventName: "UserPromptSubmit", suppressOriginalPrompt: true },
      };
  }
}

function preToolUse(fields: JsonObject): JsonObject {
  return { hookSpecificOutput: { hookEventName: "PreToolUse", ...fields } };
}

function classOf(tool: string): ToolClass {
  if (tool === "Bash") return "shell";
  if (FILE_TOOLS.has(tool)) return "file";
  return OUTBOUND_TOOLS.has(tool) || tool.startsWith("mcp__") ? "outbound" : "plain";
}

function callerOf(
  input: JsonObject,
  project: string | null,
  variable: (name: string) => string | undefined,
): Caller {
  const caller: Caller = {
    agent: CLAUDE_CODE,
    session: label(input["session_id"]),
    project,
    cwd: absolute(input["cwd"]),
  };
  // `claude-code_2-1-330_agent`
  const version = /^claude-code_(\d+(?:-\d+)+)_/.exec(variable("AI_AGENT") ?? "")?.[1];
  if (version !== undefined) caller.agent_version = version.replaceAll("-", ".");
  const labels = { parent: "agent_id", turn: "prompt_id", tool_call: "tool_use_id", tool: "tool_name" } as const;
  for (const [field, key] of Object.entries(labels)) {
    const text = label(input[key]);
    if (text !== null) caller[field as keyof typeof labels] = text;
  }
  return caller;
}

/** The file whose text Claude Code puts before every shell command of this session; no other file is ever written. */
function shellFileOf(caller: Caller, variable: (name: string) => string | undefined): string | null {
  const file = absolute(variable("CLAUDE_ENV_FILE"));
  return file !== null && caller.session !== null && file.includes(`/session-env/${caller.session}/`) ? file : null;
}

function parse(text: string): JsonObject {
  if (text.trim() === "") throw new HookInputError("it is empty");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new HookInputError("it is not JSON");
  }
  if (!isObject(parsed)) throw new HookInputError("it is not a JSON object");
  return parsed;
}

function string(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** What must be searched whatever its shape: a string as it is, anything else as JSON. */
function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}

/** A short name for the audit log; anything that could not be one is left out. */
function label(value: Json | undefined): string | null {
  return typeof value === "string" && /^[\x21-\x7e]{1,128}$/.test(value) ? value : null;
}

/** A path as it could name something; anything else is as if it were not there. */
function absolute(value: Json | undefined): string | null {
  const sound = typeof value === "string" && value.startsWith("/") && !value.includes("\0") &&
    value.length <= MAX_PATH_LENGTH;
  return sound ? value : null;
}

/** Grants name projects by their real paths. */
function canonical(path: string | null): string | null {
  try {
    return path === null ? null : Deno.realPathSync(path);
  } catch {
    return path;
  }
}
