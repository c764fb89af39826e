/**
 * An earlier state becomes the vault again, as a new generation above every one that this machine knows: to the anchor,
 * to other copies and to other machines it is one more save. docs/format.md, "Restore".
 */
import { Buffer } from "node:buffer";
import { lstatSync } from "node:fs";
import { removeQuietly } from "../atomic_file.ts";
import type { Homes } from "../paths.ts";
import { readAnchor, writeAnchor } from "./anchor.ts";
import { keepCopy, keepReplaced } from "./backups.ts";
import { secretsOf } from "./difference.ts";
import { VaultError } from "./fault.ts";
import { outlineOf, stateId } from "./file_outline.ts";
import { readGuarded } from "./guarded_file.ts";
import type { Header } from "./header.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAX_FILE_LENGTH, MINOR } from "./layout.ts";
import { withLock } from "./lock.ts";
import type { SlotContext } from "./slot.ts";
import { type Entry, readState, type VaultState, writeState } from "./state.ts";
import { commitVault } from "./store.ts";
import { openValue, sealValue } from "./value.ts";

/** The vault file as it is, sound or not; null if there is none. */
export type PresentBytes = Uint8Array | null;

/** What a restore did. */
export interface Restored {
  /** Generation of the vault now. */
  generation: number;
  /** Where the file that was replaced lies, or null if there was none. */
  replaced: string | null;
  /** Warnings for people. */
  notes: string[];
}

/**
 * The bytes of the vault file.
 * @throws {VaultError} UNSAFE_FILE, TOO_LARGE.
 */
export function presentBytes(homes: Homes): PresentBytes {
  try {
    return readGuarded(homes.vault, MAX_FILE_LENGTH);
  } catch (error) {
    if (error instanceof VaultError && error.fault === "MISSING") return null;
    throw error;
  }
}

/**
 * As much of a file as can be proven: all of it, or the frames before the first that is damaged. `complete` says which.
 * @throws {VaultError} as `readState` if not even the first frame is sound.
 */
export function readProvable(bytes: Uint8Array, keys: KeyTree): { state: VaultState; complete: boolean } {
  try {
    const state = readState(bytes, keys);
    return { state, complete: state.tornAt === null };
  } catch (error) {
    if (!(error instanceof VaultError) || error.fault !== "CORRUPT_FRAME") throw error;
    // A file that ends within or right behind the damaged frame reads as torn, any longer one does not read at all.
    const { frameEnds } = outlineOf(bytes);
    let state: VaultState | null = null;
    for (let low = 0, high = frameEnds.length; low < high;) {
      const middle = (low + high) >>> 1;
      const tried = stateOrNull(bytes.subarray(0, frameEnds[middle]), keys);
      if (tried === null) high = middle;
      else {
        state = tried;
        low = middle + 1;
      }
    }
    if (state === null) throw error;
    return { state, complete: false };
  }
}

/**
 * The secrets of a state that was written under another data key, sealed anew for this one.
 * @throws {VaultError} TAMPERED if a value does not open.
 */
export function resealed(from: VaultState, fromKeys: KeyTree, keys: KeyTree, context: SlotContext): Entry[] {
  return secretsOf(from).map(({ id, meta, blob }) => {
    const address = { id, rev: meta.rev };
    const value = openValue(fromKeys, from.header, address, blob);
    try {
      return { id, meta, blob: sealValue(keys, context, address, value) };
    } finally {
      value.fill(0);
    }
  });
}

/**
 * Saves `entries` under `header` as the vault, in the place of `expected`, which is what a person was shown: the file that
 * it replaces is kept beside the backups. `known` is the highest generation on record anywhere else than in the anchor.
 * @throws {VaultError} CONFLICT if the vault is not `expected` any more; BUSY, READ_ONLY, WRITE_FAILED.
 */
export async function restoreState(
  homes: Homes,
  keys: KeyTree,
  header: Header,
  entries: Iterable<Entry>,
  expected: PresentBytes,
  known: number,
): Promise<Restored> {
  if (header.minor > MINOR) {
    throw new VaultError("READ_ONLY", "Cannot restore vault: a newer version of tacit wrote it", "Update tacit");
  }
  return await withLock(homes.vaultLock, () => {
    if (!sameBytes(presentBytes(homes), expected)) {
      throw new VaultError(
        "CONFLICT",
        "Cannot restore vault: it was changed meanwhile",
        "Look at it again, then repeat",
      );
    }
    const anchor = readAnchor(homes, keys);
    const generation = Math.max(known, typeof anchor === "string" ? 0 : anchor.generation) + 1;
    const bytes = writeState(header, generation, entries, keys);
    const replaced = keep(homes);
    try {
      // What is replaced was kept whole just now, its torn tail included.
      const whole = readState(bytes, keys);
      const { state, notes } = commitVault(homes, keys, whole, bytes, "no backup");
      return { generation: state.generation, replaced, notes: [...notes, ...backedUp(homes, whole, bytes)] };
    } catch (error) {
      if (replaced !== null && isSameFile(homes.vault, replaced)) removeQuietly(replaced);
      throw error;
    }
  });
}

/**
 * Takes the vault file as it is for the newest from now on, if it still is the one that was `shown` (its `stateId`).
 * @throws {VaultError} CONFLICT if it is not; WRITE_FAILED if that cannot be recorded; as `readState`.
 */
export async function acceptState(homes: Homes, keys: KeyTree, shown: string): Promise<void> {
  await withLock(homes.vaultLock, () => {
    const state = readState(readGuarded(homes.vault, MAX_FILE_LENGTH), keys);
    if (stateId(state) !== shown) {
      throw new VaultError("CONFLICT", `Cannot accept vault: it is ${stateId(state)} and not ${shown} any more`);
    }
    try {
      writeAnchor(homes, keys, state, Date.now());
    } catch (cause) {
      throw new VaultError(
        "WRITE_FAILED",
        `Cannot accept vault: its record at "${homes.anchor}" cannot be written`,
        undefined,
        { cause },
      );
    }
  });
}

function keep(homes: Homes): string | null {
  try {
    return keepReplaced(homes, Date.now());
  } catch (cause) {
    if (cause instanceof VaultError) throw cause;
    const code = (cause as { code?: unknown }).code ?? "unknown fault";
    throw new VaultError(
      "WRITE_FAILED",
      `Cannot restore vault: the present file cannot be kept in "${homes.backups}": ${code}`,
      undefined,
      { cause },
    );
  }
}

/** What was just chosen among all copies is the newest of them from now on; the vault itself may be damaged once more. */
function backedUp(homes: Homes, state: VaultState, bytes: Uint8Array): string[] {
  try {
    keepCopy(homes, state, bytes);
    return [];
  } catch {
    return ["backups: no copy of the restored vault could be kept beside it"];
  }
}

/** Two names of one file: then nothing was replaced. */
function isSameFile(a: string, b: string): boolean {
  const [one, two] = [a, b].map((path) => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  return one !== undefined && two !== undefined && one.ino === two.ino && one.dev === two.dev;
}

/** True if both are missing, or have the same contents. */
function sameBytes(a: PresentBytes, b: PresentBytes): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}

function stateOrNull(bytes: Uint8Array, keys: KeyTree): VaultState | null {
  try {
    return readState(bytes, keys);
  } catch (error) {
    if (error instanceof VaultError) return null;
    throw error;
  }
}
