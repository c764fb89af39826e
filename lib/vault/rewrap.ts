/**
 * After a change of key slots, the earlier generations that tacit keeps get the new slots as well, so that a passphrase
 * or code that was taken out of force opens none of them. docs/format.md, "Save protocol".
 */
import { Buffer } from "node:buffer";
import { lstatSync, readdirSync, renameSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { removeQuietly, syncDirectory, temporaryName, writeNewFile } from "../atomic_file.ts";
import { toHex } from "../bytes.ts";
import { equalConstantTime } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { infoOf } from "./backup_files.ts";
import { backupPath, listBackups, listReplaced } from "./backups.ts";
import { VaultError } from "./fault.ts";
import { readGuarded } from "./guarded_file.ts";
import { parseHeader, type StoredHeader } from "./header.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAX_FILE_LENGTH, MAX_HEADER_LENGTH, PREAMBLE_LENGTH } from "./layout.ts";
import type { Slot } from "./slot.ts";
import { readState, refuseNewer, type VaultState, writeState } from "./state.ts";

/** What became of the copies that an old passphrase or code opened. */
export interface Rewrapped {
  /** They open with what opens the vault now. */
  rewrapped: number;
  /** They could not be rewritten, so they are gone. */
  removed: number;
  /** They could be neither rewritten nor removed: the old secret still opens them. */
  failed: number;
}

/**
 * Gives `slots`, the vault's own from now on, to each copy in the backup directory that holds any other slot: one of
 * `retired` (ids), or one that an earlier change left there because it was cut short. A copy that cannot be rewritten is
 * removed. The caller holds the vault's lock and has saved the vault with `slots`.
 */
export function rewrapBackups(homes: Homes, keys: KeyTree, slots: Slot[], retired: Uint8Array[]): Rewrapped {
  const inForce = new Set(slots.map((slot) => toHex(slot.id)));
  for (const id of retired) inForce.delete(toHex(id));
  const done: Rewrapped = { rewrapped: 0, removed: 0, failed: sweepUnfinished(homes) };
  // The newest first: where room is short they matter most.
  const copies = [
    ...listBackups(homes).map(({ path }) => ({ path, named: true })),
    ...listReplaced(homes).map(({ path }) => ({ path, named: false })),
  ];
  for (const { path, named } of copies) {
    const header = headerOf(path);
    const stale = header !== null && equalConstantTime(header.vaultId, keys.vaultId) &&
      header.slots.some((slot) => !inForce.has(toHex(slot.id)));
    if (!stale) continue;
    try {
      rewrap(homes, path, named, keys, slots);
      done.rewrapped++;
    } catch {
      // Whatever the reason, what the old secret opens must not stay.
      removeQuietly(path);
      if (infoOf(path) === undefined) done.removed++;
      else done.failed++;
    }
  }
  return done;
}

/**
 * What a crash left half-made has the slots of its time. Whoever makes such a file holds the lock, so none is in use.
 * Returns how many directories could not be looked through: the new slots are in force by now, which no error may hide.
 */
function sweepUnfinished(homes: Homes): number {
  let failed = 0;
  const unfinished = new RegExp(`^${RegExp.escape(basename(homes.vault))}\\.(.+\\.)?tmp\\.\\d{1,10}\\.[a-z0-9]+$`);
  for (const directory of [dirname(homes.vault), homes.backups]) {
    try {
      if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
      for (const name of readdirSync(directory)) if (unfinished.test(name)) removeQuietly(join(directory, name));
    } catch {
      failed++;
    }
  }
  return failed;
}

function rewrap(homes: Homes, path: string, named: boolean, keys: KeyTree, slots: Slot[]): void {
  const before = readState(readGuarded(path, MAX_FILE_LENGTH), keys);
  refuseNewer(before);
  const bytes = writeState({ ...before.header, slots }, before.generation, before.entries.values(), keys);
  const { atimeMs, mtimeMs } = lstatSync(path);
  const temporary = temporaryName(path);
  writeNewFile(temporary, bytes);
  try {
    const after = verify(temporary, bytes, keys);
    // Its age decides how long it is kept.
    utimesSync(temporary, atimeMs / 1000, mtimeMs / 1000);
    const target = named ? backupPath(homes, after) : path;
    renameSync(temporary, target);
    syncDirectory(homes.backups);
    if (target === path) return;
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  removeOld(path, homes);
}

/** The new copy has its name by now, so a failure here is no reason to lose that. */
function removeOld(path: string, homes: Homes): void {
  removeQuietly(path);
  if (infoOf(path) !== undefined) {
    throw new VaultError("WRITE_FAILED", `Cannot remove "${path}": it stays`);
  }
  syncDirectory(homes.backups);
}

function verify(path: string, bytes: Uint8Array, keys: KeyTree): VaultState {
  const stored = readGuarded(path, MAX_FILE_LENGTH);
  if (Buffer.compare(stored, bytes) !== 0) {
    throw new VaultError("WRITE_FAILED", "Cannot save backup: the new file does not read back as written");
  }
  return readState(stored, keys);
}

/** An unreadable header opens with nothing, so such a file is none of ours to touch. */
function headerOf(path: string): StoredHeader | null {
  try {
    return parseHeader(readGuarded(path, PREAMBLE_LENGTH + MAX_HEADER_LENGTH, false));
  } catch (error) {
    if (error instanceof VaultError) return null;
    throw error;
  }
}
