/**
 * A scripted agent for the demo: it calls the real hook and the real runner as Claude Code does, and keeps what an
 * agent keeps: the conversation that the model sees, and a transcript with every hook's output.
 */
import { join } from "node:path";
import { selfCommand, selfEnvironment } from "../lib/self.ts";

/** How a subprocess ended. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** What the model got for one tool call. */
export interface Turn {
  /** The command that was executed, after the hook. */
  executed: string;
  /** The tool result as the model sees it. */
  seen: string;
}

/** One session of the scripted agent; without `tacitHome` it works as agents do today. */
export class ScriptedAgent {
  readonly #project: string;
  readonly #transcript: string;
  readonly #tacitHome: string | null;
  readonly #session = `demo-${crypto.randomUUID()}`;
  #calls = 0;

  constructor(directory: string, tacitHome: string | null) {
    this.#project = join(directory, "project");
    this.#transcript = join(directory, "transcript.jsonl");
    this.#tacitHome = tacitHome;
    Deno.mkdirSync(this.#project, { recursive: true });
  }

  /** Runs a shell command as the Bash tool does, hooks before and after. */
  async bash(command: string): Promise<Turn> {
    const call = { tool_name: "Bash", tool_input: { command }, tool_use_id: `toolu_${++this.#calls}` };
    this.#record({ type: "tool_use", ...call });
    const before = await this.#hook({ hook_event_name: "PreToolUse", ...call });
    const verdict = before["hookSpecificOutput"] as Record<string, unknown> | undefined;
    if (verdict?.["permissionDecision"] === "deny") {
      const seen = String(verdict["permissionDecisionReason"]);
      this.#record({ type: "tool_result", content: seen });
      return { executed: "(denied)", seen };
    }
    const input = (verdict?.["updatedInput"] ?? call.tool_input) as { command: string };
    const ran = await execute(["bash", "-c", input.command], this.#project);
    const seen = await this.#after({ ...call, tool_input: input }, {
      stdout: ran.stdout,
      stderr: ran.stderr,
      interrupted: false,
      isImage: false,
      noOutputExpected: false,
    });
    return { executed: input.command, seen: `${seen["stdout"]}${seen["stderr"]}` };
  }

  /** Reads a file as the Read tool does; returns what the model sees. */
  async read(name: string): Promise<string> {
    const path = join(this.#project, name);
    const call = { tool_name: "Read", tool_input: { file_path: path }, tool_use_id: `toolu_${++this.#calls}` };
    this.#record({ type: "tool_use", ...call });
    const content = Deno.readTextFileSync(path);
    const lines = content.split("\n").length;
    const file = { filePath: path, content, numLines: lines, startLine: 1, totalLines: lines };
    const seen = await this.#after(call, { type: "text", file });
    return String((seen["file"] as { content: string }).content);
  }

  /** Sends a prompt; returns null if it reached the model, else the reason it did not. */
  async prompt(text: string): Promise<string | null> {
    const verdict = await this.#hook({ hook_event_name: "UserPromptSubmit", prompt: text });
    if (verdict["decision"] === "block") return String(verdict["reason"]);
    this.#record({ type: "user", content: text });
    return null;
  }

  /** Puts a file into the agent's project. */
  writeProjectFile(name: string, text: string): void {
    Deno.writeTextFileSync(join(this.#project, name), text);
  }

  async #after(call: object, response: Record<string, unknown>): Promise<Record<string, unknown>> {
    const after = await this.#hook({ hook_event_name: "PostToolUse", ...call, tool_response: response });
    const output = after["hookSpecificOutput"] as Record<string, unknown> | undefined;
    const seen = (output?.["updatedToolOutput"] ?? response) as Record<string, unknown>;
    this.#record({ type: "tool_result", content: seen });
    return seen;
  }

  async #hook(event: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (this.#tacitHome === null) return {};
    const input = {
      session_id: this.#session,
      transcript_path: this.#transcript,
      cwd: this.#project,
      permission_mode: "bypassPermissions",
      ...event,
    };
    const ran = await tacit(this.#tacitHome, ["hook", "claude-code"], JSON.stringify(input), this.#project);
    this.#record({ type: "attachment", hook: event["hook_event_name"], stdout: ran.stdout, stderr: ran.stderr });
    return ran.stdout === "" ? {} : JSON.parse(ran.stdout);
  }

  #record(entry: object): void {
    Deno.writeTextFileSync(this.#transcript, `${JSON.stringify(entry)}\n`, { append: true, mode: 0o600 });
  }
}

/** Runs this program on `home`. */
export function tacit(home: string, args: string[], stdin = "", cwd = home): Promise<Finished> {
  return execute([...selfCommand(), "--home", home, ...args], cwd, stdin);
}

async function execute(argv: string[], cwd: string, stdin = ""): Promise<Finished> {
  const [program = "", ...args] = argv;
  const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", LANG: "C.UTF-8", ...selfEnvironment() };
  const child = new Deno.Command(program, {
    args,
    cwd,
    env,
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
