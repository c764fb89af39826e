/** What an agent waits for: one hook call and one wrapped run, as whole processes, against an empty program. */
import { emptyProgram } from "./floor.ts";
import { peer } from "./peer.ts";
import { report, skipped } from "./report.ts";
import { builtProgram, inSeededHome } from "./seeded_home.ts";
import { SECRET } from "../tests/agents/scenario.ts";
import { pairedRatio, takeTurns } from "./whole_process.ts";

const ROUNDS = 41;
const TITLE = "Hook and run, whole process";

const program = await builtProgram();
if (program === null) skipped(TITLE, "dist/tacit is missing; build it with: deno task build");
else {
  const floor = await emptyProgram();
  await inSeededHome(program, async (user) => {
    const event = (tool: string, input: unknown, more: Record<string, unknown> = {}) =>
      JSON.stringify({
        session_id: "00000000-0000-4000-8000-000000000000",
        transcript_path: `${user.home}/.claude/projects/x/s.jsonl`,
        cwd: user.work,
        permission_mode: "default",
        hook_event_name: "PreToolUse",
        tool_name: tool,
        tool_input: input,
        tool_use_id: "toolu_01bench",
        ...more,
      });
    const here = { cwd: user.work, env: user.env };
    const tacit = [program, "--home", user.tacit];
    const hook = [...tacit, "hook", "claude-code"];
    const after = {
      hook_event_name: "PostToolUse",
      tool_response: { stdout: "line\n".repeat(200), stderr: "", interrupted: false },
    };
    const other = await peer();
    const times = await takeTurns([
      { name: "floor", command: [floor], ...here },
      { name: "pre", command: hook, stdin: event("Bash", { command: "ls -la" }), ...here },
      { name: "post", command: hook, stdin: event("Bash", { command: "ls -la" }, after), ...here },
      { name: "run", command: [...tacit, "run", "--", "true"], ...here },
      { name: "use", command: [...tacit, "run", "--secret", SECRET, "--", "true"], ...here },
      ...(other === null ? [] : [{ name: "peer", command: [...other.command, "--", "true"], cwd: other.cwd }]),
    ], ROUNDS);
    const [least, pre, post, run, use, peerTimes] = times;
    if (!least || !pre || !post || !run || !use) return;
    const ratio = (what: string, a: typeof pre, b: typeof pre, budget: number | null) => ({
      what,
      value: pairedRatio(a, b),
      budget,
      unit: "×" as const,
      how: `${a.median.toFixed(1)} ms (least ${a.least.toFixed(1)}) to ${b.median.toFixed(1)} (${b.least.toFixed(1)})`,
    });
    report(TITLE, [
      ratio("hook before a call, no placeholder / empty program", pre, least, 1.15),
      ratio("hook after a call, 1 kB of output / empty program", post, least, null),
      ratio("run -- true / empty program", run, least, 1.3),
      ratio(`run --secret ${SECRET} -- true / empty program`, use, least, null),
      ...(peerTimes === undefined ? [] : [ratio(`the same / ${other?.name} run -- true`, use, peerTimes, 1)]),
    ]);
    if (peerTimes === undefined) skipped("Peer", "npm could not install it");
  });
}
