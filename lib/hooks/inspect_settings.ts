/** Whether Claude Code would really call tacit, as far as files tell. For `tacit doctor`. docs/agents.md, "Doctor". */
import { userInfo } from "node:os";
import type { AgentPlaces } from "./event.ts";
import { isObject } from "./event.ts";
import { addToSettings, HOOK_EVENTS, hooksIn } from "./settings.ts";
import { readSettings, settingsFiles } from "./settings_files.ts";

/** One reason why Claude Code may not call tacit. */
export interface SettingsFinding {
  kind:
    | "not_installed"
    | "event_missing"
    | "several_programs"
    | "changed"
    | "hooks_disabled"
    | "managed_only"
    | "unreadable";
  /** One sentence without values of the file. */
  text: string;
}

/** What the settings files say about tacit. */
export interface SettingsReport {
  /** The settings file that calls tacit, or would. */
  path: string;
  installed: boolean;
  /** Program paths that the file calls. */
  programs: string[];
  findings: SettingsFinding[];
}

/**
 * Looks at the settings of the user, of the project around `project`, and of the administrator. `path` replaces the
 * user's file; `program` is what was installed there, to be compared with what is called.
 */
export function inspectClaudeSettings(
  project: string | null,
  path?: string,
  program?: readonly string[],
): SettingsReport {
  const places: AgentPlaces = { transcript: null, project };
  const files = settingsFiles(places, userInfo().homedir);
  const own = path ?? files[0]?.path ?? "";
  const findings: SettingsFinding[] = [];
  for (const { source, path: file } of files.map((f) => f.source === "user" ? { ...f, path: own } : f)) {
    const read = readSettings(file);
    if (read === null) continue;
    if ("damaged" in read) {
      findings.push({ kind: "unreadable", text: `${file} cannot be read as JSON; Claude Code ignores it` });
    } else if (isObject(read.settings)) {
      if (read.settings["disableAllHooks"] === true) {
        findings.push({ kind: "hooks_disabled", text: `${file} switches all hooks off (disableAllHooks)` });
      }
      if (source === "managed" && read.settings["allowManagedHooksOnly"] === true) {
        findings.push({ kind: "managed_only", text: `${file} allows the administrator's hooks only` });
      }
    }
  }
  const { events, programs } = ownHooks(own);
  if (events.length === 0) {
    findings.unshift({ kind: "not_installed", text: `${own} does not call tacit` });
  } else {
    for (const event of HOOK_EVENTS.filter((event) => !events.includes(event))) {
      findings.push({ kind: "event_missing", text: `${own} does not call tacit at ${event}` });
    }
    if (programs.length > 1) findings.push({ kind: "several_programs", text: `${own} calls more than one tacit` });
    for (const place of changedSince(own, program)) {
      findings.push({ kind: "changed", text: `${own} does not call tacit at ${place} as it was installed` });
    }
  }
  return { path: own, installed: events.length > 0, programs, findings };
}

/** The places where another install of `program` would change something, other than a missing event. */
function changedSince(path: string, program: readonly string[] | undefined): string[] {
  if (program === undefined) return [];
  try {
    const { changes } = addToSettings(Deno.readTextFileSync(path), program);
    return [...new Set(changes.filter(({ sign }) => sign === "-").map((change) => change.path))];
  } catch {
    // Unreadable or no plain JSON: said above, or at the next install.
    return [];
  }
}

function ownHooks(path: string): { events: string[]; programs: string[] } {
  try {
    return hooksIn(Deno.readTextFileSync(path));
  } catch {
    return { events: [], programs: [] };
  }
}
