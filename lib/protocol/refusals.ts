/**
 * Why the daemon says no: stable codes that agents, scripts and tests may branch on. docs/protocol.md lists them.
 * A refusal is legible to an agent: what is missing, and the one command for the human.
 */

export const REFUSALS = [
  "locked",
  "never_unlocked",
  "unreachable",
  "killed",
  "impostor",
  "bad_request",
  "too_large",
  "busy",
  "not_allowed_here",
  "presence_required",
  "presence_failed",
  "unknown_name",
  "name_taken",
  "no_grant",
  "no_env_grant",
  "sealed_unavailable",
  "expired",
  "weak_value",
  "bad_value",
  "bad_grant",
  "agent_not_granted",
  "project_not_granted",
  "unprovable_context",
  "literal_value",
  "known_token",
  "placeholder_not_substituted",
  "marker_in_write",
  "prompt_has_value",
  "prompt_has_token",
  "ticket_unknown",
  "ticket_used",
  "ticket_expired",
  "ticket_mismatch",
  "audit_unavailable",
  "unsafe_process",
  "vault_fault",
  "internal",
] as const;

/** One of the stable refusal codes. */
export type RefusalCode = typeof REFUSALS[number];

/** A refusal as it travels: never a value, never the command. */
export interface Refusal {
  ok: false;
  code: RefusalCode;
  /** One sentence: action, subject, state. */
  message: string;
  /** The one command or step that helps; may be empty. */
  hint: string;
}
