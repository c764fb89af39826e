/** Tools other than the shell, what the model itself writes, and other hooks of the user's. */
import { bash, CURL, inTranscript, MARKER, PLANTED, type Scenario, scenario, SECRET, turns } from "./scenario.ts";

const KEY_FILE = { "key.txt": "line 1\nkey=%VALUE%\nline 3\n" };
const KEY = "%WORK%/key.txt";

const TYPED = "the model wrote it itself: it knew the value before tacit could act";

export const TOOLS: Scenario[] = [
  scenario({
    name: "marker and placeholder in Edit",
    promise: "An edit with a marker is denied, one with a placeholder writes the placeholder",
    files: KEY_FILE,
    script: turns(
      { tool: "Read", input: { file_path: KEY } },
      { tool: "Edit", input: { file_path: KEY, old_string: "line 1", new_string: `a=[REDACTED:${SECRET}]` } },
      { tool: "Edit", input: { file_path: KEY, old_string: "line 3", new_string: `b={{${SECRET}}}` } },
      bash(`echo '[REDACTED:${SECRET}]' > other.txt`),
      bash("ls; echo done"),
    ),
    because: "nothing is sent",
    shows: [/Cannot write/, /^done/m],
    hides: [/other\.txt/],
    leaves: { "key.txt": new RegExp(`^line 1\\nkey=tct_.*\\nb=\\{\\{${SECRET}\\}\\}\\n$`) },
    disk: [PLANTED],
  }),
  scenario({
    name: "placeholder for WebFetch and an MCP tool",
    promise: "A placeholder that another tool would send away is denied, and the hint names the Bash form",
    mcp: true,
    script: turns(
      { tool: "WebFetch", input: { url: `%UPSTREAM%/?token={{${SECRET}}}`, prompt: "read it" } },
      { tool: "mcp__notes__send_note", input: { note: { text: `token {{${SECRET}}}` } } },
    ),
    because: "only the Bash tool substitutes",
    shows: [/Cannot send .*What helps: use it in a Bash command/],
    hides: [/\bsent\b/],
  }),
  scenario({
    name: "value typed by the model",
    promise: "A value that the model writes into a call is denied there, and comes back in no result",
    mcp: true,
    script: turns(
      bash('curl -s -H "Authorization: Bearer %VALUE%" %UPSTREAM%/user'),
      { tool: "Write", input: { file_path: "%WORK%/app.env", content: "TOKEN=%VALUE%\n" } },
      { tool: "mcp__notes__send_note", input: { note: { "%VALUE%": 1 } } },
      bash("ls; echo done"),
    ),
    because: "every call is denied",
    shows: [/holds the value of "API_TOKEN"; write \{\{API_TOKEN\}\}/, /^done/m],
    hides: [/app\.env/, /\bsent\b/],
    audited: [/"deny".*"literal_value".*"Bash"/, /"deny".*"literal_value".*"Write"/, /"deny".*"literal_value".*"mcp__/],
    requestsLeak: { kind: "typed", why: TYPED },
    outputLeaks: TYPED,
    disk: [inTranscript(TYPED)],
  }),
  scenario({
    name: "prompt with a token",
    promise: "What looks like a token is stopped once; sent again it passes, and both are in the audit log",
    prompt: "use %TOKEN% please",
    runs: { times: 2, asked: [false, true] },
    because: "nothing is sent",
    audited: [/"deny".*"prompt_has_token"/, /"allow".*"prompt_has_token"/],
  }),
  scenario({
    name: "near miss of a name",
    promise: "A placeholder that is nearly a name of the vault is refused with that name",
    script: turns(bash(`echo {{${SECRET.slice(0, -1)}}}`)),
    because: "no such secret",
    shows: [new RegExp(`did you mean \\{\\{${SECRET}\\}\\}`)],
  }),
  scenario({
    name: "sealed secret",
    promise: "A secret for a host is given to no command while no proxy can place it there",
    state: "sealed",
    script: turns(bash(CURL)),
    because: "it is sealed",
    told: [/API_TOKEN \(sealed, not usable yet\)/],
    shows: [/sealed to api\.example\.com/],
    audited: [/"deny".*"sealed_unavailable"/],
  }),
  scenario({
    name: "another hook that looks on",
    promise: "What another hook of the user's sees is the placeholder",
    settings: {
      hooks: { PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: "cat >> %WORK%/seen.txt" }] }] },
    },
    script: turns(bash(CURL)),
    reaches: 1,
    shows: [MARKER],
    leaves: { "seen.txt": new RegExp(`\\{\\{${SECRET}\\}\\}`) },
  }),
  scenario({
    name: "another hook that rewrites later",
    promise: "Where another hook's rewriting wins, nothing is substituted",
    settings: {
      hooks: { PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: "sh %WORK%/rewrite.sh" }] }] },
    },
    files: {
      "rewrite.sh": "#!/bin/sh\nsleep 1; cat %WORK%/answer.json\n",
      "answer.json": JSON.stringify({
        hookSpecificOutput: { hookEventName: "PreToolUse", updatedInput: { command: CURL, description: "same" } },
      }),
    },
    script: turns(bash(`${CURL}; echo wrapped`)),
    because: "the agent takes the rewriting that ends last",
    receives: [`Bearer {{${SECRET}}}`],
  }),
];
