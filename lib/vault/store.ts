/**
 * The vault file on disk: how it is read, added to, and replaced. docs/format.md, "Save protocol".
 *
 * Invariants, in the order in which they hold at any crash: the vault's name always leads to one verified file, complete
 * but for a last frame that nobody was told of; a new file is durable before it gets the name, and its name before
 * anything is added to it; the anchor never remembers a state that is not durable under the name; a temporary file is
 * never adopted; a file that a backup shares is never written to. All functions that write expect the lock to be held.
 */
import { Buffer } from "node:buffer";
import { linkSync, lstatSync, readdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { kill } from "node:process";
import { removeQuietly, syncDirectory, temporaryName, writeNewFile } from "../atomic_file.ts";
import type { Homes } from "../paths.ts";
import { type Anchor, checkAnchor, readAnchor, writeAnchor } from "./anchor.ts";
import { appendFrame } from "./append.ts";
import { backupIsDue, keepBackup, newestGoodBackup, pruneBackups } from "./backups.ts";
import { renewSeen, seenIsSound } from "./clock.ts";
import { EARLIER_KEYS, type EarlierKeys, parseEarlierKeys } from "./earlier_keys.ts";
import { VaultError } from "./fault.ts";
import { checkDirectory, guardDirectory, readGuarded, readGuardedFrom, readStanding } from "./guarded_file.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAC_LENGTH, MAX_FILE_LENGTH } from "./layout.ts";
import { ifUnlocked } from "./lock.ts";
import { INTERNAL_KIND } from "./record.ts";
import { sameStanding, type Standing, standingAt } from "./standing.ts";
import { advance, nameKey, readState, type VaultState } from "./state.ts";
import { openValue } from "./value.ts";

/** A temporary file whose maker is dead is removed after this long. */
const STALE_MS = 3_600_000;

/** How long a reader waits for a writer that seems to be adding a frame just now. */
const SETTLE_MS = 1000;
const SETTLE_EVERY_MS = 10;

/** A state, and how the file stood that it was read from. */
export interface StoredState extends VaultState {
  standing: Standing;
}

/** A state read from disk, with warnings for people. */
export interface Loaded {
  state: StoredState;
  notes: string[];
}

/** How a vault is read. */
export interface LoadOptions {
  /** A person accepted that the file is older than, or differs from, what this machine remembers. */
  acceptRollback?: boolean | undefined;
  /** The caller holds the lock. */
  locked?: boolean;
}

/** A state that is durable on disk. */
export interface Committed extends Loaded {
  /** Backups that exist now. */
  backups: number;
}

/**
 * Reads and proves the vault, and compares it with the anchor, which is healed if it is behind; who holds the lock is
 * about to write, which brings the anchor up to date as well.
 * @throws {VaultError} with a hint naming the newest good backup where the file itself is bad.
 */
export function loadVault(homes: Homes, keys: KeyTree, how: LoadOptions = {}): Loaded {
  const { acceptRollback = false, locked = false } = how;
  checkDirectory(homes.data);
  // The anchor is read first: a save between the two reads then makes the file newer, never older, than the anchor.
  const found = readAnchor(homes, keys);
  const state = locked ? readOrNameBackup(homes, keys) : readSettled(homes, keys);
  const anchor = found === "unusable" ? readEarlierAnchor(homes, keys, state) ?? found : found;
  const notes: string[] = [];
  if (state.tornAt !== null) {
    notes.push(`TORN_TAIL: the last write was cut short; generation ${state.generation} before it is in use`);
  }
  if (anchor === "missing") {
    notes.push("ANCHOR: this machine has no record of the vault's last state; it was recorded now");
  }
  if (anchor === "unusable") notes.push("ANCHOR: the record of the vault's last state was unusable; it was made anew");
  if (typeof anchor !== "string") {
    try {
      checkAnchor(state, anchor);
    } catch (error) {
      if (!acceptRollback || !(error instanceof VaultError)) throw error;
      notes.push(`${error.fault}: accepted; secrets rotated or removed since may be back`);
    }
  }
  const behind = typeof anchor === "string" || acceptRollback || anchor.generation < state.generation;
  if (behind && !locked) healAnchor(homes, keys, state, acceptRollback, typeof anchor === "string" ? 0 : anchor.seen);
  return { state, notes };
}

/**
 * Replaces the vault, which must hold `current` as its lock holder just read it, by `bytes`.
 * @throws {VaultError} WRITE_FAILED; the old file then still has the name, or the new one has it without being proven
 *   durable, and the caller must read again before it writes again.
 */
export function commitVault(
  homes: Homes,
  keys: KeyTree,
  current: VaultState,
  bytes: Uint8Array,
  backup: "keep backup" | "no backup" = "keep backup",
): Committed {
  const state = durably(() => {
    sweepStale(homes);
    if (current.tornAt !== null) keepTornTail(homes, current.tornAt);
    const temporary = temporaryName(homes.vault);
    writeNewFile(temporary, bytes);
    try {
      const verified = verify(temporary, bytes, keys);
      if (backup === "keep backup") keepBackup(homes, current);
      renameSync(temporary, homes.vault);
      syncDirectory(dirname(homes.vault));
      return verified;
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
  });
  const notes = anchorNotes(homes, keys, state);
  return { state, notes, backups: pruneBackups(homes) };
}

/**
 * True if a frame may be added to the file of `current`: its end is whole, no backup shares it, and the newest backup is
 * young enough. The rest is for `compactionDue` to say, which knows the frame.
 */
export function mayAppend(homes: Homes, current: StoredState): boolean {
  return current.tornAt === null && current.standing.links === 1n && !backupIsDue(homes, Date.now());
}

/**
 * Adds `frame`, as `writeDelta` made it, to the vault, which must hold `current` as its lock holder just read it.
 * `nameIsDurable`: this process has already synced the directory since the file got its name. Whoever made it may have
 * died before, and what is added to a file goes with it if a power cut brings its predecessor back.
 * @throws {VaultError} WRITE_FAILED; the cause is an `UnsyncedError` if the file must not be added to any more. The
 * caller must read again before it writes again.
 */
export function commitDelta(
  homes: Homes,
  keys: KeyTree,
  current: StoredState,
  frame: Uint8Array,
  nameIsDurable: boolean,
): Loaded {
  const state = durably(() => {
    if (!nameIsDurable) syncDirectory(dirname(homes.vault));
    const { standing, proven } = appendFrame(
      homes.vault,
      current.standing,
      frame,
      (stored) => advance(current, stored, keys),
    );
    return { ...proven, standing };
  });
  return { state, notes: anchorNotes(homes, keys, state) };
}

/**
 * Gives a vault its name for the first time.
 * @throws {VaultError} EXISTS if the name is taken, WRITE_FAILED.
 */
export function commitNewVault(homes: Homes, keys: KeyTree, bytes: Uint8Array): Loaded {
  const state = durably(() => {
    const temporary = temporaryName(homes.vault);
    writeNewFile(temporary, bytes);
    try {
      const verified = verify(temporary, bytes, keys);
      giveName(temporary, homes.vault);
      syncDirectory(dirname(homes.vault));
      return verified;
    } finally {
      removeQuietly(temporary);
    }
  });
  return { state, notes: anchorNotes(homes, keys, state) };
}

/**
 * The state on disk for a writer that holds the lock: `known` itself if the file still is what was read then.
 * @throws {VaultError} also ROLLED_BACK and FORKED relative to `known`.
 */
export function reread(homes: Homes, keys: KeyTree, known: StoredState): StoredState {
  guardDirectory(homes.data);
  const state = rereadFile(homes, keys, known);
  const anchor = readAnchor(homes, keys);
  if (typeof anchor !== "string") checkAnchor(state, anchor);
  return state;
}

function rereadFile(homes: Homes, keys: KeyTree, known: StoredState): StoredState {
  const standing = standingAt(homes.vault);
  if (standing !== undefined && sameStanding(standing, known.standing) && endsWith(homes.vault, known)) {
    // Another process may have given it a second name since.
    return Object.assign(known, { standing });
  }
  const state = readStored(homes, keys);
  checkAnchor(state, known);
  return state;
}

/**
 * Passes if nothing has the name `path`.
 * @throws {VaultError} EXISTS if anything, even a broken link, does.
 */
export function refuseExisting(path: string): void {
  let there: unknown;
  try {
    there = lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    const code = (cause as { code?: unknown }).code ?? "unknown fault";
    throw new VaultError("UNSAFE_FILE", `Cannot create vault "${path}": ${code}`, undefined, { cause });
  }
  if (there !== undefined) throw exists(path);
}

function readStored(homes: Homes, keys: KeyTree): StoredState {
  const { bytes, standing } = readStanding(homes.vault, MAX_FILE_LENGTH);
  return { ...readState(bytes, keys), standing };
}

/** The file is what it was as far as the system knows; that its end is ours as well costs one small read. */
function endsWith(path: string, known: StoredState): boolean {
  if (known.tornAt !== null) return false;
  return Buffer.compare(readGuardedFrom(path, known.end - MAC_LENGTH, MAC_LENGTH), known.lastMac) === 0;
}

/**
 * The state of the file. Who reads while another process adds a frame sees a part of it, which looks like a write that
 * was cut short: only with the lock free, hence with no writer at work, is it one.
 */
function readSettled(homes: Homes, keys: KeyTree): StoredState {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const state = readIfSettled(homes, keys);
    if (state !== null && state.tornAt === null) return state;
    const alone = readAlone(homes, keys);
    if (alone !== "busy") return alone;
    if (performance.now() > deadline) return state ?? readOrNameBackup(homes, keys);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_EVERY_MS);
  }
}

/** Null for a file that may only look damaged, since frames were exchanged under the reader's hands. */
function readIfSettled(homes: Homes, keys: KeyTree): StoredState | null {
  try {
    return readStored(homes, keys);
  } catch (error) {
    if (error instanceof VaultError && error.fault === "CORRUPT_FRAME") return null;
    return readOrNameBackup(homes, keys);
  }
}

/** On a disk that takes no lock file nobody is writing either. */
function readAlone(homes: Homes, keys: KeyTree): StoredState | "busy" {
  try {
    return ifUnlocked(homes.vaultLock, () => readOrNameBackup(homes, keys)) ?? "busy";
  } catch (error) {
    if (error instanceof VaultError && error.fault !== "WRITE_FAILED" && error.fault !== "UNSAFE_FILE") throw error;
    return readOrNameBackup(homes, keys);
  }
}

function readOrNameBackup(homes: Homes, keys: KeyTree): StoredState {
  try {
    return readStored(homes, keys);
  } catch (error) {
    const bad = ["NOT_A_VAULT", "DAMAGED_HEADER", "TAMPERED", "CORRUPT_FRAME", "MISSING"];
    if (!(error instanceof VaultError) || !bad.includes(error.fault)) throw error;
    const backup = newestGoodBackup(homes, keys);
    if (backup === null) throw error;
    throw new VaultError(error.fault, error.message, "tacit restore latest", { cause: error });
  }
}

/**
 * The anchor under the key of an earlier epoch, which a crash right behind a change of the data key leaves; null if there
 * is none, or the vault cannot be read, which opening it will say.
 */
export function earlierAnchor(homes: Homes, keys: KeyTree): Anchor | null {
  try {
    return readEarlierAnchor(homes, keys, readStored(homes, keys));
  } catch (error) {
    if (error instanceof VaultError) return null;
    throw error;
  }
}

function readEarlierAnchor(homes: Homes, keys: KeyTree, state: StoredState): Anchor | null {
  for (const earlier of earlierKeys(state, keys).reverse()) {
    const anchor = readAnchor(homes, { anchor: earlier.anchor, vaultId: keys.vaultId });
    if (typeof anchor !== "string") return anchor;
  }
  return null;
}

function earlierKeys(state: StoredState, keys: KeyTree): EarlierKeys[] {
  const entry = state.entries.get(nameKey({ name: EARLIER_KEYS, kind: INTERNAL_KIND }));
  return parseEarlierKeys(entry && openValue(keys, state.header, { id: entry.id, rev: entry.meta.rev }, entry.blob));
}

/** Only ever forward, and only if no writer is at work: a writer brings the anchor up to date itself. */
function healAnchor(homes: Homes, keys: KeyTree, state: VaultState, force: boolean, seen: number): void {
  try {
    ifUnlocked(homes.vaultLock, () => {
      const anchor = readAnchor(homes, keys);
      if (!force && typeof anchor !== "string" && anchor.generation >= state.generation) return;
      writeAnchor(homes, keys, state, Math.max(seen, Date.now()));
      if (seen > 0 && anchor === "unusable" && !seenIsSound(homes, keys)) {
        renewSeen(homes, keys, Math.max(seen, Date.now()));
      }
    });
  } catch {
    // Reading must work on a full or read-only disk; the next save or open tries again.
  }
}

function verify(path: string, bytes: Uint8Array, keys: KeyTree): StoredState {
  const { bytes: stored, standing } = readStanding(path, MAX_FILE_LENGTH);
  const state = readState(stored, keys);
  if (state.tornAt !== null || Buffer.compare(stored, bytes) !== 0) {
    throw new VaultError("WRITE_FAILED", "Cannot save vault: the new file does not read back as written");
  }
  return { ...state, standing };
}

/** A link, unlike a rename, never replaces; file systems without links leave a race that the lock covers. */
function giveName(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as { code?: unknown }).code === "EEXIST") throw exists(path);
    refuseExisting(path);
    renameSync(temporary, path);
  }
}

function anchorNotes(homes: Homes, keys: KeyTree, state: VaultState): string[] {
  try {
    writeAnchor(homes, keys, state, Date.now());
    return [];
  } catch {
    return ["ANCHOR: the record of the vault's last state could not be written; the next open tries again"];
  }
}

function keepTornTail(homes: Homes, tornAt: number): void {
  const stamp = new Date().toISOString().replace(/[-:.]/g, "");
  const path = `${homes.vault}.torn.${stamp}`;
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  writeNewFile(path, readGuarded(homes.vault, MAX_FILE_LENGTH).subarray(tornAt));
}

/** What killed processes left behind: plain files only, and none whose removal fails keeps a save from going on. */
function sweepStale(homes: Homes): void {
  for (const whole of [homes.vault, homes.anchor, homes.clockFloor]) {
    const pattern = new RegExp(`^${RegExp.escape(basename(whole))}\\.tmp\\.(\\d{1,10})\\.`);
    for (const name of namesIn(dirname(whole))) {
      const pid = pattern.exec(name)?.[1];
      if (pid === undefined || isAlive(Number(pid))) continue;
      const path = join(dirname(whole), name);
      const info = lstatSync(path, { throwIfNoEntry: false });
      if (info?.isFile() && Date.now() - info.mtimeMs > STALE_MS) removeQuietly(path);
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Whether the directory can be written is for the save itself to find.
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== "ESRCH";
  }
}

function durably<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof VaultError) throw error;
    const code = (error as { code?: unknown }).code ?? "unknown fault";
    throw new VaultError(
      "WRITE_FAILED",
      `Cannot save vault: ${code}`,
      "Nothing was changed unless the next read shows it; make room or repair the disk, then try again",
      { cause: error },
    );
  }
}

function exists(path: string): VaultError {
  return new VaultError("EXISTS", `Cannot create vault "${path}": it exists`, "Open it with `tacit unlock`");
}
