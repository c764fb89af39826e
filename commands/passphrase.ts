/**
 * Where passphrases and recovery codes come from: a hidden prompt that names a chosen home, an inherited descriptor,
 * or a file. Never argv, never an environment variable. The process is hardened before the first byte is read.
 * docs/cli.md, "Passphrases".
 */
import { escapeForDisplay } from "../lib/display.ts";
import { foreignCode, harden } from "../lib/harden.ts";
import {
  closeSlot,
  largeMemoryMib,
  openSlot,
  type Proof,
  type ProofSource,
  type ProvenSlot,
} from "../lib/presence/open_slot.ts";
import { PresenceError } from "../lib/presence/presence_error.ts";
import { checkRecoveryForm } from "../lib/presence/slot_changes.ts";
import { requireHeader } from "../lib/presence/vault_file.ts";
import { hasTerminal, readHidden } from "../lib/tty.ts";
import { CommandError } from "./exit_codes.ts";
import { nameHome } from "./homes.ts";
import type { Invocation } from "./invocation.ts";
import { MIN_CHARACTERS, passphraseFault, passphraseStrength } from "./passphrase_strength.ts";
import { confirm, note, withProgress } from "./terminal.ts";

// docs/format.md, "Slots": the derivation takes 1…1,024 bytes.
const MAX_PASSPHRASE_BYTES = 1024;
// A line of a descriptor or file; recovery codes are shorter.
const MAX_LINE_BYTES = 4096;

// How often a person may type it before the verb ends.
const TRIES = 3;

/** A passphrase and how it came in. The reader's caller wipes the bytes. */
export interface Passphrase {
  readonly bytes: Uint8Array;
  readonly source: ProofSource;
}

/** True if a person will be asked, so that further questions are fine. */
export function asksOnTerminal(invocation: Invocation): boolean {
  return invocation.passphraseFd === undefined && invocation.passphraseFile === undefined;
}

/**
 * Hardens this process; to be called before anything secret is read.
 * @throws {CommandError} (exit "presence") if foreign code was loaded into it.
 */
export function hardenForSecrets(): void {
  harden();
  const foreign = foreignCode();
  if (foreign.length === 0) return;
  const [first] = foreign;
  throw new CommandError(
    "presence",
    `Cannot ask for a passphrase or value: foreign code is loaded into this process ("${
      escapeForDisplay(first ?? "")
    }")`,
    /^[A-Z_]+$/.test(first ?? "") ? `env -u ${first} tacit …` : "tacit doctor",
  );
}

/**
 * Reads the current passphrase.
 * @throws {CommandError} if it is empty or cannot be read; {NoTerminalError}, {InterruptedError} from the prompt.
 */
export async function readPassphrase(invocation: Invocation, label = "Passphrase"): Promise<Passphrase> {
  const passphrase = await readOne(invocation, `${label}${nameHome(invocation.homes)}: `);
  if (passphrase.bytes.length === 0) {
    throw new CommandError("presence", "Cannot use the passphrase: it is empty", "try again");
  }
  return passphrase;
}

/**
 * Reads a new passphrase: twice at a prompt, once from a descriptor or file, and says how strong it looks.
 * @throws {CommandError} if the two differ or it is too weak to protect a file.
 */
export async function readNewPassphrase(invocation: Invocation): Promise<Passphrase> {
  const asks = asksOnTerminal(invocation);
  if (asks && hasTerminal()) {
    note(
      `Choose a passphrase: ${MIN_CHARACTERS} characters or more; a few random words are easy to type and hard to guess.`,
    );
  }
  const first = await readOne(invocation, `New passphrase${nameHome(invocation.homes)}: `);
  const fault = passphraseFault(first.bytes);
  if (fault !== null) {
    first.bytes.fill(0);
    throw new CommandError(
      "usage",
      `Cannot use the passphrase: ${fault}`,
      "choose a longer one, such as four random words",
    );
  }
  if (!asks) return first;
  note(`Strength: ${passphraseStrength(first.bytes)}`);
  const second = await readOne(invocation, "The same again: ");
  const same = first.bytes.length === second.bytes.length && first.bytes.every((byte, i) => byte === second.bytes[i]);
  second.bytes.fill(0);
  if (same) return first;
  first.bytes.fill(0);
  throw new CommandError("usage", "Cannot use the passphrase: the two entries differ", "run the command again");
}

/** Reads a recovery code as text: it is short, random, and its groups must be judged one by one. */
export async function readRecoveryCode(
  invocation: Invocation,
  label = "Recovery code",
): Promise<Passphrase & { code: string }> {
  const line = await readOne(invocation, `${label}${nameHome(invocation.homes)}: `);
  return { ...line, code: new TextDecoder().decode(line.bytes) };
}

/**
 * Proves presence by opening a slot, runs `work` with it, and forgets its keys. At a prompt a mistyped passphrase may be
 * typed again; each try costs the whole derivation.
 * @throws {PresenceError} `presence_failed` on a wrong passphrase; errors of `readPassphrase` and `work`.
 */
export async function withPresence<T>(
  invocation: Invocation,
  work: (slot: ProvenSlot, source: ProofSource) => Promise<T>,
): Promise<T> {
  await requireHeader(invocation.homes);
  const { opened, source } = await provePassphrase(invocation, (proof) => openProven(invocation, proof));
  return await withSlot(opened, source, work);
}

/**
 * Reads the current passphrase and hands it to `open`, at a prompt up to three times.
 * @throws {PresenceError} `presence_failed` on a wrong passphrase; errors of `readPassphrase` and `open`.
 */
export async function provePassphrase<T>(
  invocation: Invocation,
  open: (proof: Proof) => Promise<T>,
): Promise<{ opened: T; source: ProofSource }> {
  for (let tries = TRIES;; tries--) {
    const { bytes, source } = await readPassphrase(invocation);
    try {
      return { opened: await open({ kind: "passphrase", passphrase: bytes, source }), source };
    } catch (error) {
      const wrong = error instanceof PresenceError && error.code === "presence_failed";
      if (!wrong || source !== "prompt" || tries <= 1) throw error;
      note("That is not the passphrase; try again.");
    }
  }
}

/**
 * Reads a recovery code and checks its form before anything slow is done with it.
 * @throws {PresenceError} `presence_failed`, naming the mistyped group where that can be told.
 */
export async function readRecoveryProof(invocation: Invocation): Promise<Proof> {
  const { code, bytes, source } = await readRecoveryCode(invocation);
  bytes.fill(0);
  await checkRecoveryForm(code);
  return { kind: "recovery", code, source };
}

/** As `withPresence`, with a proof that was already read. */
export async function withProof<T>(
  invocation: Invocation,
  proof: Proof,
  work: (slot: ProvenSlot, source: ProofSource) => Promise<T>,
): Promise<T> {
  return await withSlot(await openProven(invocation, proof), proof.source, work);
}

async function openProven(invocation: Invocation, proof: Proof): Promise<ProvenSlot> {
  const { homes } = invocation;
  const options = { allowLargeMemory: proof.kind === "passphrase" && await agreeToMemory(invocation, homes.vault) };
  return await withProgress("Deriving the key…", () => openSlot(homes, proof, options));
}

async function withSlot<T>(
  slot: ProvenSlot,
  source: ProofSource,
  work: (slot: ProvenSlot, source: ProofSource) => Promise<T>,
): Promise<T> {
  try {
    return await work(slot, source);
  } finally {
    closeSlot(slot);
  }
}

/** A vault from elsewhere could ask for memory that this machine does not have. */
export async function agreeToMemory(invocation: Invocation, path: string): Promise<boolean> {
  const mib = await largeMemoryMib(path);
  if (mib === null) return false;
  const text = `Deriving this vault's key takes ${mib} MiB of memory`;
  if (asksOnTerminal(invocation)) return await confirm(`${text}. Go on?`);
  note(`${text}.`);
  return true;
}

async function readOne(invocation: Invocation, prompt: string): Promise<Passphrase> {
  hardenForSecrets();
  if (invocation.passphraseFd !== undefined) {
    return { bytes: await lineOf(descriptor(invocation.passphraseFd)), source: "pipe" };
  }
  if (invocation.passphraseFile !== undefined) {
    return { bytes: await lineOf(file(invocation.passphraseFile)), source: "file" };
  }
  try {
    return { bytes: await readHidden(prompt, { multiline: false, limit: MAX_PASSPHRASE_BYTES }), source: "prompt" };
  } catch (error) {
    if (error instanceof RangeError) throw tooLong();
    throw error;
  }
}

/** One source per process: passwd reads two lines of it. */
let open: { read(p: Uint8Array): Promise<number | null> } | null = null;

function descriptor(fd: number): { read(p: Uint8Array): Promise<number | null> } {
  if (open !== null) return open;
  if (fd === 0) return open = Deno.stdin;
  try {
    if (isInherited(fd)) return open = Deno.openSync(`/dev/fd/${fd}`);
  } catch { /* said below */ }
  throw new CommandError(
    "usage",
    `Cannot read the passphrase: descriptor ${fd} is not open`,
    `tacit … --passphrase-fd ${fd} ${fd}< file`,
  );
}

/** The runtime's own descriptors are marked to be closed at exec, so what came through an exec is not. */
function isInherited(fd: number): boolean {
  if (Deno.build.os !== "linux") return true;
  const flags = /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`))?.[1] ?? "2000000";
  return (parseInt(flags, 8) & 0o2000000) === 0;
}

function file(path: string): { read(p: Uint8Array): Promise<number | null> } {
  if (open !== null) return open;
  const refuse = (state: string, hint: string) =>
    new CommandError("usage", `Cannot read passphrase file "${escapeForDisplay(path)}": ${state}`, hint);
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch {
    throw refuse("there is no such file", "name an existing file");
  }
  if (!info.isFile) throw refuse("it is not a regular file", "name a regular file");
  if (Deno.build.os !== "windows" && (info.uid !== Deno.uid() || ((info.mode ?? 0) & 0o077) !== 0)) {
    throw refuse("others may read it, or it is not yours", `chmod 600 '${escapeForDisplay(path)}'`);
  }
  return open = Deno.openSync(path);
}

/** The next line, byte by byte, so that what follows it stays for the next reader. A line break at its end is dropped. */
async function lineOf(source: { read(p: Uint8Array): Promise<number | null> }): Promise<Uint8Array> {
  const line = new Uint8Array(MAX_LINE_BYTES);
  const byte = new Uint8Array(1);
  let length = 0;
  while (await source.read(byte) !== null && byte[0] !== 0x0a) {
    if (length === MAX_LINE_BYTES) throw tooLong();
    line[length++] = byte[0] ?? 0;
  }
  if (length > 0 && line[length - 1] === 0x0d) length--;
  const exact = line.slice(0, length);
  line.fill(0);
  byte.fill(0);
  if (exact.length > MAX_PASSPHRASE_BYTES) throw tooLong();
  return exact;
}

function tooLong(): CommandError {
  return new CommandError("usage", "Cannot use the passphrase: it is longer than 1,024 bytes", "choose a shorter one");
}

/**
 * As `withPresence`, for verbs that need the passphrase itself once more. `work` wipes it as soon as it has done with it;
 * afterwards it is wiped in any case.
 */
export async function withPassphrase<T>(
  invocation: Invocation,
  work: (slot: ProvenSlot, typed: Passphrase) => Promise<T>,
): Promise<T> {
  await requireHeader(invocation.homes);
  let bytes = new Uint8Array(0);
  try {
    const { opened, source } = await provePassphrase(invocation, (proof) => {
      bytes.fill(0);
      // Opening a slot wipes what it is given.
      if (proof.kind === "passphrase") bytes = proof.passphrase.slice();
      return openProven(invocation, proof);
    });
    return await withSlot(opened, source, (slot) => work(slot, { bytes, source }));
  } finally {
    bytes.fill(0);
  }
}
