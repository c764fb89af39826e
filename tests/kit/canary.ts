/**
 * Canaries: random values that a test plants, and the search for them afterwards, in every form that programs on the
 * way to a disk or a model give to text. The search owes nothing to the scrubber's own list of encodings, so that a
 * form forgotten there is not forgotten here too. It cannot see compressed or encrypted copies.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

/** One spelling of a value, as the bytes to look for. */
export interface Form {
  name: string;
  bytes: Buffer;
  /** Also looked for in the text without its white space: forms that tools wrap into lines or groups. */
  wraps: boolean;
}

export interface Hit {
  /** Path from the searched directory. */
  file: string;
  canary: string;
  form: string;
}

/** Files above this size are searched in overlapping windows of it. */
const WINDOW = 64 * 1024 * 1024;

/**
 * A value of about 45 characters that no other run has, with characters in it that shells, JSON, URLs and base64
 * alphabets each treat in their own way.
 */
export function newCanary(): string {
  const word = (length: number) => randomBytes(32).toString("base64").replace(/[^A-Za-z0-9]/g, "").slice(0, length);
  return `tct_${word(12)}/${word(5)}"${word(5)}+${word(5)}&${word(5)}=${word(5)}`;
}

/** Every spelling of `value` worth looking for; spellings that coincide are listed once. */
export function formsOf(value: string): Form[] {
  const bytes = Buffer.from(value, "utf8");
  const forms: [string, string | Buffer, boolean?][] = [
    ["raw", bytes],
    // A half that gets through is a leak too, though no promise is made for smaller pieces.
    ["first half", bytes.subarray(0, bytes.length >> 1)],
    ["second half", bytes.subarray(bytes.length >> 1)],
    ["reversed", [...value].reverse().join("")],
    ["lower case", value.toLowerCase()],
    ["upper case", value.toUpperCase()],
    ["json", json(value)],
    ["json twice", json(json(value))],
    ["json three times", json(json(json(value)))],
    ["json for html", json(value).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)],
    ["json, slashes escaped", json(value).replaceAll("/", "\\/")],
    ["unicode escapes", [...bytes].map((b) => `\\u00${hex(b)}`).join("")],
    ["hex escapes", [...bytes].map((b) => `\\x${hex(b)}`).join("")],
    ["octal escapes", [...bytes].map((b) => `\\${b.toString(8).padStart(3, "0")}`).join("")],
    ["percent", encodeURIComponent(value)],
    ["percent, strict", strictPercent(value)],
    ["percent, lower case", strictPercent(value).replace(/%../g, (m) => m.toLowerCase())],
    ["percent, every byte", [...bytes].map((b) => `%${hex(b).toUpperCase()}`).join("")],
    ["percent twice", encodeURIComponent(encodeURIComponent(value))],
    ["html", value.replace(/[&<>"']/g, (c) => HTML[c] ?? c)],
    ["html, decimal", [...value].map((c) => `&#${c.charCodeAt(0)};`).join("")],
    ["shell, single quotes", value.replaceAll("'", "'\\''")],
    ["shell, backslashes", value.replace(/[^A-Za-z0-9_.,:=@%/+-]/g, (c) => `\\${c}`)],
    ["hex", bytes.toString("hex"), true],
    ["HEX", bytes.toString("hex").toUpperCase(), true],
    ["hex, colons", [...bytes].map(hex).join(":")],
    ["utf-16le", Buffer.from(value, "utf16le")],
    ["utf-16be", Buffer.from(value, "utf16le").swap16()],
    ["spaced", [...value].join(" ")],
  ];
  for (const shift of [0, 1, 2]) {
    const text = inner(bytes, shift, 6, (b) => b.toString("base64"));
    forms.push([`base64+${shift}`, text, true]);
    forms.push([`base64url+${shift}`, text.replaceAll("+", "-").replaceAll("/", "_"), true]);
    forms.push([`base64+${shift} in a url`, encodeURIComponent(text)]);
    forms.push([`base64+${shift}, slashes escaped`, text.replaceAll("/", "\\/")]);
    forms.push([`base64 twice+${shift}`, inner(Buffer.from(bytes.toString("base64")), shift, 6, base64), true]);
  }
  for (const shift of [0, 1, 2, 3, 4]) forms.push([`base32+${shift}`, inner(bytes, shift, 5, base32), true]);

  const seen = new Set<string>();
  return forms.map(([name, form, wraps]) => ({ name, bytes: Buffer.from(form as string), wraps: wraps === true }))
    .filter((form) => !seen.has(form.bytes.toString("latin1")) && seen.add(form.bytes.toString("latin1")));
}

/** The names of the forms that occur in `haystack`. */
export function searchBytes(haystack: Uint8Array, forms: Form[]): string[] {
  const buffer = Buffer.from(haystack.buffer, haystack.byteOffset, haystack.byteLength);
  const found = forms.filter((form) => buffer.includes(form.bytes)).map((form) => form.name);
  const wrapped = forms.filter((form) => form.wraps && !found.includes(form.name));
  // Line breaks occur raw and, inside JSON strings, as backslash-n.
  const joined = Buffer.from(buffer.toString("latin1").replace(/\s+|\\[nrt]/g, ""), "latin1");
  return [...found, ...wrapped.filter((form) => joined.includes(form.bytes)).map((form) => `${form.name}, wrapped`)];
}

/**
 * Every hit of every canary in every regular file under `directory`, and in file names and link targets.
 * `skip` names files, by path from `directory`, that are not read. Files that vanish meanwhile are passed over.
 */
export async function searchTree(
  directory: string,
  canaries: Record<string, string>,
  skip: (file: string) => boolean = () => false,
): Promise<Hit[]> {
  const forms = Object.entries(canaries).map(([name, value]) => ({ name, forms: formsOf(value) }));
  const hits: Hit[] = [];
  for await (const file of walk(directory, "")) {
    const named = Buffer.from(file.path + (file.target ?? ""));
    for (const { name, forms: all } of forms) {
      hits.push(...searchBytes(named, all).map((form) => ({ file: file.path, canary: name, form: `${form} (name)` })));
    }
    if (file.target !== null || skip(file.path)) continue;
    const found = new Map(forms.map(({ name }) => [name, new Set<string>()]));
    for await (const window of windows(join(directory, file.path))) {
      for (const { name, forms: all } of forms) for (const form of searchBytes(window, all)) found.get(name)?.add(form);
    }
    for (const [canary, names] of found) hits.push(...[...names].map((form) => ({ file: file.path, canary, form })));
  }
  return hits.sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : 0);
}

async function* walk(root: string, below: string): AsyncGenerator<{ path: string; target: string | null }> {
  let entries: Deno.DirEntry[] = [];
  try {
    entries = await Array.fromAsync(Deno.readDir(join(root, below)));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const entry of entries) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) yield* walk(root, path);
    else if (entry.isSymlink) yield { path, target: await Deno.readLink(join(root, path)).catch(() => "") };
    else if (entry.isFile) yield { path, target: null };
  }
}

/** The file's bytes, whole or in windows that overlap by more than any form is long. */
async function* windows(path: string): AsyncGenerator<Uint8Array> {
  const overlap = 4096;
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  try {
    const { size } = await file.stat();
    for (let start = 0; start === 0 || start < size; start += WINDOW - overlap) {
      await file.seek(start, Deno.SeekMode.Start);
      const bytes = new Uint8Array(Math.min(WINDOW, Math.max(0, size - start)));
      let length = 0;
      while (length < bytes.length) {
        const read = await file.read(bytes.subarray(length));
        if (read === null) break;
        length += read;
      }
      yield bytes.subarray(0, length);
      if (start + WINDOW >= size) return;
    }
  } finally {
    file.close();
  }
}

const HTML: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function json(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function strictPercent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*~]/g, (c) => `%${hex(c.charCodeAt(0)).toUpperCase()}`);
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64");
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((b) => b.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? []).map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(five, 2)]).join("");
}

/**
 * The characters of an encoding of `bits` bits each that depend on `bytes` alone, if `shift` bytes of something else
 * stand before them.
 */
function inner(bytes: Buffer, shift: number, bits: number, encode: (bytes: Buffer) => string): string {
  const all = encode(Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(8)]));
  return all.slice(Math.ceil(shift * 8 / bits), Math.floor((shift + bytes.length) * 8 / bits));
}
