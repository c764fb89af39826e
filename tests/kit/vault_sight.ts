/** What really stands in a vault of a trial and in its backups, read without changing or healing anything. */
import { lstatSync } from "node:fs";
import { toHex } from "../../lib/bytes.ts";
import { sha256 } from "../../lib/crypto/hash.ts";
import type { Homes } from "../../lib/paths.ts";
import { listBackups } from "../../lib/vault/backups.ts";
import { readGuarded } from "../../lib/vault/guarded_file.ts";
import { MAX_FILE_LENGTH } from "../../lib/vault/layout.ts";
import { recoveryCodeOf } from "../../lib/vault/recovery_code.ts";
import { describeSlots, type OpenedSlot, openWithRecovery } from "../../lib/vault/slots.ts";
import { readState } from "../../lib/vault/state.ts";
import { openValue } from "../../lib/vault/value.ts";
import { VaultError } from "../../lib/vault/vault.ts";
import { TEST_ONLY_CHEAP_KDF } from "./open_vault.ts";
import type { Contents, Sight } from "./trial.ts";

/** Made up. The passphrases differ in the cost of their slots, so that one can be told from the other for nothing. */
export const PASSPHRASES = [1, 2].map((passes) => ({
  text: `made-up passphrase ${passes}`,
  kdf: { ...TEST_ONLY_CHEAP_KDF, passes },
}));
/** Recovery codes, as bytes. */
export const CODES = [1, 2].map((n) => new Uint8Array(20).fill(n));

/** The vault's keys, by whichever code opens it. */
export async function openAny(homes: Homes): Promise<OpenedSlot & { code: number }> {
  for (const [i, bits] of CODES.entries()) {
    try {
      return { ...await openWithRecovery(homes.vault, recoveryCodeOf(bits)), code: i + 1 };
    } catch (error) {
      if (!(error instanceof VaultError) || error.fault !== "WRONG_SECRET") throw error;
    }
  }
  throw new Error("Cannot open the vault of this trial: neither code fits");
}

/** By the hash of the file: most looks find what the one before found, and proving a file costs more than an edit. */
const seen = new Map<string, Sight>();

/** What the vault file holds; reads nothing else and heals nothing. */
export async function lookAtVault(homes: Homes): Promise<Sight | null> {
  if (lstatSync(homes.vault, { throwIfNoEntry: false }) === undefined) return null;
  const bytes = readGuarded(homes.vault, MAX_FILE_LENGTH);
  const hash = toHex(sha256(bytes));
  const sight = seen.get(hash) ?? await readSight(homes, bytes);
  seen.set(hash, sight);
  return sight;
}

async function readSight(homes: Homes, bytes: Uint8Array): Promise<Sight> {
  const { keys, code } = await openAny(homes);
  const state = readState(bytes, keys);
  const passes = describeSlots(homes.vault).find((slot) => slot.kdf !== null)?.kdf?.passes;
  const contents: Record<string, string> = { "(code)": String(code), "(passphrase)": String(passes) };
  for (const [name, { id, meta, blob }] of state.entries) {
    // A record of tacit's own.
    if (name.startsWith(".")) continue;
    const value = new TextDecoder().decode(openValue(keys, state.header, { id, rev: meta.rev }, blob));
    contents[name] = `${value} ${meta.description}`.trim();
  }
  return { contents, rank: state.generation };
}

/** Backups that a code or passphrase still opens which by all accounts was replaced: whoever replaced it was told so. */
export async function retiredWaysIn(homes: Homes, possible: Contents[]): Promise<string[]> {
  const found: string[] = [];
  for (const { path } of listBackups(homes)) {
    const there = (await lookAtVault({ ...homes, vault: path }))?.contents;
    for (const way of ["(code)", "(passphrase)"]) {
      if (possible.every((contents) => contents[way] !== there?.[way])) found.push(`a retired ${way} opens ${path}`);
    }
  }
  return found;
}

/** Backups that do not open as a whole with one of the codes. */
export async function badBackups(homes: Homes): Promise<string[]> {
  const bad: string[] = [];
  for (const { path, generation } of listBackups(homes)) {
    try {
      const sight = await lookAtVault({ ...homes, vault: path });
      if (sight?.rank !== generation) bad.push(`backup ${path} holds generation ${sight?.rank}`);
    } catch (error) {
      bad.push(`backup ${path}: ${error}`);
    }
  }
  return bad;
}
