/**
 * `tacit hook AGENT [--event NAME]`: one event as JSON on stdin, one verdict as JSON on stdout. Hidden from help.
 *
 * An agent waits for this process at every tool call: what most calls do not need is imported only where it is needed
 * (a dynamic import costs about 4 % of the whole process, so what most calls need is imported at the top). Whatever
 * comes in, the answer comes in bounded time, is of a shape the agent knows, and holds no value. What cannot be read or
 * fails blocks a tool call and lets everything else pass. docs/agents.md.
 */
import { ask as askDaemon, HOOK_WAIT_MS, RefusedError } from "../lib/client/client.ts";
import { harden } from "../lib/harden.ts";
import { CLAUDE_CODE, HookInputError, readClaudeEvent, writeClaudeVerdict } from "../lib/hooks/claude_code.ts";
import { type Ask, looksLive } from "../lib/hooks/daemon.ts";
import { type HookEvent, PASS, type Verdict } from "../lib/hooks/event.ts";
import { decidePostTool, decidePostToolFailure } from "../lib/hooks/post_tool.ts";
import { decidePreTool } from "../lib/hooks/pre_tool.ts";
import { type Homes, homesOf } from "../lib/paths.ts";
import type { Caller } from "../lib/protocol/messages.ts";

/** More than this on stdin is no tool call that could be searched. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;
/** Claude Code gives a session's end 1.5 s in all. */
const END_WAIT_MS = 1_000;
/** Exit status by which a hook blocks what it was asked about. */
const BLOCK = 2;

/** What one run of the hook gave. */
export interface HookAnswer {
  stdout: string;
  stderr: string;
  status: number;
}

interface HookArguments {
  homes: Homes;
  agent: string;
  /** The event that the agent's configuration says this is. */
  event: string | null;
}

/** Runs `tacit hook`; resolves to the exit status. */
export async function runHook(argv: string[]): Promise<number> {
  const parsed = parse(argv);
  // What a tool printed comes in as it is; a call that is still to be judged waits for nothing more than it needs.
  if ((parsed?.event ?? "PreToolUse") !== "PreToolUse") harden({ keepUmask: true, ignoreLoader: true });
  const text = parsed === null ? null : readInput();
  const given = parsed === null
    ? blocked("Cannot run the hook: expected an agent's name", true)
    : await answerHook(parsed, text, Deno.env.get);
  write(Deno.stdout, given.stdout);
  write(Deno.stderr, given.stderr);
  return given.status;
}

/** The answer to `text`, null standing for input that is too large. */
export async function answerHook(
  { homes, agent, event: expected }: HookArguments,
  text: string | null,
  variable: (name: string) => string | undefined,
  ask?: Ask,
): Promise<HookAnswer> {
  // Without the installed `--event` anything could have been a tool call.
  const block = expected === null || expected === "PreToolUse";
  if (agent !== CLAUDE_CODE) return blocked("Cannot run the hook: this agent is not known", block);
  if (text === null) return blocked("Cannot read the hook's input: it is too large", block);
  let event: HookEvent;
  try {
    event = readClaudeEvent(text, variable);
  } catch (error) {
    if (error instanceof HookInputError && error.foreign) {
      return blocked(`${error.message}; a placeholder cannot be used here`, block && looksLive(text));
    }
    return blocked(error instanceof HookInputError ? error.message : "Cannot read the hook's input", block);
  }
  // The configuration says that this is a tool call; what reads as something else was not judged as one.
  if (expected === "PreToolUse" && event.kind !== "pre_tool") {
    return blocked("Cannot read the hook's input: it is no tool call", true);
  }
  try {
    const verdict = await decide(event, homes, ask ?? daemonOf(homes, event));
    return { stdout: writeClaudeVerdict(event, verdict), stderr: "", status: 0 };
  } catch {
    // Error texts of the runtime may quote what they failed on.
    return blocked("Cannot judge this call: tacit's hook failed", event.kind === "pre_tool");
  }
}

async function decide(event: HookEvent, homes: Homes, ask: Ask): Promise<Verdict> {
  switch (event.kind) {
    case "pre_tool": {
      const program = await programOf(homes);
      const rules = async () => (await import("../lib/hooks/settings_files.ts")).readRules(event.places);
      const unlock = async () => (await import("../lib/hooks/human_command.ts")).humanCommand(homes, "unlock");
      return await decidePreTool(event, { ask, program, rules, unlock });
    }
    case "post_tool": {
      return await decidePostTool(event.caller, event.output, ask, async (path) => {
        const { scrubPersisted } = await import("../lib/hooks/persisted_output.ts");
        const { ScrubFeed } = await import("../lib/client/scrub_feed.ts");
        return await scrubPersisted(path, event.places, () => ScrubFeed.open(homes, event.caller));
      });
    }
    case "post_tool_failure":
      return await decidePostToolFailure(event.caller, event.error, ask);
    case "prompt":
      return await (await import("../lib/hooks/prompt.ts")).decidePrompt(event.caller, event.places, event.text, ask);
    case "session_start":
      if (event.shellFile !== null) await openChannel(homes, event.shellFile);
      return await sessionStarted(event.caller, homes, ask, "start");
    case "subagent_start":
      return await sessionStarted(event.caller, homes, ask, "seen");
    case "session_seen":
    case "session_end": {
      const { markSession } = await import("../lib/hooks/session.ts");
      return await markSession(event.caller, event.kind === "session_end" ? "end" : "seen", ask);
    }
    case "unknown":
      return PASS;
  }
}

async function sessionStarted(caller: Caller, homes: Homes, ask: Ask, event: "start" | "seen"): Promise<Verdict> {
  const [{ startSession }, { humanCommand }] = await Promise.all([
    import("../lib/hooks/session.ts"),
    import("../lib/hooks/human_command.ts"),
  ]);
  return await startSession(caller, ask, (verb) => humanCommand(homes, verb), event);
}

async function openChannel(homes: Homes, file: string): Promise<void> {
  const { openShellChannel } = await import("../lib/hooks/shell_channel.ts");
  try {
    await openShellChannel(homes, await programOf(homes), file);
  } catch {
    // A session without the channel is still scrubbed by the hook after each successful call.
  }
}

function daemonOf(homes: Homes, event: HookEvent): Ask {
  const timeoutMs = event.kind === "session_end" ? END_WAIT_MS : HOOK_WAIT_MS;
  return async (request, attachment) => {
    try {
      return { kind: "ok", ...await askDaemon(homes, request, attachment, { timeoutMs }) };
    } catch (error) {
      if (!(error instanceof RefusedError)) return { kind: "unreachable" };
      return { kind: "refused", code: error.code, message: error.message, hint: error.hint };
    }
  };
}

/** What a wrapped command calls: this very program, with the home that it was given. */
async function programOf(homes: Homes): Promise<string[]> {
  const self = Deno.build.standalone ? [Deno.execPath()] : (await import("../lib/self.ts")).selfCommand();
  return homes.chosen === null ? self : [...self, "--home", homes.chosen];
}

function parse(argv: string[]): HookArguments | null {
  let [home, agent, event]: [string | null, string | null, string | null] = [null, null, null];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--home") home = argv[++i] ?? null;
    else if (word.startsWith("--home=")) home = word.slice(7);
    else if (word === "--event") event = argv[++i] ?? null;
    else if (agent === null && !word.startsWith("-")) agent = word;
    else return null;
  }
  return agent === null ? null : { homes: homesOf(home), agent, event };
}

/** All of stdin as text, null if it is too large. What is not UTF-8 does not parse as JSON either way. */
function readInput(): string | null {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const part = new Uint8Array(64 * 1024);
    const n = Deno.stdin.readSync(part);
    if (n === null) break;
    size += n;
    if (size > MAX_INPUT_BYTES) return null;
    parts.push(part.subarray(0, n));
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(all);
}

function blocked(message: string, block: boolean): HookAnswer {
  return block ? { stdout: "", stderr: `tacit: ${message}.\n`, status: BLOCK } : { stdout: "", stderr: "", status: 0 };
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}
