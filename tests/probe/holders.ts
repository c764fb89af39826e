/**
 * Each kind of process that holds a key, a passphrase or a value, held still in the midst of its work.
 */
import { HeldTerminal } from "./held_terminal.ts";
import { PASSPHRASE, type ProbeUser, type Start } from "./user.ts";

/** A process in the midst of its work; disposing it lets the work end. */
export interface Holder extends AsyncDisposable {
  readonly pid: number;
}

/** How a holder is started, by its name. Each needs a user with an unlocked daemon that holds `TOKEN`. */
export type StartHolder = (user: ProbeUser, value: string) => Promise<Holder>;

/** What Claude Code says before (`Pre`) or after (`Post`) it ran `command`. */
export function toolEvent(user: ProbeUser, command: string, stdout?: string): string {
  return JSON.stringify({
    session_id: "00000000-0000-4000-8000-000000000000",
    transcript_path: `${user.work}/s.jsonl`,
    cwd: user.work,
    permission_mode: "default",
    hook_event_name: stdout === undefined ? "PreToolUse" : "PostToolUse",
    tool_name: "Bash",
    tool_input: { command },
    tool_use_id: "toolu_01probe",
    ...(stdout !== undefined && { tool_response: { stdout, stderr: "", interrupted: false } }),
  });
}

/** The command that the hook makes of `command`. */
export async function wrapped(user: ProbeUser, command: string, start: Start = {}): Promise<string> {
  const { stdout, stderr } = await user.run(["hook", "claude-code"], { stdin: toolEvent(user, command), ...start });
  const text = stdout === "" ? undefined : JSON.parse(stdout).hookSpecificOutput?.updatedInput?.command;
  if (typeof text !== "string") throw new Error(`Cannot go on: the hook did not wrap the command: ${stdout}${stderr}`);
  return text;
}

/** A prompt of `args`, where `typed` was typed last and not sent. */
function atPrompt(args: string[], answers: [prompt: string, typed: string][]): StartHolder {
  return async (user) => {
    const terminal = new HeldTerminal(user, user.command(args));
    try {
      for (const [prompt, typed] of answers) await terminal.type(prompt, typed);
      const pid = await hardened(await user.processWith(args[0] ?? ""));
      return { pid, [Symbol.asyncDispose]: () => terminal[Symbol.asyncDispose]() };
    } catch (error) {
      await terminal[Symbol.asyncDispose]();
      throw error;
    }
  };
}

const HALF = PASSPHRASE.slice(0, PASSPHRASE.length / 2);

/** Waits until the first lines of `pid` have run: the kernel then holds its part of /proc for root's. */
async function hardened(pid: number): Promise<number> {
  for (let i = 0; i < 500; i++) {
    try {
      if (Deno.statSync(`/proc/${pid}/environ`).uid === 0) return pid;
    } catch { /* it is not there yet, or no more */ }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Cannot go on: process ${pid} does not harden itself`);
}

/** Ended by a signal, with whatever it started: it leads a group of its own by `setsid`. */
function holderOf(child: Deno.ChildProcess, pid: number, input?: WritableStreamDefaultWriter<Uint8Array>): Holder {
  const drained = Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  return {
    pid,
    async [Symbol.asyncDispose]() {
      await input?.abort().catch(() => {});
      endGroup(child.pid);
      await Promise.all([child.status, drained]);
    },
  };
}

function endGroup(leader: number): void {
  try {
    Deno.kill(-leader, "SIGTERM");
  } catch { /* it has ended by itself */ }
}

export const HOLDERS: Record<string, StartHolder> = {
  "the daemon": async (user) => ({ pid: await user.daemonPid(), [Symbol.asyncDispose]: async () => {} }),

  "the runner of tacit run": async (user) => {
    const child = user.startAny(["setsid", ...user.command(["run", "--secret", "TOKEN", "--", "sleep", "300"])]);
    const pid = await hardened(await user.processWith("run"));
    await child.stdin.close();
    return holderOf(child, pid);
  },

  "the runner of a wrapped command": async (user) => {
    const command = await wrapped(user, "sleep 300; : {{TOKEN}}");
    const child = user.startAny(["setsid", "bash", "-c", command]);
    const pid = await hardened(await user.processWith("exec"));
    await child.stdin.close();
    return holderOf(child, pid);
  },

  "the custodian of a background child": async (user) => {
    const child = user.startAny([
      "setsid",
      ...user.command(["run", "--secret", "TOKEN", "--", "sh", "-c", "sleep 300 &"]),
    ]);
    const pid = await hardened(await user.processWith("--custody"));
    await child.stdin.close();
    await child.status;
    const drained = Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
    return {
      pid,
      async [Symbol.asyncDispose]() {
        await drained;
        Deno.kill(pid, "SIGTERM");
        // The background child is still in the runner's group.
        endGroup(child.pid);
      },
    };
  },

  "the hook after a call": async (user, value) => {
    const child = user.startAny(["setsid", ...user.command(["hook", "claude-code", "--event", "PostToolUse"])]);
    const writer = child.stdin.getWriter();
    // All but the end, so that it goes on waiting.
    await writer.write(new TextEncoder().encode(toolEvent(user, "cat", `${value}\n`).slice(0, -1)));
    return holderOf(child, await hardened(await user.processWith("hook")), writer);
  },

  "the scrubber of output": async (user, value) => {
    const child = user.startAny(["setsid", ...user.command(["scrub"])]);
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(value.slice(0, -1)));
    return holderOf(child, await hardened(await user.processWith("scrub")), writer);
  },

  "add, at the prompt for a value": (user, value) =>
    atPrompt(["add", "OTHER", "--inject", "env"], [
      [`Passphrase of ${user.home}: `, `${PASSPHRASE}\r`],
      ["Value of OTHER: ", value.slice(0, -1)],
    ])(user, value),

  "unlock, at its prompt": atPrompt(["unlock", "--again"], [["Passphrase", HALF]]),

  "passwd, at the prompt for the new passphrase": atPrompt(["passwd"], [
    ["passphrase of", `${PASSPHRASE}\r`],
    ["New passphrase", HALF],
  ]),

  "recovery, at its prompt": atPrompt(["recovery"], [["Passphrase", HALF]]),

  "edit, at its prompt": atPrompt(["edit", "TOKEN", "--kind", "key"], [["Passphrase", HALF]]),

  "remove, at its prompt": atPrompt(["remove", "TOKEN", "--yes"], [["Passphrase", HALF]]),
};
