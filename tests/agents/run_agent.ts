/** Runs the real Claude Code once, headless and bounded in time, in a process group of its own. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Milliseconds for one run; a usual one takes one to five seconds. */
const LIMIT = 90_000;

/** Version that the suite is written against; `deno task agents` installs exactly this one. */
export const CLAUDE_VERSION = "2.1.330";

export interface AgentRun {
  program: string;
  prompt: string;
  /** Base address of the model. */
  model: string;
  permissions: "bypassed" | "default" | "acceptEdits" | "plan";
  mcpConfig: string | null;
  cwd: string;
  env: Record<string, string>;
  /** Gets stdout.log and stderr.log; a further run adds to them. */
  directory: string;
}

export interface AgentEnd {
  code: number | null;
  timedOut: boolean;
  ms: number;
}

/** A well-formed key that belongs to nobody. */
const DUMMY_KEY = "sk-ant-dummy-for-tests";

/** Runs the agent to its end; what is left of its process group is killed. */
export async function runAgent(run: AgentRun): Promise<AgentEnd> {
  const args = ["-p", run.prompt, "--output-format", "stream-json", "--verbose", "--model", "claude-sonnet-4-5"];
  if (run.permissions === "bypassed") args.push("--dangerously-skip-permissions");
  else if (run.permissions !== "default") args.push("--permission-mode", run.permissions);
  if (run.mcpConfig !== null) args.push("--mcp-config", run.mcpConfig);
  const env = {
    ...run.env,
    ANTHROPIC_BASE_URL: run.model,
    ANTHROPIC_API_KEY: DUMMY_KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    ENABLE_TOOL_SEARCH: "false",
    // The agent refuses to bypass permissions as root unless it is told that this is a sandbox.
    IS_SANDBOX: "1",
  };
  const started = performance.now();
  const child = spawn(run.program, args, { cwd: run.cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const logs = [[child.stdout, "stdout.log"], [child.stderr, "stderr.log"]] as const;
  const written = logs.map(([stream, name]) => {
    const file = createWriteStream(join(run.directory, name), { flags: "a" });
    return new Promise<void>((done) => stream.pipe(file).on("finish", () => done()));
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, LIMIT);
  const code = await new Promise<number | null>((done, fail) => {
    child.on("exit", (status: number | null) => done(status));
    child.on("error", fail);
  });
  clearTimeout(timer);
  const ms = performance.now() - started;
  killGroup(child.pid);
  // A process that left the group may hold the pipes open; the logs are complete enough by then.
  await Promise.race([Promise.all(written), new Promise((done) => setTimeout(done, 2000))]);
  return { code, timedOut, ms };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}
