/**
 * The one door for inbound values: hidden prompt, pipe, or `.env` file, never argv. What comes in is held as bytes
 * behind a private field and leaves only as the attachment of a sealed request; nothing here prints or returns one.
 * docs/architecture.md, "Value intake".
 */
import { concat } from "../bytes.ts";
import { isName } from "../names.ts";
import { readHidden } from "../tty.ts";
import { type EnvEntry, EnvFileError, parseEnvFile, rewriteEnvFile } from "./env_file.ts";

/** Bytes of one value; docs/format.md, "Limits". */
export const MAX_VALUE_BYTES = 1024 * 1024;
/** Bytes of a `.env` file: the attachment of one request holds all of its values. */
const MAX_ENV_FILE_BYTES = 8 * 1024 * 1024;
const REFERENCE = "tacit://";

/** Input that cannot be a value. The message names the subject, never its content. */
export class IntakeError extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = "IntakeError";
    this.hint = hint;
  }
}

/** Values on their way to the daemon, by name. */
export class InboundValues {
  readonly #values = new Map<string, Uint8Array>();

  /** Names in the order in which they came. */
  get names(): string[] {
    return [...this.#values.keys()];
  }

  /** Takes ownership of `bytes`. */
  put(name: string, bytes: Uint8Array): void {
    if (bytes.length === 0) {
      throw new IntakeError(`Cannot store "${name}": the value is empty`, `tacit add ${name} < file`);
    }
    if (bytes.length > MAX_VALUE_BYTES) {
      bytes.fill(0);
      throw new IntakeError(
        `Cannot store "${name}": the value is larger than 1 MiB`,
        "store a key to it, not the data",
      );
    }
    this.#values.set(name, bytes);
  }

  /** Forgets one value. */
  drop(name: string): void {
    this.#values.get(name)?.fill(0);
    this.#values.delete(name);
  }

  /** Byte lengths for the request, in the order of `names`. */
  lengths(): number[] {
    return [...this.#values.values()].map((value) => value.length);
  }

  /** All values, one after the other; the caller wipes it. */
  attachment(): Uint8Array {
    return concat(...this.#values.values());
  }

  wipe(): void {
    for (const value of this.#values.values()) value.fill(0);
    this.#values.clear();
  }
}

/** True if stdin is a pipe, a file or a socket that may hold a value. */
export function stdinIsPiped(): boolean {
  if (Deno.stdin.isTerminal()) return false;
  if (Deno.build.os === "windows") return true;
  try {
    const info = Deno.statSync("/dev/stdin");
    return info.isFile || info.isFifo === true || info.isSocket === true;
  } catch {
    return false;
  }
}

/**
 * Asks for the value of `name` on the terminal, not echoed. A paste may have several lines.
 * @throws {IntakeError} on an empty or oversized value; errors of lib/tty.ts.
 */
export async function valueFromPrompt(values: InboundValues, name: string, prompt: string): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await readHidden(prompt, { multiline: true, limit: MAX_VALUE_BYTES });
  } catch (error) {
    if (error instanceof RangeError) bytes = new Uint8Array(MAX_VALUE_BYTES + 1);
    else throw error;
  }
  values.put(name, bytes);
}

/**
 * Reads the value of `name` from stdin to its end. One line break at the end is dropped unless `keepNewline`.
 * @throws {IntakeError} on an empty or oversized value.
 */
export async function valueFromPipe(values: InboundValues, name: string, keepNewline: boolean): Promise<void> {
  let buffer = new Uint8Array(4096);
  let length = 0;
  for (;;) {
    if (length === buffer.length) {
      // One byte above the limit (and a line break) is enough to know.
      if (length > MAX_VALUE_BYTES + 2) break;
      const larger = new Uint8Array(Math.min(4 * length, MAX_VALUE_BYTES + 3));
      larger.set(buffer);
      buffer.fill(0);
      buffer = larger;
    }
    const n = await Deno.stdin.read(buffer.subarray(length));
    if (n === null) break;
    length += n;
  }
  const cut = keepNewline ? 0 : lineBreakAtEnd(buffer, length);
  const value = buffer.slice(0, length - cut);
  buffer.fill(0);
  values.put(name, value);
}

/** What a `.env` file holds, names only; the values are in `values`. */
export interface EnvFileIntake {
  readonly values: InboundValues;
  /** Stored name → key as written in the file. */
  readonly keys: ReadonlyMap<string, string>;
  /** Keys left alone: empty, or a reference already. */
  readonly skipped: readonly string[];
  /** Names whose value has a `$` that is taken literally. */
  readonly literalDollar: readonly string[];
  /** The file with the values of `names` replaced by references. Holds the values that were not replaced. */
  rewritten(names: readonly string[]): Uint8Array;
  /** True if `path` still holds the bytes that were read. */
  unchanged(path: string): boolean;
  wipe(): void;
}

/**
 * Reads a `.env` file.
 * @throws {IntakeError} if it cannot be read, understood, or turned into distinct secret names.
 */
export function valuesFromEnvFile(path: string): EnvFileIntake {
  const file = readWhole(path);
  const entries = understand(file, path);
  const values = new InboundValues();
  const byName = new Map<string, EnvEntry>();
  const skipped: string[] = [];
  for (const entry of entries) {
    if (entry.value.length === 0 || isReference(entry.value)) {
      skipped.push(entry.key);
      continue;
    }
    const name = nameOfKey(entry.key);
    if (!isName(name)) {
      throw new IntakeError(
        `Cannot import line ${entry.line} of "${path}": its name cannot become a secret's name`,
        "names begin with a letter and have letters, digits and _, at most 64",
      );
    }
    const other = byName.get(name);
    if (other !== undefined) {
      throw new IntakeError(
        `Cannot import "${path}": lines ${other.line} and ${entry.line} both set ${name}`,
        "remove one of them",
      );
    }
    byName.set(name, entry);
    values.put(name, entry.value.slice());
  }
  return {
    values,
    keys: new Map([...byName].map(([name, entry]) => [name, entry.key])),
    skipped,
    literalDollar: [...byName].filter(([, entry]) => entry.hasDollar).map(([name]) => name),
    rewritten: (names) =>
      rewriteEnvFile(file, new Map([...byName].filter(([n]) => names.includes(n)).map(([n, e]) => [e, REFERENCE + n]))),
    unchanged: (where) => {
      const now = readWhole(where);
      const same = now.length === file.length && now.every((byte, i) => byte === file[i]);
      now.fill(0);
      return same;
    },
    wipe: () => {
      file.fill(0);
      entries.forEach((entry) => entry.value.fill(0));
      values.wipe();
    },
  };
}

function understand(file: Uint8Array, path: string): EnvEntry[] {
  try {
    return parseEnvFile(file);
  } catch (error) {
    if (!(error instanceof EnvFileError)) throw error;
    throw new IntakeError(
      `${error.message.replace("line", `"${path}", line`)}`,
      "nothing was imported; mend that line",
    );
  }
}

function readWhole(path: string): Uint8Array {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch {
    throw new IntakeError(`Cannot read "${path}": there is no such file, or it is not readable`, "tacit import .env");
  }
  if (!info.isFile) throw new IntakeError(`Cannot read "${path}": it is not a regular file`, "tacit import .env");
  if (info.size > MAX_ENV_FILE_BYTES) {
    throw new IntakeError(`Cannot read "${path}": it is larger than 8 MiB`, "tacit add NAME < file");
  }
  try {
    return Deno.readFileSync(path);
  } catch {
    throw new IntakeError(`Cannot read "${path}": it is not readable`, "");
  }
}

function nameOfKey(key: string): string {
  return key.toUpperCase().replace(/[.-]/g, "_");
}

function isReference(value: Uint8Array): boolean {
  return value.length < 80 && new TextDecoder().decode(value).startsWith(REFERENCE);
}

function lineBreakAtEnd(bytes: Uint8Array, length: number): number {
  if (length === 0 || bytes[length - 1] !== 0x0a) return 0;
  return length > 1 && bytes[length - 2] === 0x0d ? 2 : 1;
}
