/** Begin and end of a session: what an agent is told, and the daemon's registry. docs/agents.md, "Session start". */
import { type Ask, namesOf } from "./daemon.ts";
import { PASS, type Verdict } from "./event.ts";
import type { Caller } from "../protocol/messages.ts";

/** Names told at most; the rest are found with `tacit list`. */
const MAX_NAMES = 60;

/**
 * Registers the session, or for a subagent notes it, and tells the agent how to use secrets. `human` gives the command
 * for a verb that a person runs.
 */
export async function startSession(
  caller: Caller,
  ask: Ask,
  human: (verb: string) => string,
  event: "start" | "seen" = "start",
): Promise<Verdict> {
  const unlock = `a person can run \`${human("unlock")}\` in a terminal of their own`;
  const registered = await ask({ verb: "session", event, caller });
  if (registered.kind === "unreachable") {
    return tell(`No secret can be used and no output is scrubbed now: its daemon is not reachable (${unlock}).`);
  }
  const listed = await ask({ verb: "list" });
  const state = registered.kind === "ok" ? registered.message["state"] : undefined;
  if (registered.kind === "refused" && (registered.code === "never_unlocked" || registered.code === "locked")) {
    return tell(`No secret can be used now (${unlock}). ${scrubbingOff(registered.code === "never_unlocked")}`);
  }
  if (state === "never_unlocked") return tell(`No secret can be used now (${unlock}). ${scrubbingOff(true)}`);
  const lines = [howTo()];
  if (state === "locked") {
    lines.push(`The vault is locked now: a command with a placeholder is refused. To unlock, ${unlock}.`);
  }
  lines.push(
    listed.kind === "ok"
      ? known(listed.message, human("list"))
      : `Names: ${namesOf(registeredMessage(registered)).join(", ")}.`,
  );
  if (registered.kind === "ok" && registered.message["scrubbing"] === false) lines.push(scrubbingOff(true));
  return tell(lines.join("\n"));
}

/** Says that a session goes on or has ended. */
export async function markSession(caller: Caller, event: "seen" | "end", ask: Ask): Promise<Verdict> {
  await ask({ verb: "session", event, caller });
  return PASS;
}

function howTo(): string {
  return "Write {{NAME}} in a Bash command where a secret's value belongs, for example " +
    'curl -H "Authorization: Bearer {{NAME}}" …; tacit puts the value in when the command runs, and you never see ' +
    "it. Only the Bash tool does this; in files and for other tools {{NAME}} stays as it is. Such a command runs in " +
    "a shell of its own: cd, exports and functions do not outlast it. Where a value would have been shown you see " +
    "[REDACTED:NAME]; never write that into a file. Do not try to see, encode, split or describe values.";
}

function known(message: Record<string, unknown>, list: string): string {
  const secrets = Array.isArray(message["secrets"]) ? message["secrets"] as unknown[] : [];
  const usable: string[] = [];
  const waiting: string[] = [];
  for (const secret of secrets) {
    const { name, modes, expired } = readSecret(secret);
    if (name === null) continue;
    if (expired) waiting.push(`${name} (expired)`);
    else if (modes.includes("env") || modes.includes("file")) usable.push(name);
    else waiting.push(`${name} (${modes.includes("sealed") ? "sealed, not usable yet" : "no use granted"})`);
  }
  const lines = [usable.length === 0 ? "No secret is usable." : `Usable now: ${shorten(usable, list)}.`];
  if (waiting.length > 0) lines.push(`Not usable: ${shorten(waiting, list)}.`);
  return lines.join("\n");
}

function shorten(names: string[], list: string): string {
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(", ") + (more > 0 ? `, and ${more} more (${list})` : "");
}

function readSecret(secret: unknown): { name: string | null; modes: string[]; expired: boolean } {
  const { name, grant, expired } = (secret ?? {}) as Record<string, unknown>;
  const modes = namesOf((grant ?? {}) as Record<string, unknown>, "modes");
  return {
    name: typeof name === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(name) ? name : null,
    modes,
    expired: expired === true,
  };
}

function registeredMessage(answer: Awaited<ReturnType<Ask>>): Record<string, unknown> {
  return answer.kind === "ok" ? answer.message : {};
}

function scrubbingOff(off: boolean): string {
  return off ? "Output is NOT scrubbed: a value that a file or a program shows reaches you as it is." : "";
}

function tell(text: string): Verdict {
  return { kind: "context", text: `[tacit, the local secrets manager] ${text.trim()}` };
}
