/** Whether git has a file, so that a person can be told that its history does. */
import { dirname, join, relative } from "node:path";

/**
 * True if git's index around `path` (a real path) names it. Reads the index instead of running git, which would run
 * what the repository configures. An index with compressed paths (version 4) may hide it: then false.
 */
export function isTracked(path: string): boolean {
  for (let dir = dirname(path);; dir = dirname(dir)) {
    const index = readIndex(join(dir, ".git"));
    if (index !== null) return includes(index, new TextEncoder().encode(`${relative(dir, path)}\0`));
    if (dirname(dir) === dir) return false;
  }
}

function readIndex(git: string): Uint8Array | null {
  try {
    if (Deno.statSync(git).isDirectory) return Deno.readFileSync(join(git, "index"));
    // A worktree's `.git` is a file that names its directory.
    const [, place] = /^gitdir: (.+)$/m.exec(Deno.readTextFileSync(git)) ?? [];
    return place === undefined ? null : Deno.readFileSync(join(place, "index"));
  } catch {
    return null;
  }
}

function includes(haystack: Uint8Array, needle: Uint8Array): boolean {
  const [first] = needle;
  for (let at = haystack.indexOf(first ?? 0); at !== -1; at = haystack.indexOf(first ?? 0, at + 1)) {
    if (needle.every((byte, i) => haystack[at + i] === byte)) return true;
  }
  return false;
}
