/** Using a secret: what must work, and leak nothing. */
import { bash, CURL, PLANTED, type Scenario, scenario, SECRET, TRANSCRIPT } from "./scenario.ts";

const MARKER = new RegExp(`\\[REDACTED:${SECRET}\\]`);
const turns = (...all: Scenario["script"]["turns"]) => ({ turns: all, final: "finished", threads: [] });

export const CORE: Scenario[] = [
  scenario({
    name: "control: without tacit",
    promise: "The same destination and the same echo leak everywhere without tacit, so the search can see",
    state: "no tacit",
    files: { "key.txt": "%VALUE%" },
    script: turns(bash('curl -s -H "Authorization: Bearer $(cat key.txt)" %UPSTREAM%/user')),
    reaches: 1,
    control: true,
  }),
  scenario({
    name: "success",
    told: [new RegExp(SECRET), /\{\{NAME\}\}/],
    promise: "The destination receives the value and its echo reaches the model as the marker",
    script: turns(bash(CURL)),
    reaches: 1,
    shows: [MARKER],
  }),
  scenario({
    name: "failing command",
    promise: "A command that fails after its use leaks nothing, though no hook can replace the output of a failure",
    script: turns(bash(`${CURL}; ${CURL} >&2; exit 3`)),
    reaches: 2,
    shows: [MARKER, /Exit code 3/],
  }),
  scenario({
    name: "parallel calls",
    promise: "Three calls of one turn each get their own ticket",
    script: turns([bash(CURL), bash(`${CURL}?second`), bash(`cd "%WORK%" && ${CURL}?third`)]),
    reaches: 3,
    shows: [MARKER],
  }),
  scenario({
    name: "background command",
    promise: "The output file of a background command holds only the marker",
    script: turns(
      bash(`${CURL}; sleep 0.3; echo "late {{${SECRET}}}"`, { run_in_background: true }),
      bash("sleep 2; find %TMP% -name '*.output' -exec cat {} +"),
    ),
    reaches: 1,
    shows: [MARKER, /late/],
  }),
  scenario({
    name: "large output",
    promise: "Output that the agent moves to a file (over 500 kB) is scrubbed there too",
    script: turns(
      bash(`${CURL}; for i in $(seq 9000); do echo "$i token={{${SECRET}}} and some padding to fill the line"; done`),
      { tool: "Read", input: { file_path: '$last:(/[^"\\\\\\s]*tool-results/[^"\\\\\\s]+\\.txt)', limit: 40 } },
    ),
    reaches: 1,
    shows: [MARKER],
  }),
  scenario({
    name: "subagent",
    promise: "A subagent's calls pass the same hooks",
    script: {
      turns: [{
        tool: "Agent",
        input: { description: "sub task", prompt: "SUBTASK: fetch the user", subagent_type: "general-purpose" },
      }],
      final: "finished",
      threads: [{ match: "SUBTASK", turns: [bash(CURL)], final: "sub task finished" }],
    },
    reaches: 1,
    shows: [MARKER],
  }),
  scenario({
    name: "environment dump",
    promise: "A command that prints its whole environment prints the marker",
    script: turns(bash(`${CURL} >/dev/null; env; echo "{{${SECRET}}}" | xxd -p -c 256; echo "{{${SECRET}}}" | base64`)),
    reaches: 1,
    shows: [MARKER],
  }),
  scenario({
    name: "trace",
    promise: "set -x shows the marker",
    script: turns(bash(`set -x; ${CURL}`)),
    reaches: 1,
    shows: [MARKER],
  }),
  scenario({
    name: "placeholder in Write",
    promise: "A file that the agent writes keeps the placeholder: it is never substituted outside a command",
    script: turns({ tool: "Write", input: { file_path: "%WORK%/app.env", content: `TOKEN={{${SECRET}}}\n` } }),
    because: "a placeholder in a file is text",
    leaves: { "app.env": new RegExp(`^TOKEN=\\{\\{${SECRET}\\}\\}\\n$`) },
  }),
  scenario({
    name: "placeholder in a comment",
    promise: "A placeholder in a comment is none: the command runs as it stands",
    script: turns(bash(`echo hello # {{${SECRET}}}`)),
    because: "nothing is injected",
    shows: [/hello/],
  }),
];

export const FILES: Scenario[] = [
  scenario({
    name: "Read of a file with the value",
    promise: "What the Read tool returns is scrubbed, also of values that are not in flight",
    files: { "key.txt": "line 1\nkey=%VALUE%\nline 3\n" },
    script: turns({ tool: "Read", input: { file_path: "%WORK%/key.txt" } }),
    because: "nothing is sent",
    shows: [MARKER, /line 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "cat of a file with the value",
    promise: "What a plain command prints is scrubbed",
    files: { "key.txt": "line 1\nkey=%VALUE%\nline 3\n" },
    script: turns(bash("cat key.txt")),
    because: "nothing is sent",
    shows: [MARKER, /line 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "cat that fails",
    promise: "What a failing plain command prints is scrubbed",
    files: { "key.txt": "line 1\nkey=%VALUE%\nline 3\n" },
    script: turns(bash("cat key.txt; cat key.txt >&2; exit 3")),
    because: "nothing is sent",
    shows: [MARKER, /Exit code 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "cat, 700 kB",
    promise: "A large output of a plain command is scrubbed in the agent's file too",
    files: { "key.txt": "key=%VALUE%\n" },
    script: turns(
      bash("for i in $(seq 9000); do echo $i $(<key.txt) and some padding to fill the line; done"),
      { tool: "Read", input: { file_path: '$last:(/[^"\\\\\\s]*tool-results/[^"\\\\\\s]+\\.txt)', limit: 40 } },
    ),
    because: "nothing is sent",
    shows: [MARKER],
    disk: [PLANTED],
  }),
  scenario({
    name: "cat in the background",
    promise: "The output file of a plain background command is scrubbed",
    files: { "key.txt": "key=%VALUE%\n" },
    script: turns(
      bash("cat key.txt; sleep 0.3; echo late", { run_in_background: true }),
      bash("sleep 2; find %TMP% -name '*.output' -exec cat {} +"),
    ),
    because: "nothing is sent",
    shows: [MARKER, /late/],
    disk: [PLANTED],
  }),
  scenario({
    name: "command that runs out of time",
    promise: "What a command printed before it ran out of time is scrubbed, wherever the agent keeps it",
    files: { "key.txt": "key=%VALUE%\n" },
    script: turns(
      bash(`cat key.txt; echo "{{${SECRET}}}"; sleep 30`, { timeout: 1500 }),
      bash("cat key.txt; cat key.txt; sleep 30", { timeout: 1500 }),
      bash("find %TMP% -name '*.output' -exec cat {} +"),
    ),
    because: "nothing is sent",
    disk: [PLANTED],
  }),
  scenario({
    name: "Edit of a file with the value",
    promise: "An edit elsewhere in the file shows nothing of the value",
    files: { "key.txt": "line 1\nkey=%VALUE%\nline 3\n" },
    script: turns(
      { tool: "Read", input: { file_path: "%WORK%/key.txt" } },
      { tool: "Edit", input: { file_path: "%WORK%/key.txt", old_string: "line 3", new_string: "line three" } },
    ),
    because: "nothing is sent",
    leaves: { "key.txt": /line three/ },
    disk: [PLANTED],
  }),
  scenario({
    name: "marker in Write",
    promise: "A marker never overwrites what it stands for",
    files: { "key.txt": "key=%VALUE%\n" },
    script: turns(
      { tool: "Read", input: { file_path: "%WORK%/key.txt" } },
      { tool: "Write", input: { file_path: "%WORK%/key.txt", content: `key=[REDACTED:${SECRET}]\n` } },
    ),
    because: "nothing is sent",
    leaves: { "key.txt": /^key=tct_/ },
    disk: [PLANTED],
  }),
  scenario({
    name: "MCP result",
    promise: "What another tool server hands out is scrubbed",
    mcp: true,
    script: turns({ tool: "mcp__notes__read_note", input: {} }),
    because: "nothing is sent",
    shows: [MARKER],
  }),
  scenario({
    name: "MCP structured result",
    promise: "Structured results are scrubbed for the model, though the agent keeps a copy of its own",
    mcp: true,
    script: turns({ tool: "mcp__notes__structured_note", input: {} }),
    because: "nothing is sent",
    shows: [MARKER],
    disk: [{
      place: "the session's transcript",
      where: TRANSCRIPT,
      why: "the agent stores structured results beside the text, as they were before any hook",
    }],
    outputLeaks: "the agent prints the copy of the structured result that no hook can replace",
  }),
];
