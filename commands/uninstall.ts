/**
 * `tacit uninstall AGENT`: takes tacit's entries out of the agent's settings. If nothing else changed since `install`,
 * the file is again what it was, byte for byte; else only the entries go. The vault stays.
 */
import { utf8 } from "../lib/bytes.ts";
import { removeQuietly } from "../lib/atomic_file.ts";
import { escapeForDisplay } from "../lib/display.ts";
import { removeFromSettings, type SettingsEdit } from "../lib/hooks/settings.ts";
import { type OpenSettings, openSettings, saveSettings, settingsPath } from "./agent_settings.ts";
import { CommandError } from "./exit_codes.ts";
import { editing, requireKnown, showChanges } from "./install.ts";
import { hashOf, type InstalledAgent, readInstallation, writeInstallation } from "./installation.ts";
import type { Invocation } from "./invocation.ts";
import { answerEither, canAsk, confirm, note } from "./terminal.ts";

export interface UninstallOptions {
  settings?: string;
  yes?: boolean;
  dryRun?: boolean;
}

/** @throws {CommandError} */
export async function runUninstall(invocation: Invocation, agent: string, options: UninstallOptions): Promise<number> {
  requireKnown(agent);
  const { homes } = invocation;
  const installation = readInstallation(homes);
  const record = installation.agents[agent];
  const opened = openSettings(
    options.settings === undefined && record ? record.settings : settingsPath(options.settings),
  );
  const edit = editing(opened, removeFromSettings);
  const before = record?.settings === opened.path ? originalOf(opened, record) : undefined;
  if (!invocation.json) showChanges(opened.path, edit.changes);
  if (options.dryRun === true) return report(opened, edit, false);
  if (options.yes !== true && edit.changes.length > 0) {
    if (!canAsk()) throw new CommandError("usage", "Cannot uninstall: nobody can be asked here", "add --yes");
    if (!await confirm("Make this change?")) {
      note("Nothing was changed.");
      return 0;
    }
  }
  if (edit.changes.length > 0) restore(opened, before === undefined ? edit.text : before);
  if (record?.backup) removeQuietly(record.backup);
  delete installation.agents[agent];
  writeInstallation(homes, installation);
  return report(opened, edit, true);
}

/** The text that was there before `install`, null if there was no file; undefined if that cannot be told any more. */
function originalOf(opened: OpenSettings, record: InstalledAgent): string | null | undefined {
  if (opened.text === null || hashOf(utf8(opened.text)) !== record.after) return undefined;
  if (record.backup === null || record.backup === undefined) return record.backup;
  try {
    const text = openSettings(record.backup).text;
    // Someone may have edited the copy since.
    return text !== null && hashOf(utf8(text)) === record.before ? text : undefined;
  } catch {
    return undefined;
  }
}

function restore(opened: OpenSettings, text: string | null): void {
  if (text === null) Deno.removeSync(opened.path);
  else saveSettings(opened, text);
}

function report(opened: OpenSettings, edit: SettingsEdit, done: boolean): number {
  const changed = done && edit.changes.length > 0;
  answerEither({ settings: opened.path, changed, changes: edit.changes }, () => {
    if (!done) return ["Nothing was changed (dry run)."];
    return [changed ? "Claude Code no longer calls tacit." : `${escapeForDisplay(opened.path)} did not call tacit.`];
  });
  return 0;
}
