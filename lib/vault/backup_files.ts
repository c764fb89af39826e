/**
 * Which files are the vault's backups, by their names alone: nothing of the format is loaded for it.
 * docs/format.md, "Save protocol".
 */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { basename, join } from "node:path";
import type { Homes } from "../paths.ts";

/** One earlier generation. */
export interface Backup {
  path: string;
  generation: number;
  /** When it was written, Unix milliseconds; only decides which ones are kept. */
  written: number;
}

/** A file that a restore replaced, sound or not. */
export interface Replaced {
  path: string;
  /** When it was replaced, Unix milliseconds. */
  replaced: number;
  /** When it was written, Unix milliseconds. */
  written: number;
}

/** The backups of a home, newest generation first. Other files in the directory are left alone. */
export function listBackups(homes: Homes): Backup[] {
  const backups = oursIn(homes, "(\\d{12,16})\\.[0-9a-f]{8}").map(({ path, part, written }) => ({
    path,
    generation: Number(part),
    written,
  }));
  return backups.sort((a, b) => b.generation - a.generation || b.written - a.written);
}

/** The files that restores replaced, the newest first. */
export function listReplaced(homes: Homes): Replaced[] {
  const files = oursIn(homes, "replaced\\.(\\d{8}T\\d{9}Z)").map(({ path, part, written }) => ({
    path,
    replaced: timeOfStamp(part),
    written,
  }));
  return files.sort((a, b) => b.replaced - a.replaced);
}

/** Regular files in the backup directory whose names are the vault's and `pattern`, whose only group is `part`. */
function oursIn(homes: Homes, pattern: string): { path: string; part: string; written: number }[] {
  const whole = new RegExp(`^${RegExp.escape(basename(homes.vault))}\\.${pattern}$`);
  return namesIn(homes.backups).flatMap((name) => {
    const part = whole.exec(name)?.[1];
    const path = join(homes.backups, name);
    const info = part === undefined ? undefined : infoOf(path);
    return part !== undefined && info?.isFile() ? [{ path, part, written: info.mtimeMs }] : [];
  });
}

/**
 * What stands at `path`, or null where the disk does not say: looking through backups comes after a save that is durable,
 * so it must not make it look refused.
 */
export function infoOf(path: string): Stats | null | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return null;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Before the first save after `create` there is no such directory.
    return [];
  }
}

function timeOfStamp(stamp: string): number {
  return Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/, "$1-$2-$3T$4:$5:$6.$7Z"));
}
