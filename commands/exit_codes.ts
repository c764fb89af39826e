/**
 * Exit codes, and which refusal ends in which: chosen once, here. docs/cli.md prints this table with "since", and
 * tests/docs_test.ts compares the two.
 */
import type { LocalRefusal } from "../lib/presence/presence_error.ts";
import type { RefusalCode } from "../lib/protocol/refusals.ts";

export interface ExitCode {
  readonly code: number;
  readonly since: string;
  readonly meaning: string;
}

export const EXIT = {
  ok: { code: 0, since: "0.1.0", meaning: "done" },
  internal: {
    code: 1,
    since: "0.1.0",
    meaning: "something unexpected went wrong inside tacit, or doctor found a fault",
  },
  usage: { code: 2, since: "0.1.0", meaning: "the command line or its input could not be used as it stands" },
  locked: { code: 3, since: "0.1.0", meaning: "the vault is locked, was never unlocked, or the daemon is unreachable" },
  refused: { code: 4, since: "0.1.0", meaning: "refused by policy: no grant, expired, sealed, weak value" },
  presence: { code: 5, since: "0.1.0", meaning: "wrong passphrase or recovery code, or presence could not be proven" },
  vault: { code: 6, since: "0.1.0", meaning: "the vault file is damaged, foreign, rolled back or unusable" },
  name: { code: 7, since: "0.1.0", meaning: "not found, or already there" },
  busy: { code: 8, since: "0.1.0", meaning: "busy, or changed by someone else meanwhile: try again" },
  audit: { code: 9, since: "0.1.0", meaning: "the audit log cannot be written, or fails verification" },
  agent: { code: 10, since: "0.1.0", meaning: "refused inside an agent's shell: open another terminal" },
  interrupted: { code: 130, since: "0.1.0", meaning: "interrupted with Ctrl-C at a prompt" },
} as const satisfies Record<string, ExitCode>;

export type ExitName = keyof typeof EXIT;

/** Where each refusal of the daemon, or of this process before there is one, ends. */
export const EXIT_OF_REFUSAL: Record<RefusalCode | LocalRefusal, ExitName> = {
  no_vault: "name",
  vault_exists: "name",
  locked: "locked",
  never_unlocked: "locked",
  unreachable: "locked",
  killed: "locked",
  impostor: "presence",
  unsafe_process: "presence",
  bad_request: "usage",
  too_large: "usage",
  busy: "busy",
  not_allowed_here: "refused",
  presence_required: "presence",
  presence_failed: "presence",
  unknown_name: "name",
  name_taken: "name",
  no_grant: "refused",
  no_env_grant: "refused",
  sealed_unavailable: "refused",
  expired: "refused",
  weak_value: "refused",
  bad_value: "usage",
  bad_grant: "usage",
  agent_not_granted: "refused",
  project_not_granted: "refused",
  unprovable_context: "refused",
  literal_value: "refused",
  known_token: "refused",
  placeholder_not_substituted: "refused",
  marker_in_write: "refused",
  prompt_has_value: "refused",
  prompt_has_token: "refused",
  ticket_unknown: "refused",
  ticket_used: "refused",
  ticket_expired: "refused",
  ticket_mismatch: "refused",
  audit_unavailable: "audit",
  vault_fault: "vault",
  internal: "internal",
};

/** Errors of other rooms that carry no refusal code, by name. */
const EXIT_OF_ERROR: Record<string, ExitName> = {
  InterruptedError: "interrupted",
  NoTerminalError: "usage",
  SeveralLinesError: "usage",
  IntakeError: "usage",
  UnreachableError: "locked",
  AuditWriteError: "audit",
  AuditFileError: "audit",
};

/** What a verb throws when it cannot go on: one sentence (action, quoted subject, state) and the step that helps. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exit: ExitName;
  readonly hint: string;

  constructor(exit: ExitName, message: string, hint = "") {
    super(message);
    this.exit = exit;
    this.hint = hint;
  }
}

/** A thrown thing as it is shown: `code` is the refusal's code, or the exit's name where there is no refusal. */
export interface Failure {
  readonly exit: ExitName;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Reads any thrown thing. Errors of other rooms carry a refusal code and a hint of their own; anything else is
 * unexpected, and its text is shown since no error in this program may hold a value.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) {
    return { exit: error.exit, code: error.exit, message: error.message, hint: error.hint };
  }
  if (error instanceof Error) {
    const { code, hint } = error as Error & { code?: unknown; hint?: unknown };
    const shownHint = typeof hint === "string" ? hint : "";
    if (typeof code === "string" && Object.hasOwn(EXIT_OF_REFUSAL, code)) {
      return { exit: EXIT_OF_REFUSAL[code as RefusalCode], code, message: error.message, hint: shownHint };
    }
    const exit = EXIT_OF_ERROR[error.name];
    if (exit !== undefined) return { exit, code: exit, message: error.message, hint: shownHint };
    return { exit: "internal", code: "internal", message: error.message, hint: "" };
  }
  return { exit: "internal", code: "internal", message: "Cannot go on: unexpected failure", hint: "" };
}
