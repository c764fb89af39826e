/** Forms of shell commands and of what they print: each with the secret in use, or with a file that holds its value. */
import { bash, CURL, MARKER, PLANTED, type Scenario, scenario, SECRET, turns } from "./scenario.ts";

const KEY_FILE = { "key.txt": "key=%VALUE%\n" };

export const COMMANDS: Scenario[] = [
  scenario({
    name: "cd before the command",
    promise: "A leading cd decides where the wrapped command runs",
    files: { "sub/a.txt": "here" },
    script: turns(bash(`cd sub && ${CURL}; ls; pwd`)),
    reaches: 1,
    shows: [MARKER, /a\.txt/, /\/work\/sub/],
  }),
  scenario({
    name: "placeholder in a heredoc",
    promise: "A heredoc carries the value to the command, and not into its text",
    script: turns(bash(`curl -s -H @- %UPSTREAM%/user <<EOF\nAuthorization: Bearer {{${SECRET}}}\nEOF`)),
    reaches: 1,
    shows: [MARKER],
  }),
  scenario({
    name: "command with a trap of its own",
    promise: "A trap on EXIT runs, wrapped or not, and what it prints is scrubbed",
    files: KEY_FILE,
    script: turns(
      bash(`trap 'echo "first $OF_MINE"' EXIT; OF_MINE=$(${CURL}); exit 3`),
      bash("trap 'echo second; cat key.txt' EXIT; exit 3"),
    ),
    reaches: 1,
    shows: [/first .*\[REDACTED/, /second/, /Exit code 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "long line, failing",
    promise: "A value deep inside one long line is found, also where the command fails",
    files: KEY_FILE,
    script: turns(
      bash("head -c 26000 /dev/zero | tr '\\0' x; cat key.txt; exit 3"),
      bash(
        `head -c 26000 /dev/zero | tr '\\0' x; printf %s "{{${SECRET}}}"; head -c 2000 /dev/zero | tr '\\0' y; exit 3`,
      ),
    ),
    because: "nothing is sent",
    // Of a failed command the agent shows 5000 characters at either end of the first 30000.
    shows: [/xkey=\[REDACTED/, /x\[REDACTED:API_TOKEN\]y/, /Exit code 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "placeholder inside code",
    promise: "Where a placeholder would be parsed again as code it is refused, with a sentence to act on",
    script: turns(bash(`trap 'echo "{{${SECRET}}}"' EXIT; true`), bash(`eval "echo {{${SECRET}}}"`)),
    because: "the context cannot be proven",
    shows: [/Cannot place "\{\{API_TOKEN\}\}".* hand it over in the environment/],
  }),
  scenario({
    name: "binary output, failing",
    promise: "A value between bytes that are no text is found",
    files: KEY_FILE,
    script: turns(
      bash("printf '\\377\\376\\0\\1'; cat key.txt; printf '\\0\\200\\n'; exit 3"),
      bash(`printf '\\377\\376\\1%s\\200\\n' "{{${SECRET}}}"; exit 3`),
    ),
    because: "nothing is sent",
    shows: [MARKER, /Exit code 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "value split by colour codes",
    promise: "A value that a tool coloured in its middle is found",
    files: KEY_FILE,
    script: turns(
      bash("grep --color=always -o 'tct_.*' key.txt | grep --color=always '/'; exit 3"),
      bash("grep --color=always tct_ key.txt"),
      bash(`echo "{{${SECRET}}}" | grep --color=always tct_`),
    ),
    because: "nothing is sent",
    shows: [MARKER],
    disk: [PLANTED],
  }),
  scenario({
    name: "subagent, cat that fails",
    promise: "The shell channel is open in a subagent too",
    files: KEY_FILE,
    script: {
      turns: [{
        tool: "Agent",
        input: { description: "sub task", prompt: "SUBTASK: look", subagent_type: "general-purpose" },
      }],
      final: "finished",
      threads: [{
        match: "SUBTASK",
        turns: [bash("cat key.txt; exit 3"), bash(`echo "{{${SECRET}}}"; exit 3`)],
        final: "sub task finished",
      }],
    },
    because: "nothing is sent",
    shows: [MARKER, /Exit code 3/],
    disk: [PLANTED],
  }),
  scenario({
    name: "tacit run by the agent",
    promise: "The agent may call `tacit run` itself; the grant, the scrubber and the audit log are the same",
    script: turns(
      bash(
        `%TACIT% --home %VAULT% run --secret ${SECRET} -- ` +
          `sh -c 'curl -s -H "Authorization: Bearer $${SECRET}" %UPSTREAM%/user; echo "$${SECRET}" >&2; exit 3'`,
      ),
    ),
    reaches: 1,
    shows: [MARKER, /Exit code 3/],
    audited: [/"code":"ok".*"secret":"API_TOKEN".*"agent":"claude-code"/],
  }),
  scenario({
    name: "tacit list and show by the agent",
    promise: "What tacit tells of a secret holds no value",
    script: turns(
      bash(
        `%TACIT% --home %VAULT% list --json && %TACIT% --home %VAULT% show ${SECRET} && %TACIT% --home %VAULT% audit`,
      ),
    ),
    because: "nothing is sent",
    shows: [new RegExp(SECRET)],
  }),
  scenario({
    name: "tacit init, add, unlock, passwd by the agent",
    promise: "Verbs that take a passphrase or a value read nothing in an agent's shell",
    script: turns(
      bash(
        `for verb in init "add OTHER" unlock passwd; do ` +
          `printf 'word\\n' | %TACIT% --home %VAULT% $verb; echo "$verb ended with $?"; done`,
      ),
    ),
    because: "nothing is sent",
    shows: [
      /init ended with 10/,
      /add OTHER ended with 10/,
      /unlock ended with 10/,
      /passwd ended with 10/,
      /another terminal/,
    ],
  }),
];
