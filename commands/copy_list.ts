/** The vault's copies as a person sees and names them. docs/cli.md, "backup". */
import { resolve } from "node:path";
import { showDuration } from "../lib/duration.ts";
import type { Copy, ProvenCopy } from "../lib/presence/copies.ts";
import { shellQuote } from "../lib/shell/quote.ts";
import { CommandError } from "./exit_codes.ts";
import { count, showTime, table } from "./terminal.ts";

/** The word for the newest copy that is whole. */
export const LATEST = "latest";

/** What a person types to mean `copy`: its generation, or more where several have the same. */
export function labelOf(copy: Copy, all: readonly Copy[]): string {
  if (copy.id === null) return copy.path;
  const ids = all.filter(({ generation, id }) => generation === copy.generation && id !== null).map(({ id }) => id);
  return new Set(ids).size === 1 ? String(copy.generation) : copy.id;
}

/**
 * Paths that `which` means, in the order in which they are to be tried; two copies of one state are as good as one.
 * @throws {CommandError} (exit "name") if there is no such copy or file, (exit "usage") if several states are meant.
 */
export function pathsOf(which: string, copies: readonly Copy[]): string[] {
  if (which === LATEST) return copies.map(({ path }) => path);
  const byNumber = /^\d+$/.test(which);
  if (!byNumber && !/^\d+-[0-9a-f]{8}$/.test(which)) return [fileAt(which)];
  const found = copies.filter(({ generation, id }) => byNumber ? generation === Number(which) : id === which);
  if (found.length === 0) {
    throw new CommandError("name", `Cannot restore ${which}: there is no such backup`, "tacit backup");
  }
  const labels = [...new Set(found.map((copy) => labelOf(copy, copies)))];
  if (labels.length === 1) return found.map(({ path }) => path);
  throw new CommandError(
    "usage",
    `Cannot restore ${which}: there are several of that generation`,
    labels.map((label) => `tacit restore ${label}`).join(", or "),
  );
}

/** The table of copies; with the numbers of secrets, once they were proven. */
export function copyTable(copies: readonly (Copy | ProvenCopy)[], now = Date.now()): string[] {
  const proven = copies.some((copy) => "secrets" in copy);
  return table(
    ["GENERATION", "WRITTEN", "SIZE", ...(proven ? ["SECRETS"] : []), "NOTE"],
    copies.map((copy) => [
      copy.id === null ? "-" : labelOf(copy, copies),
      `${showTime(copy.written)} (${showAge(copy.written, now)})`,
      showSize(copy.size),
      ...(proven ? ["secrets" in copy && copy.secrets !== null ? String(copy.secrets) : "-"] : []),
      remarksOn(copy),
    ]),
  );
}

/** A copy in JSON. */
export function copyDocument(copy: Copy | ProvenCopy): Record<string, unknown> {
  const { path, id, generation, written, size, replaced, fault, opensToday } = copy;
  return {
    id,
    generation,
    written: Math.round(written),
    size,
    path,
    replaced,
    fault,
    opens_today: opensToday,
    ...("secrets" in copy && { secrets: copy.secrets }),
  };
}

/** How long ago something was, in words; a file from the future is said to be one. */
export function showAge(time: number, now = Date.now()): string {
  if (time > now + 60_000) return "in the future";
  return now - time < 60_000 ? "just now" : `${showDuration(now - time).split(" ")[0]} ago`;
}

/** `word` as it is typed in a shell. */
export function typed(word: string): string {
  return /^[A-Za-z0-9/._-]+$/.test(word) ? word : shellQuote(word);
}

/** Bytes as people read them. */
export function showSize(bytes: number): string {
  if (bytes < 1024) return count(bytes, "byte");
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib < 10 ? kib.toFixed(1) : Math.round(kib)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}

function remarksOn({ replaced, fault, opensToday }: Copy): string {
  return [
    ...(fault === null ? [] : [fault]),
    ...(opensToday === false ? ["opens with an earlier passphrase or code"] : []),
    ...(replaced === null ? [] : [`replaced by a restore ${showTime(replaced)}`]),
  ].join("; ");
}

function fileAt(path: string): string {
  const whole = resolve(path);
  try {
    Deno.lstatSync(whole);
    return whole;
  } catch {
    throw new CommandError(
      "name",
      `Cannot restore "${path}": there is no such backup and no such file`,
      "tacit backup",
    );
  }
}
