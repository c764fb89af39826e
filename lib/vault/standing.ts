/**
 * What the system says of a file without reading it: enough to tell whether it still is the one that was read.
 * Whoever keeps to the save protocol changes the size (an append) or the inode (a new file); the time is there for
 * those who do not. docs/format.md, "Save protocol".
 */
import { type BigIntStats, fstatSync, lstatSync } from "node:fs";

/** Identity, size in bytes and time of one file at one moment. */
export interface Standing {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  /** Time of the last change of contents in nanoseconds, as finely as the runtime tells it. */
  readonly modified: bigint;
  /** Names of the file; above one a backup shares it. */
  readonly links: bigint;
}

/** How the open file behind `fd` stands. */
export function standingOf(fd: number): Standing {
  return from(fstatSync(fd, { bigint: true }));
}

/**
 * How the file named `path` stands, a link itself and not its target; undefined if there is none, or the system does not
 * say: whoever then reads the file hears why.
 */
export function standingAt(path: string): Standing | undefined {
  try {
    const info = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return info && from(info);
  } catch {
    return undefined;
  }
}

/** True if nothing tells the two apart. The number of names is left out: making one changes no contents. */
export function sameStanding(a: Standing, b: Standing): boolean {
  return a.device === b.device && a.inode === b.inode && a.size === b.size && a.modified === b.modified;
}

function from(info: BigIntStats): Standing {
  const { dev, ino, size, mtimeNs, nlink } = info;
  return { device: dev, inode: ino, size, modified: mtimeNs, links: nlink };
}
