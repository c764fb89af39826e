/**
 * Before a tool call: literal values and known tokens are stopped, a shell command with live placeholders is handed to
 * the runner, and a placeholder stays text everywhere else. docs/agents.md, "Before a call".
 *
 * Rules: a value is never in what is answered; a call without placeholders passes when no daemon answers, one with
 * placeholders does not; a wrapped call is never allowed on the user's behalf.
 */
import {
  type Ask,
  explain,
  looksLive,
  MAX_BATCH_BYTES,
  MAX_BATCH_LEAVES,
  namesOf,
  pack,
  unreachable,
} from "./daemon.ts";
import { type JsonObject, PASS, type PreToolEvent, type Verdict } from "./event.ts";
import type { PermissionRules, RuleVerdict } from "./permission_rules.ts";
import { stringLeaves } from "./string_leaves.ts";

/** What a decision needs from outside. */
export interface PreToolMeans {
  ask: Ask;
  /** The installed program with its leading arguments. */
  program: readonly string[];
  /** The command by which a person unlocks this home. */
  unlock: () => Promise<string>;
  /** The user's rules, read when a call is wrapped. `complete` is false if a file could not be read. */
  rules: () => Promise<{ rules: PermissionRules; complete: boolean }>;
}

const MARKER = /\[REDACTED:([A-Z][A-Z0-9_]{0,63})\]/g;
// Ways of a shell command to put text into a file.
const WRITES_A_FILE = />|<<|\btee\b|\s-i|--in-place/;
// The daemon has no key, or cannot work; what needs none goes on.
const NO_SERVICE = new Set([
  "locked",
  "never_unlocked",
  "unreachable",
  "busy",
  "killed",
  "audit_unavailable",
  "internal",
]);

/** Decides about one call. */
export async function decidePreTool(event: PreToolEvent, means: PreToolMeans): Promise<Verdict> {
  const leaves = stringLeaves(event.input);
  const live = leaves.some(looksLive);
  const command = event.tool === "shell" ? event.input["command"] : undefined;
  const commandAt = typeof command === "string" ? indexOfCommand(event.input, leaves) : null;
  const packed = pack(leaves);
  if (packed.bytes.length > MAX_BATCH_BYTES || leaves.length > MAX_BATCH_LEAVES) {
    return deny(explain("Cannot search this call for secrets: its input is too large", "split it into smaller calls"));
  }
  const runner = typeof command === "string" ? await runnerCall(event, means, command) : null;
  // A call of the runner is searched like any other, and needs no ticket.
  const commandIndex = runner === null ? commandAt : null;
  const request = { verb: "prepare", caller: event.caller, lengths: packed.lengths, command: commandIndex } as const;
  const answer = await means.ask(request, packed.bytes);
  if (runner !== null) {
    const found = answer.kind === "refused" && !NO_SERVICE.has(answer.code);
    return found ? deny(explain(answer.message, answer.hint)) : await runner();
  }
  if (answer.kind === "unreachable") return live && needsValue(event) ? deny(unreachable(await means.unlock())) : PASS;
  if (answer.kind === "refused") {
    if (NO_SERVICE.has(answer.code) && !(live && needsValue(event))) return PASS;
    return deny(explain(answer.message, answer.hint));
  }
  const refusal = await refuseText(event, leaves, means.ask);
  if (refusal !== null) return refusal;
  const ticket = answer.message["ticket"];
  if (typeof command !== "string" || typeof ticket !== "string") return PASS;
  const { wrapCommand } = await import("./wrapped_command.ts");
  const input = { ...event.input, command: wrapCommand(means.program, ticket, command) };
  return await judge(event, means, command, { input, names: namesOf(answer.message) });
}

/** How to decide about a command that calls the runner itself, or null if it does not. */
async function runnerCall(
  event: PreToolEvent,
  means: PreToolMeans,
  command: string,
): Promise<(() => Promise<Verdict>) | null> {
  if (!command.includes("--ticket")) return null;
  const { unwrapCommand } = await import("./wrapped_command.ts");
  const wrapped = unwrapCommand(means.program, command);
  if (wrapped === null) return null;
  if (wrapped !== "opaque") return () => judge(event, means, wrapped.inner, null);
  const reason = "This command calls tacit's runner itself, which only tacit's hook should do.";
  return event.unattended ? null : () => Promise.resolve({ kind: "ask", reason });
}

/** True where a placeholder could be meant to become a value; in a file it is text. */
function needsValue(event: PreToolEvent): boolean {
  return event.tool === "shell" || event.tool === "outbound";
}

/** Stops markers on their way into files, and placeholders on their way out. */
async function refuseText(event: PreToolEvent, leaves: string[], ask: Ask): Promise<Verdict | null> {
  const marked = writesFiles(event, leaves)
    ? leaves.flatMap((leaf) => [...leaf.matchAll(MARKER)].map((m) => m[1]))
    : [];
  const outbound = event.tool === "outbound" && leaves.some(looksLive);
  if (marked.length === 0 && !outbound) return null;
  const listed = await ask({ verb: "list" });
  const known = listed.kind === "ok" ? new Set(secretNames(listed.message)) : null;
  const marker = marked.find((name) => name !== undefined && known?.has(name));
  if (marker !== undefined) {
    return deny(explain(
      `Cannot write "[REDACTED:${marker}]": it only stands for a value that tacit took out of what you read, ` +
        `and would destroy the value where it is written`,
      `leave that text as it is and edit around it, or write {{${marker}}} where the name belongs`,
    ));
  }
  if (!outbound) return null;
  const { findPlaceholders } = await import("../shell/placeholders.ts");
  const found = leaves.flatMap(findPlaceholders).find(({ name }) => known === null || known.has(name));
  if (found === undefined) return null;
  return deny(explain(
    `Cannot send "{{${found.name}}}" with this tool: a placeholder becomes a value only in a command of the Bash tool`,
    `use it in a Bash command, such as curl -H "Authorization: Bearer {{${found.name}}}" https://…`,
  ));
}

function writesFiles(event: PreToolEvent, leaves: string[]): boolean {
  return event.tool === "file" || (event.tool === "shell" && leaves.some((leaf) => WRITES_A_FILE.test(leaf)));
}

function secretNames(message: Record<string, unknown>): string[] {
  const secrets = message["secrets"];
  if (!Array.isArray(secrets)) return namesOf(message);
  return secrets.map((secret) => (secret as { name?: unknown } | null)?.name)
    .filter((name): name is string => typeof name === "string");
}

/**
 * The user's own rules on the command that the agent wrote; `wrapped` null if the command was wrapped already.
 * A deny rule counts in every mode, as it does in Claude Code.
 */
async function judge(
  event: PreToolEvent,
  means: PreToolMeans,
  command: string,
  wrapped: { input: JsonObject; names: string[] } | null,
): Promise<Verdict> {
  const { judgeCommand, showRule } = await import("./permission_rules.ts");
  const { commandParts } = await import("../shell/parts.ts");
  const { rules, complete } = await means.rules();
  const verdict: RuleVerdict = judgeCommand(rules, command, commandParts(command));
  if (verdict.kind === "deny") {
    return deny(
      `Permission to run this command is denied by the rule ${showRule(verdict.rule)} in the person's settings.`,
    );
  }
  const allowed = verdict.kind === "allow" && complete;
  const uses = wrapped === null ? "" : ` It uses ${wrapped.names.join(", ")}.`;
  // Claude Code, too, asks where a rule says so although the user asked never to be asked.
  const reason = verdict.kind === "ask"
    ? `The rule ${showRule(verdict.rule)} in your settings asks before this command.${uses}`
    : event.unattended || allowed
    ? null
    : `No allow rule that tacit can read covers every part of this command.${uses}`;
  if (wrapped !== null) return { kind: "rewrite", input: wrapped.input, ask: reason };
  return reason === null ? PASS : { kind: "ask", reason };
}

function deny(reason: string): Verdict {
  return { kind: "deny", reason };
}

/** Where the command is among the leaves: keys precede what they hold. */
function indexOfCommand(input: JsonObject, leaves: string[]): number | null {
  let at = 0;
  for (const [key, value] of Object.entries(input)) {
    if (key === "command") return at + 1 < leaves.length ? at + 1 : null;
    at += 1 + stringLeaves(value).length;
  }
  return null;
}
