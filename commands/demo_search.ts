/**
 * Counts a canary in a directory tree, in the encodings that tools print. Independent of the scrubber on purpose: the
 * demo's count must not share a fault with what it counts.
 */
import { join } from "node:path";

/** What a search saw. */
export interface LeakCount {
  hits: { file: string; encoding: string }[];
  files: number;
  bytes: number;
  encodings: number;
}

/** Every form of `value` that is searched for, by name. */
export function formsOf(value: string): Map<string, string> {
  const bytes = new TextEncoder().encode(value);
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0"));
  const forms = new Map<string, string>([
    ["raw", value],
    ["reversed", [...value].reverse().join("")],
    ["hex", hex.join("")],
    ["hex, upper case", hex.join("").toUpperCase()],
    ["hex, spaced", hex.join(" ")],
    ["percent", encodeURIComponent(value)],
    ["percent, all", hex.map((h) => `%${h}`).join("")],
    ["JSON", JSON.stringify(value).slice(1, -1)],
    ["UTF-16", [...value].join("\0")],
  ]);
  for (const offset of [0, 1, 2]) {
    const text = btoa("x".repeat(offset) + String.fromCharCode(...bytes));
    // Only the characters that the value alone decides, so that any neighbour is matched.
    const core = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    forms.set(`base64, alignment ${offset}`, core);
    forms.set(`base64url, alignment ${offset}`, core.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return forms;
}

/** Searches every regular file below `directory`. */
export function countLeaks(directory: string, value: string): LeakCount {
  const forms = formsOf(value);
  const count: LeakCount = { hits: [], files: 0, bytes: 0, encodings: forms.size };
  for (const file of filesBelow(directory)) {
    const text = latin1(Deno.readFileSync(file));
    count.files++;
    count.bytes += text.length;
    const seen = new Set<string>();
    for (const [encoding, form] of forms) {
      if (seen.has(form) || !text.includes(form)) continue;
      seen.add(form);
      count.hits.push({ file: file.slice(directory.length + 1), encoding });
    }
  }
  return count;
}

function* filesBelow(directory: string): Generator<string> {
  for (const entry of Deno.readDirSync(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}

/** One character per byte, so that binary files are searched like any other. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
