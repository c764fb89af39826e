/**
 * Earlier generations beside the vault: the last five, and one a day for a week. A backup is a hard link to the file
 * as it was, so it costs no copy and has the same key slots. docs/format.md, "Save protocol".
 */
import { copyFileSync, linkSync, lstatSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { removeQuietly, syncDirectory } from "../atomic_file.ts";
import { toHex } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import { VaultError } from "./fault.ts";
import { guardDirectory, readGuarded } from "./guarded_file.ts";
import { parseHeader } from "./header.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAX_FILE_LENGTH, MAX_HEADER_LENGTH, PREAMBLE_LENGTH } from "./layout.ts";
import { readState, type VaultState } from "./state.ts";

const KEEP_LAST = 5;
const KEEP_DAYS = 7;
const DAY_MS = 86_400_000;
/** File systems without hard links answer with one of these. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSYS", "EXDEV"];

/** One earlier generation. */
export interface Backup {
  path: string;
  generation: number;
  /** When it was written, Unix milliseconds; only decides which ones are kept. */
  written: number;
}

/** The backups of a home, newest generation first. Other files in the directory are left alone. */
export function listBackups(homes: Homes): Backup[] {
  const pattern = new RegExp(`^${RegExp.escape(basename(homes.vault))}\\.(\\d{12,16})\\.[0-9a-f]{8}$`);
  const backups: Backup[] = [];
  for (const name of namesIn(homes.backups)) {
    const generation = pattern.exec(name)?.[1];
    const path = join(homes.backups, name);
    const info = generation === undefined ? undefined : lstatSync(path, { throwIfNoEntry: false });
    if (info?.isFile()) backups.push({ path, generation: Number(generation), written: info.mtimeMs });
  }
  return backups.sort((a, b) => b.generation - a.generation || b.written - a.written);
}

/**
 * Links the vault file, which must hold `state`, into the backup directory.
 * @throws {Error} with a `code` if it cannot.
 */
export function keepBackup(homes: Homes, state: VaultState): void {
  guardDirectory(homes.backups);
  const generation = String(state.generation).padStart(12, "0");
  const path = join(homes.backups, `${basename(homes.vault)}.${generation}.${toHex(state.lastMac.subarray(0, 4))}`);
  try {
    linkSync(homes.vault, path);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (code === "EEXIST") return;
    if (!NO_LINKS.includes(code)) throw error;
    copyFileSync(homes.vault, path);
  }
  syncDirectory(homes.backups);
}

/** True if the newest backup is older than a day, or there is none: then a save writes the file anew and keeps one. */
export function backupIsDue(homes: Homes, now: number): boolean {
  const newest = Math.max(...listBackups(homes).map((backup) => backup.written));
  // A clock that was set back must not put it off for years.
  return Math.abs(now - newest) >= DAY_MS;
}

/** Removes what neither rule keeps; returns how many remain. */
export function pruneBackups(homes: Homes, now: number): number {
  const days = new Set<number>();
  let kept = 0;
  for (const backup of listBackups(homes)) {
    const day = Math.floor(backup.written / DAY_MS);
    const newestOfRecentDay = now - backup.written < KEEP_DAYS * DAY_MS && !days.has(day);
    days.add(day);
    if (kept < KEEP_LAST || newestOfRecentDay) kept++;
    else removeQuietly(backup.path);
  }
  return kept;
}

/** Removes the backups that one of these key slots (by id) still opens; says how many went and how many could not. */
export function removeBackupsWithSlots(homes: Homes, slotIds: Uint8Array[]): { removed: number; failed: number } {
  const retired = new Set(slotIds.map(toHex));
  return removeBackups(listBackups(homes).filter((backup) => hasSlot(backup.path, retired)));
}

/** Removes these backups; says how many went and how many could not. */
export function removeBackups(doomed: Backup[]): { removed: number; failed: number } {
  doomed.forEach((backup) => removeQuietly(backup.path));
  const failed = doomed.filter(({ path }) => lstatSync(path, { throwIfNoEntry: false }) !== undefined).length;
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

/** An unreadable header opens with nothing, so such a file is none of ours to remove. */
function hasSlot(path: string, slotIds: Set<string>): boolean {
  try {
    const header = parseHeader(readGuarded(path, PREAMBLE_LENGTH + MAX_HEADER_LENGTH, false));
    return header.slots.some((slot) => slotIds.has(toHex(slot.id)));
  } catch (error) {
    if (error instanceof VaultError) return false;
    throw error;
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
