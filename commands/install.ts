/**
 * `tacit install AGENT`: puts the program where agents may call it and tacit's entries into the agent's settings.
 * Shows the change and asks before it makes it; everything else in the file stays byte for byte. docs/agents.md.
 */
import { escapeForDisplay } from "../lib/display.ts";
import { CLAUDE_CODE } from "../lib/hooks/claude_code.ts";
import { inspectClaudeSettings } from "../lib/hooks/inspect_settings.ts";
import { JsonTextError } from "../lib/hooks/json_text.ts";
import { addToSettings, hooksIn, type SettingsChange, type SettingsEdit } from "../lib/hooks/settings.ts";
import { replaceFile } from "../lib/atomic_file.ts";
import { utf8 } from "../lib/bytes.ts";
import { type OpenSettings, openSettings, saveSettings, settingsPath } from "./agent_settings.ts";
import { CommandError } from "./exit_codes.ts";
import { hashOf, type InstalledAgent, installProgram, readInstallation, writeInstallation } from "./installation.ts";
import type { Invocation } from "./invocation.ts";
import { answerEither, canAsk, confirm, note, warn } from "./terminal.ts";

/** The oldest version with everything that tacit uses. */
export const CLAUDE_VERSION = [2, 1, 330] as const;

export interface InstallOptions {
  /** The settings file in place of the user's own. */
  settings?: string;
  yes?: boolean;
  dryRun?: boolean;
  /** The command that the settings call in place of the compiled program; weakens what `install` promises. */
  testOnlyProgram?: string[];
}

/** @throws {CommandError} */
export async function runInstall(invocation: Invocation, agent: string, options: InstallOptions): Promise<number> {
  requireKnown(agent);
  const { homes } = invocation;
  const opened = openSettings(settingsPath(options.settings));
  const own = homes.chosen === null ? [] : ["--home", homes.chosen];
  const program = [...(options.testOnlyProgram ?? [homes.installedBinary]), ...own];
  const edit = editing(opened, (text) => addToSettings(text, program));
  if (!invocation.json) {
    showChanges(opened.path, edit.changes);
    if (options.testOnlyProgram === undefined) note(`Program: ${escapeForDisplay(homes.installedBinary)}`);
  }
  await warnOfOldVersion();
  if (options.dryRun === true) return report(opened, edit, null, false);
  if (options.yes !== true && edit.changes.length > 0) {
    if (!canAsk()) throw new CommandError("usage", "Cannot install: nobody can be asked here", "add --yes");
    if (!await confirm("Make this change?")) {
      note("Nothing was changed.");
      return 0;
    }
  }
  const hash = options.testOnlyProgram === undefined ? installProgram(homes) : null;
  const installation = readInstallation(homes);
  installation.program_sha256 = hash;
  if (edit.changes.length > 0) {
    const earlier = installation.agents[agent];
    const original = backUp(opened, earlier?.settings === opened.path ? earlier : undefined);
    saveSettings(opened, edit.text);
    installation.agents[agent] = {
      settings: opened.path,
      program,
      after: hashOf(utf8(edit.text)),
      ...original,
    };
  }
  writeInstallation(homes, installation);
  for (const { kind, text } of inspectClaudeSettings(Deno.cwd(), opened.path).findings) {
    if (kind === "hooks_disabled" || kind === "managed_only") warn(escapeForDisplay(text));
  }
  return report(opened, edit, hash, true);
}

/** @throws {CommandError} for an agent without hooks of ours. */
export function requireKnown(agent: string): void {
  if (agent === CLAUDE_CODE) return;
  throw new CommandError(
    "usage",
    `Cannot install for "${escapeForDisplay(agent)}": this agent is not known`,
    "tacit install claude-code",
  );
}

/** Runs an edit; what makes it impossible becomes an error that names the file and not its contents. */
export function editing(opened: OpenSettings, edit: (text: string) => SettingsEdit): SettingsEdit {
  try {
    return edit(opened.text ?? "");
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw new CommandError(
      "usage",
      `Cannot edit "${opened.path}": ${error.message}`,
      "make it plain JSON, or put tacit's entries in by hand as docs/agents.md shows them",
    );
  }
}

/** What an edit does, without a byte of the rest of the file: settings may hold credentials. */
export function showChanges(path: string, changes: readonly SettingsChange[]): void {
  if (changes.length === 0) return note(`${escapeForDisplay(path)} needs no change.`);
  note(escapeForDisplay(path));
  for (const { sign, path: at, value } of changes) note(`  ${sign} ${at}: ${escapeForDisplay(JSON.stringify(value))}`);
}

function report(opened: OpenSettings, edit: SettingsEdit, hash: string | null, done: boolean): number {
  const document = {
    settings: opened.path,
    changed: done && edit.changes.length > 0,
    changes: edit.changes,
    sha256: hash,
  };
  answerEither(document, () => {
    if (!done) return ["Nothing was changed (dry run)."];
    const pinned = hash === null ? [] : [`Program pinned: sha256 ${hash}`];
    return [...pinned, "Claude Code will call tacit in every new session."];
  });
  return 0;
}

/**
 * A copy of the file as it was, beside it. A second install keeps the first copy; a file with entries that nobody
 * remembers has none, since it would not restore what was before tacit.
 */
function backUp(opened: OpenSettings, earlier?: InstalledAgent): Pick<InstalledAgent, "backup" | "before"> {
  if (opened.text === null) return { backup: null };
  if (hooksIn(opened.text).events.length > 0) {
    const { backup, before } = earlier ?? {};
    return { ...(backup === undefined ? {} : { backup }), ...(before === undefined ? {} : { before }) };
  }
  const path = `${opened.path}.before-tacit`;
  replaceFile(path, utf8(opened.text), opened.mode);
  return { backup: path, before: hashOf(utf8(opened.text)) };
}

async function warnOfOldVersion(): Promise<void> {
  const version = await claudeVersion();
  if (version === null) return;
  const older = CLAUDE_VERSION.findIndex((n, i) => (version[i] ?? 0) !== n);
  if (older < 0 || (version[older] ?? 0) > (CLAUDE_VERSION[older] ?? 0)) return;
  warn(
    `Claude Code ${version.join(".")} is older than ${CLAUDE_VERSION.join(".")}: it may run a command although ` +
      "tacit's hook failed, and may show output that tacit replaced",
  );
}

/** The version of the `claude` in PATH, or null. */
export async function claudeVersion(): Promise<number[] | null> {
  try {
    const ended = await new Deno.Command("claude", {
      args: ["--version"],
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(5_000),
    }).output();
    const match = /(\d+)\.(\d+)\.(\d+)/.exec(new TextDecoder().decode(ended.stdout));
    return match === null ? null : match.slice(1, 4).map(Number);
  } catch {
    return null;
  }
}
