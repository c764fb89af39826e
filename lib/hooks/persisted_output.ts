/**
 * Large output that Claude Code saved before the hook ran: the file is scrubbed where it lies. Only a plain file of
 * this user directly in the session's own `tool-results` directory is touched, and it is replaced as a whole.
 */
import { lstatSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { removeQuietly, temporaryName } from "../atomic_file.ts";
import type { AgentPlaces } from "./event.ts";
import type { ScrubFeed } from "../client/scrub_feed.ts";

const CHUNK_BYTES = 1024 * 1024;

/** True if `path` is a file of this session that may be rewritten. */
export function isOwnResult(path: string, places: AgentPlaces): boolean {
  if (places.transcript === null) return false;
  const expected = join(places.transcript.replace(/\.jsonl$/, ""), "tool-results");
  try {
    if (Deno.realPathSync(dirname(path)) !== Deno.realPathSync(expected)) return false;
    const info = lstatSync(join(expected, basename(path)));
    return info.isFile() && info.nlink === 1 && (Deno.uid() === null || info.uid === Deno.uid());
  } catch {
    return false;
  }
}

/**
 * Scrubs the file through `feed` and says whether it changed. A file that may not be touched, or a feed that ends
 * early, leaves everything as it was and answers false.
 */
export async function scrubPersisted(
  path: string,
  places: AgentPlaces,
  open: () => Promise<ScrubFeed>,
): Promise<boolean> {
  if (!isOwnResult(path, places)) return false;
  const temporary = temporaryName(path);
  try {
    const feed = await open();
    const changed = await copyScrubbed(path, temporary, feed);
    if (changed) renameSync(temporary, path);
    return changed;
  } catch {
    return false;
  } finally {
    removeQuietly(temporary);
  }
}

async function copyScrubbed(path: string, temporary: string, feed: ScrubFeed): Promise<boolean> {
  using input = Deno.openSync(path);
  const mode = (input.statSync().mode ?? 0o600) & 0o777;
  using output = Deno.openSync(temporary, { write: true, createNew: true, mode });
  using again = Deno.openSync(path);
  const buffer = new Uint8Array(CHUNK_BYTES);
  let changed = false;
  const write = (bytes: Uint8Array) => {
    changed ||= !sameNext(again, bytes);
    for (let at = 0; at < bytes.length;) at += output.writeSync(bytes.subarray(at));
  };
  try {
    for (let n = input.readSync(buffer); n !== null; n = input.readSync(buffer)) {
      write(await feed.feed(buffer.subarray(0, n)));
    }
    write(await feed.end());
  } finally {
    feed.close();
  }
  return changed;
}

/** True if `file` goes on with exactly `bytes`. */
function sameNext(file: Deno.FsFile, bytes: Uint8Array): boolean {
  const there = new Uint8Array(bytes.length);
  for (let at = 0; at < there.length;) {
    const n = file.readSync(there.subarray(at));
    if (n === null) return false;
    at += n;
  }
  return there.every((byte, i) => byte === bytes[i]);
}
