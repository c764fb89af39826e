/**
 * What happens in an agent, and what tacit answers, in words of no particular agent. One file per agent translates
 * its own JSON to and from these. docs/agents.md.
 */
import type { Caller } from "../protocol/messages.ts";

/** Any JSON value, as an agent sent it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/**
 * What becomes of a placeholder in a tool's input: `shell` runs it, `file` keeps it literally, `outbound` would send
 * it away and is refused, `plain` only hands text on inside the agent.
 */
export type ToolClass = "shell" | "file" | "outbound" | "plain";

/** Where the agent keeps what a hook looks at. Absolute paths, as the agent reported them. */
export interface AgentPlaces {
  /** The session's transcript, or null. */
  transcript: string | null;
  project: string | null;
}

/**
 * Characters of a path that is passed on; PATH_MAX of Linux, and the most that the daemon reads. It would refuse the
 * whole question for a longer one, and output would then go unsearched.
 */
export const MAX_PATH_LENGTH = 4_096;

/** A tool is about to be called. */
export interface PreToolEvent {
  kind: "pre_tool";
  caller: Caller;
  places: AgentPlaces;
  tool: ToolClass;
  input: JsonObject;
  /** The user asked never to be asked. */
  unattended: boolean;
}

/** One thing that happened. */
export type HookEvent =
  | PreToolEvent
  | { kind: "post_tool"; caller: Caller; places: AgentPlaces; output: Json }
  | { kind: "post_tool_failure"; caller: Caller; error: string }
  | { kind: "prompt"; caller: Caller; places: AgentPlaces; text: string }
  | { kind: "session_start"; caller: Caller; shellFile: string | null }
  /** A subagent begins; it has seen nothing of what the session was told. */
  | { kind: "subagent_start"; caller: Caller }
  | { kind: "session_seen"; caller: Caller }
  | { kind: "session_end"; caller: Caller }
  | { kind: "unknown"; name: string };

/** One answer. No part of it may hold a value: agents record what a hook prints. */
export type Verdict =
  | { kind: "pass" }
  | { kind: "deny"; reason: string }
  /** `reason` null leaves the decision to the agent's own rules. */
  | { kind: "rewrite"; input: JsonObject; ask: string | null }
  | { kind: "ask"; reason: string }
  | { kind: "replace"; output: Json }
  | { kind: "context"; text: string }
  | { kind: "block_prompt"; reason: string };

/** Nothing to say. */
export const PASS: Verdict = { kind: "pass" };

/** True for a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
