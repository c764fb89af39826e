/** A home set aside and put back: every case of a trial begins with the same files. */
import { lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** A directory whose files need not reach a disk, where there is one: what is lost there is decided by the test. */
export function fastDirectory(): string {
  try {
    return Deno.makeTempDirSync({ dir: "/dev/shm", prefix: "tacit-trial-" });
  } catch {
    return Deno.makeTempDirSync({ prefix: "tacit-trial-" });
  }
}

/** Paths of all files below `directory`, directories excluded. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Contents of all files below `directory`, by path relative to it. */
export function treeBelow(directory: string): Map<string, Uint8Array> {
  return new Map(filesBelow(directory).map((path) => [relative(directory, path), Deno.readFileSync(path)]));
}

/** Makes `directory` hold exactly these files, each for its owner alone. */
export function plantTree(directory: string, tree: ReadonlyMap<string, Uint8Array>): void {
  for (const entry of readdirSync(directory)) Deno.removeSync(join(directory, entry), { recursive: true });
  for (const [name, contents] of tree) {
    const path = join(directory, name);
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    Deno.writeFileSync(path, contents, { mode: 0o600 });
  }
}

/**
 * A breach for each temporary file below `directory`. A crash leaves one, and so does a removal that itself is what
 * was made to fail; `excuse` as `Trial.finish` has it.
 */
export function leftBehind(directory: string, excuse: string): string[] {
  // One operation is named with its path.
  if (excuse !== "" && !excuse.includes("/")) return [];
  const left = filesBelow(directory).filter((path) => path.includes(".tmp."));
  return left.filter((path) => !excuse.endsWith(` ${path}`)).map((path) => `left behind: ${path}`);
}

/** Makes `to` a copy of `from`: contents, modes, and which names are links to one file. */
export function copyHome(from: string, to: string): void {
  for (const entry of readdirSync(to)) Deno.removeSync(join(to, entry), { recursive: true });
  const copies = new Map<number, string>();
  for (const name of readdirSync(from, { recursive: true }).map(String).sort()) {
    const [source, target] = [join(from, name), join(to, name)];
    const info = lstatSync(source);
    const known = copies.get(info.ino);
    if (info.isDirectory()) Deno.mkdirSync(target, { mode: 0o700 });
    else if (known !== undefined) Deno.linkSync(known, target);
    else {
      Deno.copyFileSync(source, target);
      Deno.utimeSync(target, statSync(source).atime, statSync(source).mtime);
      copies.set(info.ino, target);
    }
  }
}
