/** One-shot files that a killed runner left behind. */
import { join } from "node:path";
import process from "node:process";
import { overwriteFile } from "../overwrite.ts";

/**
 * Overwrites and removes every regular file in `directory`, except those of a runner that is still alive: their names
 * begin with its pid and a hyphen. Returns how many were removed.
 */
export function sweepOneShot(directory: string): number {
  let removed = 0;
  for (const entry of Deno.readDirSync(directory)) {
    const pid = /^(\d{1,10})-/.exec(entry.name)?.[1];
    if (!entry.isFile || (pid !== undefined && isAlive(Number(pid)))) continue;
    const path = join(directory, entry.name);
    try {
      overwriteFile(path);
    } catch { /* removing is what counts */ }
    try {
      Deno.removeSync(path);
      removed++;
    } catch { /* someone was faster */ }
  }
  return removed;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
