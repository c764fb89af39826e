/**
 * The copies of the vault that lie beside it, what each says of itself without a key, and new ones that a person makes.
 * docs/cli.md, "backup".
 */
import { linkSync, lstatSync, readFileSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { removeQuietly, syncDirectory, temporaryName, writeNewFile } from "../atomic_file.ts";
import { toHex } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import { listBackups, listReplaced } from "../vault/backup_files.ts";
import { secretsOf } from "../vault/difference.ts";
import { VaultError } from "../vault/fault.ts";
import { type FileOutline, outlineAt } from "../vault/file_outline.ts";
import { withLock } from "../vault/lock.ts";
import { readState } from "../vault/state.ts";
import { stateOf } from "./candidates.ts";
import type { ProvenSlot } from "./open_slot.ts";
import { withVaultFaults } from "./presence_error.ts";

/** What one file says of itself; nothing of it is proven. */
export interface Copy {
  path: string;
  /** Names the state, see `stateId`; null if the header cannot be read. */
  id: string | null;
  /** 0 if it cannot be told. */
  generation: number;
  /** When it was last written, Unix milliseconds. */
  written: number;
  /** Bytes. */
  size: number;
  /** When a restore put another file in its place, Unix milliseconds; null for an ordinary backup. */
  replaced: number | null;
  /** Why it cannot be used, or null as far as can be told without a key. */
  fault: string | null;
  /** True if it opens with what opens the vault today; null if that cannot be told. */
  opensToday: boolean | null;
}

/** What a copy turned out to be, once its seals were checked. */
export interface ProvenCopy extends Copy {
  /** How many secrets it holds; null if it is not whole. */
  secrets: number | null;
}

/** A copy that was made, or that was there already with the same contents. */
export interface MadeCopy {
  path: string;
  id: string;
  generation: number;
  size: number;
  /** It was there already. */
  unchanged: boolean;
}

/** Why no copy was made: what stands in its place, or the system's code. */
export class CopyError extends Error {
  override readonly name = "CopyError";
  /** What callers branch on. */
  readonly reason: "exists" | "ours" | "not_a_file" | "unreadable" | "system";

  constructor(reason: CopyError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The vault itself, null if there is no file, and its copies, the newest first. */
export function listCopies(homes: Homes): { vault: Copy | null; copies: Copy[] } {
  const outline = outlineOrFault(homes.vault);
  const slots = typeof outline === "string" ? null : slotIds(outline);
  const files = [
    ...listBackups(homes).map(({ path }) => ({ path, replaced: null })),
    ...listReplaced(homes).map(({ path, replaced }) => ({ path, replaced })),
  ];
  const copies = files.flatMap(({ path, replaced }) => describe(path, replaced, slots) ?? []);
  // Of equal generations the one that was in use last comes first.
  copies.sort((a, b) => b.generation - a.generation || (b.replaced ?? b.written) - (a.replaced ?? a.written));
  return { vault: describe(homes.vault, null, slots), copies };
}

/** Checks every seal of `copies` with the keys of `slot`, and counts their secrets. */
export function proveCopies(copies: readonly Copy[], slot: ProvenSlot): ProvenCopy[] {
  return copies.map((copy) => {
    try {
      const state = readState(outlineAt(copy.path).bytes, slot.keys);
      if (state.tornAt !== null) return { ...copy, fault: "its end is cut short", secrets: null };
      return { ...copy, fault: null, secrets: secretsOf(state).length };
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return { ...copy, fault: stateOf(error), secrets: null };
    }
  });
}

/**
 * Copies the vault, sealed as it is, to `destination`, a file or a directory that exists; `force` replaces another file.
 * @throws {PresenceError} on a fault of the vault; {CopyError}.
 */
export async function copyVault(homes: Homes, destination: string, force: boolean): Promise<MadeCopy> {
  const { outline, bytes } = await withVaultFaults(() => outlineUnderLock(homes));
  if (outline.generation === 0) {
    throw new CopyError("unreadable", "Cannot copy vault: it is damaged behind its header");
  }
  const path = targetIn(homes, resolve(destination), outline.generation);
  const made = { path, id: outline.id, generation: outline.generation, size: bytes.length };
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined) {
    if (!there.isFile()) throw new CopyError("not_a_file", `Cannot copy vault to "${path}": it is no regular file`);
    if (there.size === bytes.length && readFileSync(path).equals(bytes)) return { ...made, unchanged: true };
    if (!force) throw new CopyError("exists", `Cannot copy vault to "${path}": there is another file`);
  }
  try {
    writeCopy(path, bytes, force);
  } catch (cause) {
    if (cause instanceof CopyError) throw cause;
    const code = (cause as { code?: unknown }).code;
    const state = code === "ENOENT" ? "there is no such directory" : String(code ?? "the system refused");
    throw new CopyError(code === "EEXIST" ? "exists" : "system", `Cannot copy vault to "${path}": ${state}`, { cause });
  }
  return { ...made, unchanged: false };
}

/** With the lock held no save is half done. On a disk that takes no lock nobody is saving either. */
async function outlineUnderLock(homes: Homes): Promise<{ outline: FileOutline; bytes: Uint8Array }> {
  try {
    return await withLock(homes.vaultLock, () => outlineAt(homes.vault));
  } catch (error) {
    if (!(error instanceof VaultError) || error.fault !== "WRITE_FAILED") throw error;
    return outlineAt(homes.vault);
  }
}

function targetIn(homes: Homes, destination: string, generation: number): string {
  const day = new Date().toISOString().slice(0, 10);
  const info = statSync(destination, { throwIfNoEntry: false });
  const path = info?.isDirectory() === true
    ? join(destination, `tacit-${day}-generation-${generation}.asv1`)
    : destination;
  const ours = [homes.backups, ...(basename(path).startsWith(basename(homes.vault)) ? [homes.data] : [])];
  if (ours.includes(dirname(path))) {
    throw new CopyError("ours", `Cannot copy vault to "${path}": tacit keeps files of its own there`);
  }
  return path;
}

/** Whole, read back and durable before it has the name. A link, unlike a rename, never replaces. */
function writeCopy(path: string, bytes: Uint8Array, force: boolean): void {
  const temporary = temporaryName(path);
  writeNewFile(temporary, bytes);
  try {
    if (!readFileSync(temporary).equals(bytes)) {
      throw new CopyError("system", `Cannot copy vault to "${path}": it does not read back as written`);
    }
    if (force) renameSync(temporary, path);
    else giveName(temporary, path);
    syncIfItCan(dirname(path));
  } finally {
    removeQuietly(temporary);
  }
}

/** File systems of memory sticks have no links. */
function giveName(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as { code?: unknown }).code === "EEXIST") throw error;
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw new CopyError("exists", `Cannot copy vault to "${path}": there is another file`, { cause: error });
    }
    renameSync(temporary, path);
  }
}

/** Some distant file systems cannot sync a directory; the file itself is synced on all of them. */
function syncIfItCan(directory: string): void {
  try {
    syncDirectory(directory);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(String((error as { code?: unknown }).code))) {
      throw error;
    }
  }
}

/** Null if the file is gone by now. */
function describe(path: string, replaced: number | null, slots: Set<string> | null): Copy | null {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info === undefined) return null;
  const known = { path, written: info.mtimeMs, size: info.size, replaced };
  const outline = outlineOrFault(path);
  if (typeof outline === "string") return { ...known, id: null, generation: 0, fault: outline, opensToday: null };
  const { id, generation, complete } = outline;
  const opensToday = slots === null ? null : [...slotIds(outline)].every((slot) => slots.has(slot));
  const fault = complete ? null : generation === 0 ? "damaged behind its header" : "its end is cut short or damaged";
  return { ...known, id: generation === 0 ? null : id, generation, fault, opensToday };
}

function outlineOrFault(path: string): FileOutline | string {
  try {
    return outlineAt(path).outline;
  } catch (error) {
    if (error instanceof VaultError) return stateOf(error);
    throw error;
  }
}

function slotIds({ header }: FileOutline): Set<string> {
  return new Set(header.slots.map((slot) => toHex(slot.id)));
}
