/**
 * Opens the vault only if nothing that this machine remembers of it speaks against the file: not the anchor, and beside
 * it neither the audit log nor the clock record, which tell of a vault whose anchor is gone. docs/format.md, "Anchor".
 */
import { AuditFileError } from "../audit/files.ts";
import { type Witness, witnessOf } from "../audit/witness.ts";
import type { Homes } from "../paths.ts";
import { readAnchor } from "../vault/anchor.ts";
import { readSeen } from "../vault/clock.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import { earlierAnchor } from "../vault/store.ts";
import { Vault, VaultError } from "../vault/vault.ts";

/** What this machine remembers of a vault besides its anchor. */
export interface Memory {
  /** Highest generation on record here, the anchor included; 0 if none is. */
  generation: number;
  /** The anchor is gone although this machine has used the vault. */
  forgotten: boolean;
}

/** What is remembered of the vault of `keys` in `homes`. */
export function memoryOf(homes: Homes, keys: KeyTree): Memory {
  const found = readAnchor(homes, keys);
  const anchor = found === "unusable" ? earlierAnchor(homes, keys) ?? found : found;
  const witness = logged(homes, keys);
  const generation = Math.max(witness?.generation ?? 0, typeof anchor === "string" ? 0 : anchor.generation);
  const known = witness !== null || readSeen(homes, keys) !== null;
  return { generation, forgotten: typeof anchor === "string" && known };
}

/**
 * Refuses to go on where the anchor is gone but was there: opening would make a new one of whatever file is found.
 * @throws {VaultError} ROLLED_BACK.
 */
export function refuseForgotten(memory: Memory): void {
  if (!memory.forgotten) return;
  throw new VaultError(
    "ROLLED_BACK",
    "Cannot open vault: this machine's record of its last state is gone, although it has used it before",
  );
}

/**
 * Refuses a file that is older than what the log tells of.
 * @throws {VaultError} ROLLED_BACK.
 */
export function refuseOlder(memory: Memory, generation: number): void {
  if (generation >= memory.generation) return;
  throw new VaultError(
    "ROLLED_BACK",
    `Cannot open vault: it is at generation ${generation} and this machine's audit log tells of ${memory.generation}`,
  );
}

/**
 * As `Vault.open`, with the records above asked as well.
 * @throws {VaultError}
 */
export async function openKnownVault(homes: Homes, keys: KeyTree): Promise<Vault> {
  const memory = memoryOf(homes, keys);
  refuseForgotten(memory);
  const vault = await Vault.open(homes, keys);
  refuseOlder(memory, vault.generation);
  return vault;
}

/** A log that cannot be read is reported by `audit verify` and refuses every use; it proves nothing here. */
function logged(homes: Homes, keys: KeyTree): Witness | null {
  try {
    return witnessOf(homes.audit, keys.audit);
  } catch (error) {
    if (error instanceof AuditFileError || (error as { code?: unknown }).code !== undefined) return null;
    throw error;
  }
}
