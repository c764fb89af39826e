/** Saying no: states without a key, blocked prompts, and the user's own permission rules. */
import { bash, CURL, inTranscript, MARKER, PLANTED, type Scenario, scenario, SECRET, turns } from "./scenario.ts";

/** The one command for the human; it names the home, which is not the default one. */
const UNLOCK = /tacit --home '[^']+' unlock/;
const KEY_FILE = { "key.txt": "key=%VALUE%\n" };

export const STATES: Scenario[] = [
  scenario({
    name: "prompt with the value",
    promise: "A prompt that holds a value never reaches the model",
    prompt: "use %VALUE% to log in",
    runs: { times: 2, asked: [false, false] },
    because: "the prompt is blocked",
    disk: [inTranscript("the agent notes a prompt before it asks any hook; the person is told that it is exposed")],
  }),
  scenario({
    name: "expired secret",
    promise: "Past its expiry a secret is not used",
    state: "expired",
    script: turns(bash(CURL)),
    because: "the secret has expired",
    shows: [/expired/i],
  }),
  scenario({
    name: "locked",
    promise: "Locked, a placeholder is refused with the one human command, and output is still scrubbed",
    state: "locked",
    told: [/locked/, UNLOCK],
    files: KEY_FILE,
    script: turns(bash(CURL), bash("cat key.txt"), bash("echo plain")),
    because: "no key",
    shows: [UNLOCK, MARKER, /plain/],
    disk: [PLANTED],
  }),
  scenario({
    name: "never unlocked",
    promise: "Before the first unlock every placeholder is refused, and other calls run",
    state: "never unlocked",
    told: [/(NOT|no output is) scrubbed/, UNLOCK],
    script: turns(bash(CURL), bash("echo {{SOMETHING_ELSE}}"), bash("echo plain")),
    because: "no key",
    shows: [UNLOCK, /plain/],
  }),
  scenario({
    name: "no daemon",
    promise: "Without a daemon a placeholder is refused, and other calls run",
    state: "no daemon",
    told: [/(NOT|no output is) scrubbed/, UNLOCK],
    script: turns(bash(CURL), bash("echo plain")),
    because: "no key",
    shows: [UNLOCK, /plain/],
  }),
  scenario({
    name: "daemon killed in mid-call",
    promise: "A daemon that dies while a command runs uncovers nothing of what the command still prints",
    script: turns(
      bash(
        `curl -s -H "Authorization: Bearer {{${SECRET}}}" %UPSTREAM%/kill-daemon; sleep 0.3; echo "after {{${SECRET}}}"`,
      ),
      bash(CURL),
    ),
    reaches: 1,
    shows: [MARKER, UNLOCK],
  }),
  scenario({
    name: "binary missing",
    promise: "If the program is gone, tool calls that could hold a placeholder are blocked, not waved through",
    state: "binary missing",
    script: turns(bash(CURL)),
    because: "the hook cannot start",
    shows: [/hook error/],
    hides: [/echo":/],
  }),
];

export const PERMISSIONS: Scenario[] = [
  scenario({
    name: "rule for the wrapper, rm with a comment",
    promise: "An allow rule for tacit's wrapper lets no other command through",
    permissions: "default",
    settings: { permissions: { allow: ["Bash(%TACIT%:*)", "Bash(%TACIT% exec:*)", "Bash(tacit:*)"] } },
    files: { "victim.txt": "alive" },
    script: turns(
      bash(`rm victim.txt # {{${SECRET}}}`),
      bash(`rm victim.txt; : "{{${SECRET}}}"`),
      bash(`echo "{{${SECRET}}}" && rm victim.txt`),
    ),
    because: "rm was never allowed",
    shows: [/needs approval/, /No allow rule/],
    leaves: { "victim.txt": /^alive$/ },
  }),
  scenario({
    name: "deny rule for curl",
    promise: "A deny rule of the user's holds for the wrapped command too",
    settings: { permissions: { deny: ["Bash(curl:*)"] } },
    script: turns(bash(CURL)),
    because: "the user denied curl",
    shows: [/denied by the rule Bash\(curl:\*\)/],
  }),
  scenario({
    name: "allow rules for curl and the wrapper",
    promise: "With rules for both the command and the wrapper the call needs no question",
    permissions: "default",
    settings: { permissions: { allow: ["Bash(curl:*)", "Bash(%TACIT%:*)", "Bash(%TACIT% exec:*)"] } },
    script: turns(bash(CURL)),
    reaches: 1,
    shows: [MARKER],
  }),
  scenario({
    name: "no rule",
    promise: "Without a rule, in the default mode, a wrapped call asks; without a terminal that means no",
    permissions: "default",
    script: turns(bash(CURL)),
    because: "nobody is there to say yes",
    shows: [/No allow rule/],
  }),
];
