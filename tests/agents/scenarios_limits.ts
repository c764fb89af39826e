/** Where tacit's reach ends: other shells, other modes, and what passes every hook. */
import { bash, CURL, inTranscript, MARKER, PLANTED, type Scenario, scenario, SECRET, turns } from "./scenario.ts";

const KEY_FILE = { "key.txt": "line 1\nkey=%VALUE%\nline 3\n" };

const ZSH = "/usr/bin/zsh";
const TREAT_AS_EXPOSED = /could not be taken out\. Do not repeat it/;

const MENTIONED = "no hook sees what a mention brings in";
const REMEMBERED = "no hook sees memory files";
const NO_CHANNEL =
  "the shell channel needs bash, and no hook may replace the output of a failed call; the model is told to treat it as exposed";
const FAILED_MCP = "no hook may replace the output of a failed call; the model is told to treat it as exposed";

/** Past every hook: what does not hold, and what then helps. */
export const HOLES: Scenario[] = [
  scenario({
    name: "hooks off in the project's settings",
    promise: "A project that switches hooks off gets no value: the placeholder itself is sent",
    files: { ".claude/settings.json": '{"disableAllHooks": true}' },
    script: turns(bash(CURL)),
    because: "nothing is substituted",
    receives: [`Bearer {{${SECRET}}}`],
    shows: [/\{\{API_TOKEN\}\}/],
  }),
  scenario({
    name: "@file in a prompt",
    promise: "Known: a mention brings a file's text past every hook",
    prompt: "look at @key.txt",
    files: KEY_FILE,
    because: "nothing is sent",
    requestsLeak: { kind: "hole", why: MENTIONED },
    disk: [PLANTED, inTranscript(MENTIONED)],
  }),
  scenario({
    name: "@file under a Read rule",
    promise: "A deny rule for reading a file stops its mention too",
    prompt: "look at @key.txt",
    files: KEY_FILE,
    settings: { permissions: { deny: ["Read(./key.txt)"] } },
    because: "nothing is sent",
    disk: [PLANTED],
  }),
  scenario({
    name: "memory file with the value",
    promise: "Known: a memory file is sent with every request",
    files: { "CLAUDE.md": "The key is %VALUE%\n" },
    because: "nothing is sent",
    requestsLeak: { kind: "hole", why: REMEMBERED },
    disk: [{ ...PLANTED, where: /^work\/CLAUDE\.md$/ }, inTranscript(REMEMBERED)],
  }),
  scenario({
    name: "MCP tool that fails",
    promise: "Known: the output of a failed MCP call stays; the model is told to treat the secret as exposed",
    mcp: true,
    script: turns({ tool: "mcp__notes__failing_note", input: {} }),
    because: "nothing is sent",
    shows: [TREAT_AS_EXPOSED],
    requestsLeak: { kind: "hole", why: FAILED_MCP },
    outputLeaks: FAILED_MCP,
    disk: [inTranscript(FAILED_MCP)],
  }),
];

export const SHELLS: Scenario[] = [
  scenario({
    name: "shell channel removed",
    promise: "Where an agent takes the channel away, the runner and the hook after a call still scrub",
    files: KEY_FILE,
    script: turns(bash("rm %VAULT%/run/bash"), bash(`${CURL}; ${CURL} >&2; exit 3`), bash("cat key.txt")),
    reaches: 2,
    shows: [/Exit code 3/, MARKER, /line 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "zsh",
    promise: "In a shell without the channel a command with a secret is scrubbed, failing or not, and a plain one too",
    shell: ZSH,
    files: KEY_FILE,
    script: turns(bash(`${CURL}; ${CURL} >&2; exit 3`), bash("cat key.txt")),
    reaches: 2,
    shows: [/Exit code 3/, MARKER, /line 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "zsh, cat that fails",
    promise: "Known: in a shell without the channel the output of a failing plain command stays",
    shell: ZSH,
    files: KEY_FILE,
    script: turns(bash("cat key.txt; exit 3")),
    because: "nothing is sent",
    shows: [TREAT_AS_EXPOSED],
    requestsLeak: { kind: "hole", why: NO_CHANNEL },
    outputLeaks: NO_CHANNEL,
    disk: [PLANTED, inTranscript(NO_CHANNEL)],
  }),
];

export const MODES: Scenario[] = [
  scenario({
    name: "mode acceptEdits",
    promise: "Accepting edits accepts no command",
    permissions: "acceptEdits",
    script: turns(
      bash(CURL),
      { tool: "Write", input: { file_path: "%WORK%/app.env", content: `TOKEN={{${SECRET}}}\n` } },
    ),
    because: "nobody is there to say yes",
    shows: [/No allow rule/],
    leaves: { "app.env": /^TOKEN=\{\{API_TOKEN\}\}\n$/ },
  }),
  scenario({
    name: "mode plan",
    promise: "A plan uses no secret",
    permissions: "plan",
    script: turns(bash(CURL)),
    because: "nobody is there to say yes",
    shows: [/No allow rule|plan/],
  }),
];
