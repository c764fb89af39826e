/**
 * A model of a disk that a power cut may strike: what a log of operations did, and every state that a journaling file
 * system may come back with.
 *
 * What may be missing: the data of a file that was not synced since (none of it, the first part of it, zeros in place
 * of any page that is new, all of it; what replaces bytes within one page does so as a whole), and each change of a
 * directory that was not synced since (none, some, all, in any order, for no standard promises one). A rename happens as
 * a whole or not at all. A file's sync covers its contents and not its name. What a failed sync was to cover stays in
 * doubt for ever, even after one that succeeds.
 */
import { basename, dirname } from "node:path";
import { isOpen, type Patch, patched, product, subsets, variants, type Write } from "./lost_writes.ts";
import type { Logged } from "./operation_log.ts";

/** Contents by path relative to the root. Directories are implied. */
export type Tree = Map<string, Uint8Array>;

/** Nobody relies on what such a file holds. */
const INDIFFERENT = ".lock";

interface File {
  base: Uint8Array;
  writes: Write[];
}

/** What happens to names of one directory at once; null removes the name. */
type Naming = ReadonlyMap<string, File | Directory | null>;

interface Directory {
  durable: Map<string, File | Directory>;
  pending: Naming[];
}

export class ModelDisk {
  readonly #root: Directory;
  readonly #path: string;

  /** Everything in `tree` is durable. `path` is what the log calls the root. */
  constructor(path: string, tree: Tree) {
    this.#path = path;
    this.#root = emptyDirectory();
    for (const [name, contents] of tree) {
      let directory = this.#root;
      for (const part of name.split("/").slice(0, -1)) {
        const next = directory.durable.get(part) ?? emptyDirectory();
        directory.durable.set(part, next);
        directory = asDirectory(next, part);
      }
      directory.durable.set(basename(name), { base: contents, writes: [] });
    }
  }

  /** Does what the log says was done. */
  apply({ operation, number, path, other, data }: Logged): void {
    switch (operation) {
      case "CREATE":
        return this.#name(path, { base: new Uint8Array(), writes: [] });
      case "MKDIR":
        return this.#name(path, emptyDirectory());
      case "LINK":
        return this.#name(other, this.#at(path));
      case "UNLINK":
        return this.#name(path, null);
      case "RENAME": {
        if (dirname(path) !== dirname(other)) throw new Error(`Cannot model a rename to another directory: ${path}`);
        const naming = new Map([[basename(path), null], [basename(other), this.#at(path)]]);
        return void this.#directory(dirname(path)).pending.push(naming);
      }
      case "WRITE":
        return void this.#file(path).writes.push({ at: number, data, state: "pending" });
      case "TRUNCATE":
        return void this.#file(path).writes.push({ at: number, data: null, state: "pending" });
      case "FSYNC":
      case "FDATASYNC":
        return sync(this.#at(path), number !== 0);
    }
  }

  /** What the running system shows. */
  now(): Tree {
    return treeOf(
      this.#root,
      (directory) => directory.pending,
      (file) => file.writes.map(({ at, data }) => [at, data]),
    );
  }

  /** Every state that may be there after a power cut, some of them more than once. */
  *afterPowerCut(): Generator<Tree> {
    const directories = [...directoriesBelow(this.#root)].filter((directory) => directory.pending.length > 0);
    for (const namings of product(directories.map((directory) => subsets(directory.pending)))) {
      const chosen = new Map(directories.map((directory, i) => [directory, namings[i] ?? []]));
      const files = new Set<File>();
      const visit = (directory: Directory) => {
        for (const [name, entry] of namesIn(directory, chosen.get(directory) ?? [])) {
          if (isDirectory(entry)) visit(entry);
          else if (!name.endsWith(INDIFFERENT) && entry.writes.some(isOpen)) files.add(entry);
        }
      };
      visit(this.#root);
      for (const contents of product([...files].map((file) => variants(file.base, file.writes)))) {
        const written = new Map([...files].map((file, i) => [file, contents[i] ?? []]));
        yield treeOf(
          this.#root,
          (directory) => chosen.get(directory) ?? [],
          (file) => written.get(file) ?? file.writes.map(({ at, data }) => [at, data]),
        );
      }
    }
  }

  #name(path: string, entry: File | Directory | null): void {
    this.#directory(dirname(path)).pending.push(new Map([[basename(path), entry]]));
  }

  #at(path: string): File | Directory {
    if (path === this.#path) return this.#root;
    const entry = namesIn(this.#directory(dirname(path))).get(basename(path));
    if (entry === undefined) throw new Error(`Cannot model an operation on "${path}": there is no such file`);
    return entry;
  }

  #directory(path: string): Directory {
    return asDirectory(this.#at(path), path);
  }

  #file(path: string): File {
    const entry = this.#at(path);
    if (isDirectory(entry)) throw new Error(`Cannot model a write to "${path}": it is a directory`);
    return entry;
  }
}

function emptyDirectory(): Directory {
  return { durable: new Map(), pending: [] };
}

function isDirectory(entry: File | Directory): entry is Directory {
  return "pending" in entry;
}

function asDirectory(entry: File | Directory, path: string): Directory {
  if (!isDirectory(entry)) throw new Error(`Cannot model a name in "${path}": it is a file`);
  return entry;
}

function sync(entry: File | Directory, failed: boolean): void {
  if (!isDirectory(entry)) {
    for (const write of entry.writes) {
      if (write.state === "pending") write.state = failed ? "doubtful" : "durable";
    }
  } else if (!failed) {
    entry.durable = namesIn(entry);
    entry.pending = [];
  }
}

function namesIn(directory: Directory, namings: Naming[] = directory.pending): Map<string, File | Directory> {
  const names = new Map(directory.durable);
  for (const naming of namings) {
    for (const [name, entry] of naming) {
      if (entry === null) names.delete(name);
      else names.set(name, entry);
    }
  }
  return names;
}

function* directoriesBelow(directory: Directory): Generator<Directory> {
  yield directory;
  for (const entry of namesIn(directory).values()) if (isDirectory(entry)) yield* directoriesBelow(entry);
}

function treeOf(
  root: Directory,
  namings: (directory: Directory) => Naming[],
  patches: (file: File) => Patch[],
): Tree {
  const tree: Tree = new Map();
  const visit = (directory: Directory, prefix: string) => {
    for (const [name, entry] of namesIn(directory, namings(directory))) {
      if (isDirectory(entry)) visit(entry, `${prefix}${name}/`);
      else tree.set(prefix + name, patched(entry.base, patches(entry)));
    }
  };
  visit(root, "");
  return tree;
}
