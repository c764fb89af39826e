/**
 * How a vault is saved: by adding one frame, whose cost does not grow with the vault, or by writing the file anew.
 * docs/format.md, "Saving".
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { MAX_FILE_LENGTH } from "./layout.ts";
import type { VaultState } from "./state.ts";

/** `append`: a DELTA where nothing speaks against it. `rewrite`: always the whole file. */
export type Saving = "append" | "rewrite";

/** After so many deltas the file is written anew: opening costs a little for each. */
const MAX_DELTAS = 512;
/** Bytes of deltas that are let grow in a small vault; in a large one, half of what it holds. */
const MIN_DELTA_BYTES = 256 * 1024;

/**
 * Types of file system, as statfs(2) numbers them, that reach another machine or pass through another program. What
 * they do with a file that grows, and what a sync of it is worth there, is not known; a rename they all handle.
 */
const DISTANT: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9P
  0x65735546, // FUSE
  0x5346414f, // AFS
  0x73757245, // Coda
  0x00c36400, // Ceph
  0x786f4256, // VirtualBox's shared folders
]);

/** Names of directories that sync programs keep equal on several machines. */
const SYNCED =
  /^(dropbox( \(.*\))?|onedrive( - .*)?|google ?drive|my drive|gdrive|icloud ?drive|mobile documents|nextcloud|owncloud|pcloud ?drive|mega ?(sync)?|box( sync)?|sync|syncthing|seafile|tresorit|proton ?drive|yandex\.?disk)$/i;

/** How a vault at `path` is saved if nobody says otherwise. Only Linux's local file systems are tested with appends. */
export function savingAt(path: string): Saving {
  if (Deno.build.os !== "linux" || path.split("/").some((part) => SYNCED.test(part))) return "rewrite";
  try {
    return DISTANT.has(statfsSync(dirname(path)).type >>> 0) ? "rewrite" : "append";
  } catch {
    // What cannot say what it is gets the way that asks less of it.
    return "rewrite";
  }
}

/** True if adding a frame of `length` bytes would leave more behind the last checkpoint than is worth carrying. */
export function compactionDue(state: VaultState, length: number): boolean {
  const end = state.end + length;
  const mayGrow = Math.max(MIN_DELTA_BYTES, state.checkpointEnd / 2);
  return state.deltas >= MAX_DELTAS || end - state.checkpointEnd > mayGrow || end > MAX_FILE_LENGTH;
}
