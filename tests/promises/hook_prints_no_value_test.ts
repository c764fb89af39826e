/** Promise: what a hook prints, which agents record, never holds a value. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startFakeDaemon } from "../kit/fake_daemon.ts";
import { type Ended, runProgram, tacitCommand } from "../kit/program.ts";

const VALUE = "kzHookValue0123456789abcdefghijklmnop";
const EVENTS = [
  "PreToolUse",
  "PostToolUse",
  "PostToolUseFailure",
  "UserPromptSubmit",
  "SessionStart",
  "Stop",
  "SessionEnd",
];

function hook(home: string, stdin: string | Uint8Array, ...words: string[]): Promise<Ended> {
  const env = Object.fromEntries(["HOME", "DENO_DIR", "PATH", "DENO_TLS_CA_STORE"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
  return runProgram([...tacitCommand(), "--home", home, "hook", ...words], { env, cwd: home, stdin });
}

Deno.test("a hook given a value everywhere prints it nowhere", async () => {
  const daemon = await startFakeDaemon({ TOKEN: VALUE });
  const home = daemon.homes.chosen ?? "";
  const transcript = join(home, "projects/p/s1.jsonl");
  const results = join(home, "projects/p/s1/tool-results");
  const session = { session_id: "s1", transcript_path: transcript, cwd: "/", permission_mode: "default" };
  await Deno.mkdir(results, { recursive: true });
  await Deno.writeTextFile(join(results, "1.txt"), `${"x".repeat(3_000_000)}${VALUE}\n`, { mode: 0o640 });
  const everywhere = { a: VALUE, b: [VALUE, { [VALUE]: VALUE }], command: `echo ${VALUE}`, prompt: VALUE };
  let spoken = 0;
  try {
    for (const event of EVENTS) {
      const input = {
        ...session,
        hook_event_name: event,
        tool_name: "Bash",
        tool_input: everywhere,
        tool_response: { stdout: `a${VALUE}b`, stderr: VALUE, persistedOutputPath: join(results, "1.txt") },
        error: VALUE,
        prompt: `use ${VALUE}`,
        source: VALUE,
        last_assistant_message: VALUE,
      };
      const ended = await hook(home, JSON.stringify(input), "claude-code", "--event", event);
      assert.equal(ended.code, 0, event);
      assert.ok(!(ended.stdout + ended.stderr).includes(VALUE), event);
      if (ended.stdout !== "") spoken++;
    }
    // A hook that says nothing proves nothing.
    assert.ok(spoken >= 5, `${spoken} verdicts`);
    const file = await Deno.readTextFile(join(results, "1.txt"));
    assert.ok(file.endsWith("x[REDACTED:TOKEN]\n") && file.length > 3_000_000);
    assert.equal((Deno.statSync(join(results, "1.txt")).mode ?? 0) & 0o777, 0o640);
    assert.deepEqual([...Deno.readDirSync(results)].map((entry) => entry.name), ["1.txt"]);
  } finally {
    await daemon.stop();
    await Deno.remove(home, { recursive: true });
  }
});
