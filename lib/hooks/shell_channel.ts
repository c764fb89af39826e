/**
 * The shell channel: puts the output of every shell call of a session through `tacit scrub`, failed calls included,
 * which no hook can rewrite. docs/agents.md, "Shell channel".
 *
 * Claude Code pastes the text of one file into the `bash -c` text of every call. That text says only `. SCRIPT`; the
 * script, 0600 in the runtime directory, runs the rest of the `bash -c` text in a subshell whose output is a pipe to
 * one scrub process. It holds no secret. In a shell that it does not know, with no daemon socket or no program, it
 * returns at once and the output stays as it is.
 */
import { dirname, join } from "node:path";
import { utf8 } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import { shellQuote } from "../shell/quote.ts";

/** How long a finished command's shell waits for the last scrubbed bytes. */
const FLUSH_WAIT_S = 5;

/** The script's path in this home. */
export function scriptPath(homes: Homes): string {
  // Its name stands in front of the shell's own error messages.
  return join(homes.runtime, "bash");
}

/** The one line for the agent's shell. */
export function channelLine(homes: Homes): string {
  const script = shellQuote(scriptPath(homes));
  return `[ -r ${script} ] && . ${script}`;
}

/**
 * Writes the script and adds the line to `shellFile`, once.
 * @throws {Error} if either cannot be written; the session then goes on without the channel.
 */
export async function openShellChannel(homes: Homes, program: readonly string[], shellFile: string): Promise<void> {
  if (Deno.build.os !== "linux") return;
  const { replaceFile } = await import("../atomic_file.ts");
  const script = scriptPath(homes);
  Deno.mkdirSync(dirname(script), { recursive: true, mode: 0o700 });
  replaceFile(script, utf8(channelScript(homes, program, newToken())));
  const line = `${channelLine(homes)}\n`;
  let text = "";
  try {
    text = Deno.readTextFileSync(shellFile);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (text.includes(line)) return;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  Deno.writeTextFileSync(shellFile, gap + line, { append: true, mode: 0o600 });
}

/** Marks the end of a command's output in its pipe. Whoever prints it ends a wait early, nothing more. */
export function newToken(): string {
  // It begins with a byte that output hardly ever ends in: what could be the begin of a mark is held back.
  return `\x1etacit-end-${crypto.randomUUID()}`;
}

/**
 * The script for bash. Its steps: make sure that this is bash on Linux and that the line above is in the text it runs;
 * a pipe for the output, a second one where stderr goes elsewhere than stdout; the scrub process, deaf to the signals
 * that end the command; the rest of the text in a subshell, so that its traps, `exec` and `exit` are its own; the end
 * mark; a bounded wait for the scrub process to say that all before the mark is out. Children that outlive the command
 * keep the pipe and with it the scrub process.
 */
export function channelScript(homes: Homes, program: readonly string[], token: string): string {
  const [command, ...words] = program.map(shellQuote);
  const scrub = [command, ...words, "scrub", "--shell", shellQuote(token)].join(" ");
  return `[ -n "\${BASH_VERSION-}" ] || return 0
[ "\${TACIT_SHELL-}" != "$$" ] && [ "\${BASH_VERSINFO[0]}" -ge 5 ] && [ -d /proc/self/fd ] || return 0
[ -S ${shellQuote(homes.useSocket)} ] && [ -x ${command} ] || return 0
__tacit_rest=\${BASH_EXECUTION_STRING#*${shellQuote(`. ${shellQuote(scriptPath(homes))}\n`)}}
[ "$__tacit_rest" != "\${BASH_EXECUTION_STRING-}" ] || { unset __tacit_rest; return 0; }
TACIT_SHELL=$$
__tacit_open() { exec {__tacit_pipe}<> <(:) && exec {__tacit_in}<"/dev/fd/$__tacit_pipe" {__tacit_to}>"/dev/fd/$__tacit_pipe" && exec {__tacit_pipe}>&-; }
__tacit_open && __tacit_in1=$__tacit_in __tacit_to1=$__tacit_to || return 0
__tacit_in2=$__tacit_in1 __tacit_to2=$__tacit_to1 __tacit_two=
if ! [ /dev/fd/1 -ef /dev/fd/2 ]; then
  __tacit_open && __tacit_in2=$__tacit_in __tacit_to2=$__tacit_to __tacit_two=--two || return 0
fi
exec {__tacit_out}>&1 {__tacit_err}>&2
exec {__tacit_ack}< <(
  trap '' INT TERM HUP
  exec 8<&"$__tacit_in2" 9>&1 <&"$__tacit_in1" >&"$__tacit_out" 2>&"$__tacit_err"
  eval "exec $__tacit_in1<&- $__tacit_in2<&- $__tacit_to1>&- $__tacit_to2>&- $__tacit_out>&- $__tacit_err>&-"
  exec ${scrub} $__tacit_two
)
eval "exec $__tacit_in1<&- $__tacit_in2<&-"
exec 2>/dev/null
(
  exec >&"$__tacit_to1" 2>&"$__tacit_to2"
  eval "exec $__tacit_to1>&- $__tacit_to2>&- $__tacit_out>&- $__tacit_err>&- $__tacit_ack<&-"
  unset -f __tacit_open
  eval "unset \${!__tacit_@};$__tacit_rest"
)
__tacit_status=$?
printf %s ${shellQuote(token)} >&"$__tacit_to1"
[ -z "$__tacit_two" ] || printf %s ${shellQuote(token)} >&"$__tacit_to2"
eval "exec $__tacit_to1>&- $__tacit_to2>&-"
read -r -t ${FLUSH_WAIT_S} -u "$__tacit_ack"
exit "$__tacit_status"
`;
}
