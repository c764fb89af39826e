/** Which vault a home belongs to, as far as any file of it says; nothing of it is proven. */
import type { Homes } from "../paths.ts";
import { listBackups } from "../vault/backup_files.ts";
import { VaultError } from "../vault/fault.ts";
import { outlineAt } from "../vault/file_outline.ts";
import { readGuarded } from "../vault/guarded_file.ts";
import type { Header } from "../vault/header.ts";
import { VAULT_ID_LENGTH } from "../vault/key_tree.ts";

/** Where the anchor names its vault; docs/format.md, "Anchor". */
const ID_AT = 8;
const MAX_ANCHOR_LENGTH = 1024;

/** The id that the vault, else the anchor, else the newest readable backup names; null in a home that has none of them. */
export function knownVaultId(homes: Homes, vault: Header | null): Uint8Array | null {
  if (vault !== null) return vault.vaultId;
  const anchor = unlessUnusable(() => readGuarded(homes.anchor, MAX_ANCHOR_LENGTH));
  if (anchor !== null && anchor.length >= ID_AT + VAULT_ID_LENGTH) return anchor.slice(ID_AT, ID_AT + VAULT_ID_LENGTH);
  for (const { path } of listBackups(homes)) {
    const backup = unlessUnusable(() => outlineAt(path).outline);
    if (backup !== null) return backup.header.vaultId;
  }
  return null;
}

function unlessUnusable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof VaultError) return null;
    throw error;
  }
}
