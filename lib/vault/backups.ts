/**
 * Earlier generations beside the vault: the last five, and the newest of each of the last seven days on which there was
 * one. A backup is a hard link to the file as it was, so it costs no copy and has the same key slots. What a restore
 * replaced is kept here as well. docs/format.md, "Save protocol".
 */
import { linkSync, lstatSync, renameSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { removeQuietly, syncDirectory, temporaryName, writeNewFile } from "../atomic_file.ts";
import { toHex } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import { infoOf, listBackups, listReplaced } from "./backup_files.ts";
import { VaultError } from "./fault.ts";
import { guardDirectory, guardFile, readGuarded } from "./guarded_file.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAX_FILE_LENGTH } from "./layout.ts";
import { readState, type VaultState } from "./state.ts";

export { type Backup, listBackups, listReplaced, type Replaced } from "./backup_files.ts";

const KEEP_LAST = 5;
const KEEP_DAYS = 7;
/** Files that restores replaced: enough to undo the last few. */
const KEEP_REPLACED = 5;
const DAY_MS = 86_400_000;
/** Writing a vault anew takes a tenth of a second at ten thousand secrets: not for each of many edits in a row. */
const DUE_MS = 15 * 60_000;
/** File systems without hard links answer with one of these. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSYS", "EXDEV"];

/**
 * Links the vault file, which must hold `state`, into the backup directory.
 * @throws {Error} with a `code` if it cannot.
 */
export function keepBackup(homes: Homes, state: VaultState): void {
  keepAs(homes, backupPath(homes, state));
}

/**
 * Keeps the vault file, whatever it holds, beside the backups, so that what replaces it can be undone; returns where, or
 * null if there is no file.
 * @throws {VaultError} UNSAFE_FILE; {Error} with a `code` if it cannot.
 */
export function keepReplaced(homes: Homes, now: number): string | null {
  if (lstatSync(homes.vault, { throwIfNoEntry: false }) === undefined) return null;
  guardFile(homes.vault);
  for (let time = now;; time++) {
    const path = join(homes.backups, `${basename(homes.vault)}.replaced.${stampOf(time)}`);
    if (keepAs(homes, path)) return path;
  }
}

/**
 * Keeps a copy of its own of the file with `state`, whose bytes these are: unlike a link it does not share what happens to
 * the vault's file.
 * @throws {Error} with a `code` if it cannot.
 */
export function keepCopy(homes: Homes, state: VaultState, bytes: Uint8Array): void {
  guardDirectory(homes.backups);
  writeAs(backupPath(homes, state), bytes, Date.now(), Date.now());
  syncDirectory(homes.backups);
}

/**
 * True if the newest backup was written more than a quarter of an hour ago, or there is none: then a save writes the file
 * anew and keeps one, so that a file that is lost takes no more than that with it.
 */
export function backupIsDue(homes: Homes, now: number): boolean {
  const newest = Math.max(...listBackups(homes).map((backup) => backup.written));
  // A clock that was set back must not put it off for years.
  return Math.abs(now - newest) >= DUE_MS;
}

/** Where the backup of `state` belongs. */
export function backupPath(homes: Homes, state: Pick<VaultState, "generation" | "lastMac">): string {
  const generation = String(state.generation).padStart(12, "0");
  return join(homes.backups, `${basename(homes.vault)}.${generation}.${toHex(state.lastMac.subarray(0, 4))}`);
}

/**
 * Removes what no rule keeps; returns how many backups remain. Days are those on which something was written, not those
 * before now: a clock that jumps, or a year without a save, then takes no backup away.
 */
export function pruneBackups(homes: Homes): number {
  const days = new Set<number>();
  let kept = 0;
  for (const backup of listBackups(homes)) {
    const day = Math.floor(backup.written / DAY_MS);
    const newestOfDay = !days.has(day) && days.size < KEEP_DAYS;
    if (newestOfDay) days.add(day);
    if (kept < KEEP_LAST || newestOfDay) kept++;
    else removeQuietly(backup.path);
  }
  for (const { path } of listReplaced(homes).slice(KEEP_REPLACED)) removeQuietly(path);
  return kept;
}

/** Removes these files; says how many went and how many could not. */
export function removeBackups(doomed: readonly { path: string }[]): { removed: number; failed: number } {
  doomed.forEach(({ path }) => removeQuietly(path));
  const failed = doomed.filter(({ path }) => infoOf(path) !== undefined).length;
  // Whoever is told that they are gone must not find them back after a power cut.
  if (!syncedQuietly(doomed.map(({ path }) => dirname(path)))) return { removed: 0, failed: doomed.length };
  return { removed: doomed.length - failed, failed };
}

/** The newest backup that these keys prove whole, or null. Never restored by itself. */
export function newestGoodBackup(homes: Homes, keys: KeyTree): string | null {
  for (const backup of listBackups(homes)) {
    try {
      if (readState(readGuarded(backup.path, MAX_FILE_LENGTH), keys).tornAt === null) return backup.path;
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
    }
  }
  return null;
}

/** False if there is a file of this name already. */
function keepAs(homes: Homes, path: string): boolean {
  guardDirectory(homes.backups);
  try {
    linkSync(homes.vault, path);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (code === "EEXIST") return false;
    if (!NO_LINKS.includes(code)) throw error;
    const { atimeMs, mtimeMs } = lstatSync(homes.vault);
    writeAs(path, readGuarded(homes.vault, MAX_FILE_LENGTH), atimeMs, mtimeMs);
  }
  syncDirectory(homes.backups);
  return true;
}

/** A copy has its name only once it is whole. */
function writeAs(path: string, bytes: Uint8Array, accessed: number, written: number): void {
  const temporary = temporaryName(path);
  writeNewFile(temporary, bytes);
  try {
    utimesSync(temporary, accessed / 1000, written / 1000);
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

function syncedQuietly(directories: string[]): boolean {
  try {
    new Set(directories).forEach(syncDirectory);
    return true;
  } catch {
    return false;
  }
}

function stampOf(time: number): string {
  return new Date(time).toISOString().replace(/[-:.]/g, "");
}
