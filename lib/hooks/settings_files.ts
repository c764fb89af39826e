/** Where Claude Code reads its settings, weakest first. docs/agents.md, "Settings". */
import { userInfo } from "node:os";
import { join } from "node:path";
import type { AgentPlaces } from "./event.ts";
import { type PermissionRules, rulesIn } from "./permission_rules.ts";

/** Who owns a settings file. */
export type SettingsSource = "user" | "project" | "local" | "managed";

/** One file, whether or not it exists. */
export interface SettingsFile {
  source: SettingsSource;
  path: string;
}

/** The directory of the administrator's settings on this platform. */
const MANAGED: Record<string, string> = {
  darwin: "/Library/Application Support/ClaudeCode",
  windows: "C:\\Program Files\\ClaudeCode",
};

/**
 * Every settings file that a session may be under. The user's directory is taken from the transcript's path, which
 * lies in it (`<directory>/projects/<project>/<session>.jsonl`), so that a moved one is found without asking the
 * environment; without a transcript it is `.claude` in `home`.
 */
export function settingsFiles(places: AgentPlaces, home: string): SettingsFile[] {
  const moved = places.transcript === null ? null : /^(.+)\/projects\/[^/]+\/[^/]+\.jsonl$/.exec(places.transcript);
  const files: SettingsFile[] = [{ source: "user", path: join(moved?.[1] ?? join(home, ".claude"), "settings.json") }];
  if (places.project !== null) {
    files.push({ source: "project", path: join(places.project, ".claude", "settings.json") });
    files.push({ source: "local", path: join(places.project, ".claude", "settings.local.json") });
  }
  return [...files, ...managedFiles()];
}

function managedFiles(): SettingsFile[] {
  const directory = MANAGED[Deno.build.os] ?? "/etc/claude-code";
  const paths = [join(directory, "managed-settings.json")];
  try {
    for (const entry of Deno.readDirSync(join(directory, "managed-settings.d"))) {
      if (entry.name.endsWith(".json")) paths.push(join(directory, "managed-settings.d", entry.name));
    }
  } catch {
    // Most machines have none.
  }
  return paths.map((path) => ({ source: "managed", path }));
}

/** A settings file's contents: null where there is none, `damaged` where it cannot be read as JSON. */
export function readSettings(path: string): { settings: unknown } | { damaged: true } | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory
      ? null
      : { damaged: true };
  }
  try {
    return { settings: JSON.parse(text) as unknown };
  } catch {
    return { damaged: true };
  }
}

/**
 * All permission rules that a session is under, as far as they are in files. `complete` is false where a file that
 * exists could not be read.
 */
export function readRules(places: AgentPlaces): { rules: PermissionRules; complete: boolean } {
  const rules: PermissionRules = { deny: [], ask: [], allow: [] };
  let complete = true;
  for (const { path } of settingsFiles(places, userInfo().homedir)) {
    const read = readSettings(path);
    if (read === null) continue;
    if ("damaged" in read) {
      complete = false;
      continue;
    }
    const more = rulesIn(read.settings);
    for (const kind of ["deny", "ask", "allow"] as const) rules[kind].push(...more[kind]);
  }
  return { rules, complete };
}
