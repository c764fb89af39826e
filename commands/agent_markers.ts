/**
 * Refuses verbs that read a passphrase or a value inside an agent's shell, before anything is read: what is typed
 * there is in the agent's transcript. A guard against accidents; an agent can unset a variable. docs/cli.md.
 */
import { CommandError } from "./exit_codes.ts";

// Set by the agents themselves in the shells they start.
const MARKERS: readonly (readonly [variable: string, agent: string])[] = [
  ["CLAUDECODE", "claude-code"],
  ["CLAUDE_CODE_ENTRYPOINT", "claude-code"],
  ["CODEX_SANDBOX", "codex"],
  ["CODEX_THREAD_ID", "codex"],
  ["GEMINI_CLI", "gemini-cli"],
  ["OPENCODE", "opencode"],
  ["QWEN_CODE", "qwen-code"],
  ["CURSOR_AGENT", "cursor"],
  ["AI_AGENT", "unnamed"],
];

/** The id of the agent whose shell this is, as grants and the audit log name it, or null. */
export function agentHere(
  variable: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string | null {
  for (const [name, agent] of MARKERS) {
    const value = variable(name);
    if (value !== undefined && value !== "" && value !== "0") return agent;
  }
  return null;
}

/**
 * `operand` makes the proposed command complete; what was typed is not repeated, since it may be a value.
 * @throws {CommandError} (exit "agent") if this shell belongs to an agent.
 */
export function refuseUnderAgent(verb: string, operand = ""): void {
  const agent = agentHere();
  if (agent === null) return;
  throw new CommandError(
    "agent",
    `Cannot run "tacit ${verb}" here: this shell belongs to an agent (${agent}), which would record what is typed`,
    `open another terminal and run: tacit ${verb}${operand === "" ? "" : ` ${operand}`}`,
  );
}
