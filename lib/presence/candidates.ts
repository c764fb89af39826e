/**
 * Which of several copies can be used: files of this home's vault, and the first of them that is whole.
 * docs/format.md, "Restore".
 */
import { equalConstantTime } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { VaultError } from "../vault/fault.ts";
import { outlineAt } from "../vault/file_outline.ts";
import type { StoredHeader } from "../vault/header.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import { readProvable } from "../vault/restore.ts";
import type { VaultState } from "../vault/state.ts";
import { knownVaultId } from "./known_vault_id.ts";
import { PresenceError } from "./presence_error.ts";

/** A file that was passed over, and what is wrong with it. */
export interface SkippedFile {
  path: string;
  reason: string;
}

/** A file whose header is sound. */
export interface Source {
  path: string;
  header: StoredHeader;
  bytes: Uint8Array;
}

/** What of a file is proven. */
export interface Candidate {
  path: string;
  state: VaultState;
  complete: boolean;
}

/** Files with a sound header of this home's vault; one that was named by itself must be one. */
export function readSources(
  homes: Homes,
  paths: readonly string[],
  vault: StoredHeader | null,
): { sources: Source[]; skipped: SkippedFile[] } {
  const known = knownVaultId(homes, vault);
  const sources: Source[] = [];
  const skipped: SkippedFile[] = [];
  for (const path of paths) {
    try {
      const { outline: { header }, bytes } = outlineAt(path);
      if (known === null || equalConstantTime(header.vaultId, known)) sources.push({ path, header, bytes });
      else skipped.push({ path, reason: FOREIGN });
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      skipped.push({ path, reason: stateOf(error) });
    }
  }
  return { sources, skipped };
}

const FOREIGN = "it is another vault than the one of this home";

/** Why none of them can be used. */
export function unusable(skipped: SkippedFile[]): PresenceError {
  const [only] = skipped;
  if (only === undefined) {
    return new PresenceError(
      "vault_fault",
      "Cannot restore: there is no backup here, and nothing of the vault can be proven",
      "a copy that you made: tacit restore FILE",
    );
  }
  if (skipped.length > 1) {
    return new PresenceError("vault_fault", "Cannot restore: none of the backups can be used", "tacit backup");
  }
  const hint = only.reason === FOREIGN
    ? "give it a home of its own: tacit --home DIRECTORY restore FILE"
    : "tacit backup";
  return new PresenceError("vault_fault", `Cannot restore "${only.path}": ${only.reason}`, hint);
}

/** As much of a file as its seals prove, or what is wrong with it. */
export function provable(path: string, bytes: Uint8Array, keys: KeyTree): Candidate | { fault: string } {
  try {
    return { path, ...readProvable(bytes, keys) };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { fault: stateOf(error) };
  }
}

/** The first that is whole, unless more can be read of a damaged one. Adds to `skipped` what came before it. */
export function choose(sources: Source[], others: Candidate[], keys: KeyTree, skipped: SkippedFile[]): Candidate {
  const partial = [...others];
  let whole: Candidate | null = null;
  for (const { path, bytes } of sources) {
    const found = provable(path, bytes, keys);
    if ("fault" in found) skipped.push({ path, reason: found.fault });
    else if (found.complete) {
      whole = found;
      break;
    } else {
      partial.push(found);
      skipped.push({ path, reason: `damaged behind generation ${found.state.generation}` });
    }
  }
  const [most] = partial.sort((a, b) => b.state.generation - a.state.generation);
  if (whole !== null && (most === undefined || most.state.generation <= whole.state.generation)) return whole;
  if (most !== undefined) return most;
  throw unusable(skipped);
}

/** What is wrong, without the action and the subject. */
export function stateOf(error: VaultError): string {
  return error.message.replace(/^Cannot open (?:vault|"[^"]*"): /, "");
}
