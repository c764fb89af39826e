/** An agent's settings file on disk: which one, reading it, replacing it as a whole. docs/agents.md, "Installation". */
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { utf8 } from "../lib/bytes.ts";
import { replaceFile } from "../lib/atomic_file.ts";
import { CommandError } from "./exit_codes.ts";

export interface OpenSettings {
  /** The file itself, links resolved. */
  path: string;
  /** Null if there is no file. */
  text: string | null;
  mode: number;
}

/**
 * The settings file of Claude Code: `option`, else the one in the home directory that the passwd database names.
 * @throws {CommandError} if the environment points Claude Code elsewhere and no file was named.
 */
export function settingsPath(
  option: string | undefined,
  variable: (name: string) => string | undefined = Deno.env.get,
  home: string = userInfo().homedir,
): string {
  if (option !== undefined) return isAbsolute(option) ? option : resolve(option);
  const moved = variable("CLAUDE_CONFIG_DIR");
  const elsewhere = moved ?? (variable("HOME") ?? home);
  if (moved !== undefined && moved !== "" || (moved === undefined && resolve(elsewhere) !== resolve(home))) {
    const name = moved === undefined ? "HOME" : "CLAUDE_CONFIG_DIR";
    const likely = moved === undefined ? join(elsewhere, ".claude", "settings.json") : join(moved, "settings.json");
    throw new CommandError(
      "usage",
      `Cannot tell which settings file is meant: ${name} is not your own home directory "${home}"`,
      `name the file, for example: --settings '${likely}'`,
    );
  }
  return join(home, ".claude", "settings.json");
}

/**
 * Opens the settings file, following links.
 * @throws {CommandError} if it is no plain file of this user in UTF-8.
 */
export function openSettings(path: string): OpenSettings {
  const refuse = (state: string) =>
    new CommandError("usage", `Cannot edit "${path}": ${state}`, "name another file with --settings");
  let real: string;
  try {
    real = Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw refuse("it cannot be reached");
    if (isLink(path)) throw refuse("it is a link to nothing");
    return { path, text: null, mode: 0o600 };
  }
  const info = Deno.lstatSync(real);
  if (!info.isFile) throw refuse("it is not a plain file");
  if (Deno.uid() !== null && info.uid !== Deno.uid()) throw refuse("it belongs to another user");
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Deno.readFileSync(real));
    return { path: real, text, mode: (info.mode ?? 0o600) & 0o777 };
  } catch {
    throw refuse("it is not UTF-8 text");
  }
}

/**
 * Replaces the file's text.
 * @throws {CommandError} (exit "busy") if someone else changed it meanwhile.
 */
export function saveSettings(opened: OpenSettings, text: string): void {
  const now = openSettings(opened.path);
  if (now.text !== opened.text) {
    throw new CommandError("busy", `Cannot save "${opened.path}": it was changed meanwhile`, "run the command again");
  }
  Deno.mkdirSync(join(opened.path, ".."), { recursive: true });
  replaceFile(opened.path, utf8(text), opened.mode);
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}
