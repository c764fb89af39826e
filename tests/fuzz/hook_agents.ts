/** The agents whose hooks are fuzzed. A new agent is one line here and a file with its events and answers. */
import { CLAUDE_ANSWERS, CLAUDE_ENVIRONMENT, CLAUDE_EVENTS } from "./hook_claude_code.ts";
import type { Tree } from "./json_tree.ts";

/** A recorded event, with the name that the installed hook is given as `--event`. */
export interface RecordedEvent {
  event: string;
  input: { [key: string]: Tree };
  /** The outcome with an unlocked daemon. */
  gives: string;
}

/** What an agent answers with, as its own documentation says. */
export interface HookAnswers {
  /** What is wrong with this answer to this event, or null. */
  fault(answer: unknown): string | null;
  /** True if the answer keeps the tool call from running as it was asked for, or is a new output in place of the old. */
  stops(answer: unknown): boolean;
  /** Everything in `input` that a tool call would use, a prompt would send or an output would show; null for none. */
  searched(input: { [key: string]: Tree }): { kind: "call" | "output" | "prompt"; of: Tree } | null;
  /** The command that a shell would run, or null. */
  command(input: { [key: string]: Tree }): string | null;
}

/** One agent: the name in the installed command line, recorded events, and what it takes for an answer. */
export interface FuzzedAgent {
  agent: string;
  /** What it may say in the hook's environment; the last stands there only now and then. */
  environment: Record<string, string>;
  events: readonly RecordedEvent[];
  answers: HookAnswers;
}

export const AGENTS: readonly FuzzedAgent[] = [
  { agent: "claude-code", environment: CLAUDE_ENVIRONMENT, events: CLAUDE_EVENTS, answers: CLAUDE_ANSWERS },
];
