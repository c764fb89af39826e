/** The real agent, from npm, at exactly the version the suite is written against; its install scripts do not run. */
import { homedir } from "node:os";
import { join } from "node:path";
import { CLAUDE_VERSION } from "./run_agent.ts";

/** Path of the agent's program: `TACIT_TEST_CLAUDE`, or installed below the user's cache on first use. */
export async function findClaude(): Promise<string> {
  const given = Deno.env.get("TACIT_TEST_CLAUDE");
  if (given !== undefined && given !== "") return Deno.realPathSync(given);
  const directory = join(homedir(), ".cache", "tacit-test", `claude-${CLAUDE_VERSION}`);
  const platform = `${Deno.build.os}-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
  const program = join(directory, "node_modules", "@anthropic-ai", `claude-code-${platform}`, "claude");
  if (await Deno.stat(program).catch(() => null) !== null) return program;
  await Deno.mkdir(directory, { recursive: true });
  const args = ["install", "--ignore-scripts", "--no-save", "--no-fund", "--no-audit", "--prefix", directory];
  const { code, stderr } = await new Deno.Command("npm", {
    args: [...args, `@anthropic-ai/claude-code@${CLAUDE_VERSION}`],
    cwd: directory,
    stdin: "null",
  }).output();
  if (code !== 0) throw new Error(`Cannot install Claude Code: ${new TextDecoder().decode(stderr)}`);
  return program;
}
