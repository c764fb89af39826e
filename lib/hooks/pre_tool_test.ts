import assert from "node:assert/strict";
import type { Answer, Ask } from "./daemon.ts";
import type { JsonObject, PreToolEvent, ToolClass } from "./event.ts";
import type { PermissionRules } from "./permission_rules.ts";
import { decidePreTool } from "./pre_tool.ts";

const PROGRAM = ["/opt/tacit/bin/tacit", "--home", "/h"];
const WRAPPER = "/opt/tacit/bin/tacit --home /h exec --ticket T0 -- ";

interface Case {
  tool?: ToolClass;
  unattended?: boolean;
  rules?: Partial<PermissionRules>;
  complete?: boolean;
  /** The daemon's answer to `prepare`; with a ticket by default where the command has a placeholder. */
  answer?: Answer;
}

async function decide(input: JsonObject, { tool = "shell", answer, ...rest }: Case = {}) {
  const asked: Parameters<Ask>[] = [];
  const ask: Ask = (request, attachment) => {
    asked.push(attachment === undefined ? [request] : [request, attachment]);
    if (request.verb === "list") {
      return Promise.resolve({ kind: "ok", message: { secrets: [{ name: "TOKEN" }] }, attachment: new Uint8Array() });
    }
    const live = tool === "shell" && JSON.stringify(input).includes("{{TOKEN}}");
    const message = { ticket: live ? "T0" : null, names: live ? ["TOKEN"] : [] };
    return Promise.resolve(answer ?? { kind: "ok", message, attachment: new Uint8Array() });
  };
  const event: PreToolEvent = {
    kind: "pre_tool",
    caller: { agent: "claude-code", session: "s", project: "/p", cwd: "/p" },
    places: { transcript: null, project: "/p" },
    tool,
    input,
    unattended: rest.unattended ?? false,
  };
  const rules = { deny: [], ask: [], allow: [], ...rest.rules };
  const verdict = await decidePreTool(event, {
    ask,
    program: PROGRAM,
    rules: () => Promise.resolve({ rules, complete: rest.complete ?? true }),
    unlock: () => Promise.resolve("tacit --home '/h' unlock"),
  });
  return { verdict, asked };
}

const refused = (code: "literal_value" | "locked" | "never_unlocked" | "expired"): Answer => ({
  kind: "refused",
  code,
  message: "Cannot do this",
  hint: "tacit unlock",
});

Deno.test("a call without placeholders passes with one question", async () => {
  const { verdict, asked } = await decide({ command: "ls -la", description: "list" });
  assert.deepEqual(verdict, { kind: "pass" });
  assert.equal(asked.length, 1);
  const [request, text] = asked[0] ?? [];
  assert.deepEqual(request, {
    verb: "prepare",
    caller: { agent: "claude-code", session: "s", project: "/p", cwd: "/p" },
    lengths: [7, 6, 11, 4],
    command: 1,
  });
  assert.equal(new TextDecoder().decode(text), "commandls -ladescriptionlist");
});

Deno.test("a command with a live placeholder is wrapped, everything else of the input stays", async () => {
  const input = { timeout: 5, command: "echo '{{TOKEN}}' | cat", description: "d", run_in_background: true };
  const { verdict, asked } = await decide(input, { unattended: true });
  assert.deepEqual(verdict, {
    kind: "rewrite",
    ask: null,
    input: { ...input, command: `${WRAPPER}'echo '\\''{{TOKEN}}'\\'' | cat'` },
  });
  assert.equal((asked[0]?.[0] as { command: number }).command, 2);
});

Deno.test("a leading cd stays in front of the wrapper", async () => {
  const { verdict } = await decide({ command: "cd sub && curl {{TOKEN}}" }, { unattended: true });
  assert.equal(verdict.kind === "rewrite" && verdict.input["command"], `cd sub && ${WRAPPER}'curl {{TOKEN}}'`);
});

Deno.test("a wrapped call is asked for unless the user's rules allow every part of the original", async () => {
  const command = "curl {{TOKEN}} | jq .";
  const both = ["Bash(curl:*)", "Bash(jq:*)"];
  const table: [Case, "asks" | "silent" | "denies"][] = [
    [{}, "asks"],
    [{ rules: { allow: ["Bash(curl:*)"] } }, "asks"],
    [{ rules: { allow: both } }, "silent"],
    [{ rules: { allow: both }, complete: false }, "asks"],
    [{ rules: { allow: both, ask: ["Bash(jq:*)"] } }, "asks"],
    [{ rules: { allow: ["Bash"], deny: ["Bash(jq:*)"] } }, "denies"],
    [{ unattended: true }, "silent"],
    [{ unattended: true, rules: { deny: ["Bash(jq:*)"] } }, "denies"],
    [{ unattended: true, rules: { ask: ["Bash(jq:*)"] } }, "asks"],
  ];
  for (const [options, expected] of table) {
    const { verdict } = await decide({ command }, options);
    const got = verdict.kind === "deny"
      ? "denies"
      : verdict.kind === "rewrite"
      ? verdict.ask === null ? "silent" : "asks"
      : "?";
    assert.equal(got, expected, JSON.stringify(options));
  }
});

Deno.test("rm behind a commented placeholder is judged as rm, the wrapper's own rule notwithstanding", async () => {
  const rules = { allow: ["Bash(/opt/tacit/bin/tacit --home /h exec --ticket *)"] };
  const asked = await decide({ command: "rm -rf ~ # {{TOKEN}}" }, { rules });
  assert.equal(asked.verdict.kind === "rewrite" && typeof asked.verdict.ask, "string");
  const denied = await decide({ command: "rm -rf ~ # {{TOKEN}}" }, { rules: { ...rules, deny: ["Bash(rm:*)"] } });
  assert.equal(denied.verdict.kind, "deny");
});

Deno.test("a command that is wrapped already is not wrapped again, and is judged by what it runs", async () => {
  const command = `${WRAPPER}'rm -rf {{TOKEN}}'`;
  const rules = { allow: ["Bash(/opt/tacit/bin/tacit --home /h exec --ticket *)"] };
  assert.equal((await decide({ command }, { rules })).verdict.kind, "ask");
  assert.equal((await decide({ command }, { rules: { ...rules, deny: ["Bash(rm:*)"] } })).verdict.kind, "deny");
  assert.equal((await decide({ command }, { unattended: true })).verdict.kind, "pass");
  const twice = await decide({ command: `cd x && ${command}` }, { rules: { allow: ["Bash"] } });
  assert.equal(twice.verdict.kind, "pass");
  // It is searched, and asks for no ticket.
  assert.deepEqual(twice.asked.map(([request]) => request.verb === "prepare" && request.command), [null]);
});

Deno.test("what answers in the daemon's place cannot write into the command by way of the ticket", async () => {
  for (const ticket of ["T0 -- ''; touch /x #", "$(id)", "", "a\nb"]) {
    const answer: Answer = { kind: "ok", message: { ticket, names: ["TOKEN"] }, attachment: new Uint8Array() };
    await assert.rejects(decide({ command: "curl {{TOKEN}}" }, { answer }), TypeError);
  }
});

Deno.test("the runner called in any other form is asked for, whatever the rules say", async () => {
  for (
    const command of [
      `bash -c "/opt/tacit/bin/tacit --home /h exec --ticket T0 -- 'rm {{TOKEN}}'"`,
      `${WRAPPER}'echo' 'rm'`,
      `true; ${WRAPPER}'rm'`,
      `/opt/tacit/bin/tacit --home /h exec   --ticket=T0 -- rm`,
    ]
  ) {
    assert.equal((await decide({ command }, { rules: { allow: ["Bash"] } })).verdict.kind, "ask", command);
  }
});

Deno.test("a refusal of the daemon becomes a denial that says what helps", async () => {
  const { verdict } = await decide({ command: "echo x" }, { answer: refused("literal_value") });
  assert.deepEqual(verdict, { kind: "deny", reason: "tacit: Cannot do this. What helps: tacit unlock" });
});

Deno.test("without a key or a daemon, a placeholder is denied and everything else passes", async () => {
  for (const answer of [refused("locked"), refused("never_unlocked"), { kind: "unreachable" } as Answer]) {
    assert.equal((await decide({ command: "curl {{TOKEN}}" }, { answer })).verdict.kind, "deny");
    assert.equal((await decide({ url: "{{TOKEN}}" }, { tool: "outbound", answer })).verdict.kind, "deny");
    assert.equal((await decide({ command: "ls {{.Names}}" }, { answer })).verdict.kind, "pass");
    assert.equal((await decide({ content: "{{TOKEN}}" }, { tool: "file", answer })).verdict.kind, "pass");
  }
});

Deno.test("a placeholder in a file stays text, one on its way out is denied with a hint", async () => {
  assert.equal((await decide({ content: "{{TOKEN}}" }, { tool: "file" })).verdict.kind, "pass");
  const { verdict } = await decide({ url: "https://x/{{TOKEN}}" }, { tool: "outbound" });
  assert.equal(verdict.kind, "deny");
  assert.match(verdict.kind === "deny" ? verdict.reason : "", /only in a command of the Bash tool/);
  assert.equal((await decide({ url: "https://x/{{OTHER}}" }, { tool: "outbound" })).verdict.kind, "pass");
  assert.equal((await decide({ prompt: "use {{TOKEN}}" }, { tool: "plain" })).verdict.kind, "pass");
});

Deno.test("a marker of a known name is kept out of files, by any tool", async () => {
  const marker = "[REDACTED:TOKEN]";
  const stopped: [JsonObject, ToolClass][] = [
    [{ file_path: "/x", content: `a=${marker}` }, "file"],
    [{ edits: [{ old_string: "a", new_string: marker }] }, "file"],
    [{ command: `echo "${marker}" > f` }, "shell"],
    [{ command: `cat <<EOF\n${marker}\nEOF` }, "shell"],
    [{ command: `sed -i 's/x/${marker}/' f` }, "shell"],
  ];
  for (const [input, tool] of stopped) assert.equal((await decide(input, { tool })).verdict.kind, "deny");
  assert.equal((await decide({ command: `grep '${marker}' log` })).verdict.kind, "pass");
  assert.equal((await decide({ content: "[REDACTED:OTHER]" }, { tool: "file" })).verdict.kind, "pass");
  assert.equal((await decide({ prompt: marker }, { tool: "plain" })).verdict.kind, "pass");
});

Deno.test("input too large to be searched is denied without asking", async () => {
  const { verdict, asked } = await decide({ content: "x".repeat(16 * 1024 * 1024) }, { tool: "file" });
  assert.equal(verdict.kind, "deny");
  assert.equal(asked.length, 0);
});
