/** Whether there are backups of the vault, and how old they are, without loading what could read them. */
import type { Homes } from "../paths.ts";
import { listBackups, listReplaced } from "../vault/backup_files.ts";

/** True if there are backups of a vault, whatever they hold. */
export function hasBackups(homes: Homes): boolean {
  return listBackups(homes).length > 0 || listReplaced(homes).length > 0;
}

/** How many backups there are, and when the newest was written, Unix milliseconds. */
export function backupsOf(homes: Homes): { count: number; newest: number | null } {
  const files = [...listBackups(homes), ...listReplaced(homes)];
  const newest = files.length === 0 ? null : Math.round(Math.max(...files.map(({ written }) => written)));
  return { count: files.length, newest };
}
