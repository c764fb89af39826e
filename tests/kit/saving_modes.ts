/** The ways in which a vault is saved, for tests that must hold under each. */
import type { Homes } from "../../lib/paths.ts";
import type { KeyTree } from "../../lib/vault/key_tree.ts";
import { type OpenOptions, Vault } from "../../lib/vault/vault.ts";

/** docs/format.md, "Save protocol". */
export type Saving = "rewrite" | "append";

/** Those that the product has. */
export const SAVING_MODES: readonly Saving[] = ["rewrite"];

/** Opens a vault that saves in this way. */
export function openSaving(homes: Homes, keys: KeyTree, saving: string): Promise<Vault> {
  return Vault.open(homes, keys, { saving } as OpenOptions);
}

/** Makes the vault's file one frame again, where there is such a thing. */
export async function compact(vault: Vault): Promise<void> {
  await (vault as Vault & { compact?(): Promise<unknown> }).compact?.();
}
