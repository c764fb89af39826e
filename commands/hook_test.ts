import assert from "node:assert/strict";
import { join } from "node:path";
import { startFakeDaemon } from "../tests/kit/fake_daemon.ts";
import { type Ended, runProgram, tacitCommand } from "../tests/kit/program.ts";

const VALUE = "kzHookValue0123456789abcdefghijklmnop";

function hook(home: string, stdin: string | Uint8Array, ...words: string[]): Promise<Ended> {
  const env = Object.fromEntries(["HOME", "DENO_DIR", "PATH", "DENO_TLS_CA_STORE"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
  return runProgram([...tacitCommand(), "--home", home, "hook", ...words], { env, cwd: home, stdin });
}

const call = (tool: string, input: object) =>
  JSON.stringify({
    session_id: "s1",
    cwd: "/",
    permission_mode: "bypassPermissions",
    hook_event_name: "PreToolUse",
    tool_name: tool,
    tool_input: input,
  });

Deno.test("input that cannot be read blocks a tool call and nothing else, in time and without a stack", async () => {
  const home = await Deno.makeTempDir();
  const inputs: (string | Uint8Array)[] = ["", "\n", "nonsense", "[]", '{"a":', new Uint8Array([0xff, 0xfe, 0])];
  inputs.push(`{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":"${"x".repeat(10_000_000)}"}`);
  try {
    for (const input of inputs) {
      for (const event of ["PreToolUse", "PostToolUse"]) {
        const started = performance.now();
        const ended = await hook(home, input, "claude-code", "--event", event);
        assert.equal(ended.code, event === "PreToolUse" ? 2 : 0);
        assert.match(ended.stderr, event === "PreToolUse" ? /^tacit: Cannot [^\n]+\.\n$/ : /^$/);
        assert.equal(ended.stdout, "");
        // Claude Code gives a hook a minute; starting from source on a busy machine takes its time.
        assert.ok(performance.now() - started < 30_000);
      }
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("unknown events, agents and versions have a defined answer", async () => {
  const home = await Deno.makeTempDir();
  try {
    const tea = '{"hook_event_name":"TeaTime","version":"99.0.0"}';
    assert.deepEqual(await hook(home, tea, "claude-code"), { code: 0, stdout: "", stderr: "" });
    assert.equal((await hook(home, tea, "other-agent", "--event", "PreToolUse")).code, 2);
    assert.equal((await hook(home, tea)).code, 2);
    const foreign = JSON.parse(call("Bash", { command: "ls" }));
    foreign.cursor_version = "9";
    assert.equal((await hook(home, JSON.stringify(foreign), "claude-code", "--event", "PreToolUse")).code, 0);
    foreign.tool_input.command = "curl {{TOKEN}}";
    assert.equal((await hook(home, JSON.stringify(foreign), "claude-code", "--event", "PreToolUse")).code, 2);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("with no daemon a call passes, one with a placeholder is denied with the human's command", async () => {
  const home = await Deno.makeTempDir();
  try {
    const plain = await hook(home, call("Bash", { command: "ls" }), "claude-code", "--event", "PreToolUse");
    assert.deepEqual(plain, { code: 0, stdout: "", stderr: "" });
    const live = await hook(home, call("Bash", { command: "curl {{TOKEN}}" }), "claude-code", "--event", "PreToolUse");
    const { hookSpecificOutput: verdict } = JSON.parse(live.stdout);
    assert.equal(verdict.permissionDecision, "deny");
    assert.ok(verdict.permissionDecisionReason.includes(`tacit --home '${home}' unlock`));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("only the session's own saved output is rewritten", async () => {
  const daemon = await startFakeDaemon({ TOKEN: VALUE });
  const home = daemon.homes.chosen ?? "";
  const results = join(home, "projects/p/s1/tool-results");
  await Deno.mkdir(results, { recursive: true });
  const outside = join(home, "mine.txt");
  await Deno.writeTextFile(outside, VALUE);
  await Deno.symlink(outside, join(results, "link.txt"));
  await Deno.link(outside, join(results, "hard.txt"));
  try {
    for (
      const path of [outside, join(results, "link.txt"), join(results, "hard.txt"), join(results, "../../../mine.txt")]
    ) {
      const input = {
        session_id: "s1",
        transcript_path: join(home, "projects/p/s1.jsonl"),
        cwd: "/",
        hook_event_name: "PostToolUse",
        tool_response: { stdout: "x", persistedOutputPath: path },
      };
      const ended = await hook(home, JSON.stringify(input), "claude-code", "--event", "PostToolUse");
      assert.deepEqual(ended, { code: 0, stdout: "", stderr: "" });
      assert.equal(await Deno.readTextFile(outside), VALUE, path);
    }
  } finally {
    await daemon.stop();
    await Deno.remove(home, { recursive: true });
  }
});
