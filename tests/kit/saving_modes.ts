/** The ways in which a vault is saved, for tests that must hold under each. */
import type { Homes } from "../../lib/paths.ts";
import type { KeyTree } from "../../lib/vault/key_tree.ts";
import { type Saving, Vault } from "../../lib/vault/vault.ts";

export type { Saving };

/** docs/format.md, "Saving". */
export const SAVING_MODES: readonly Saving[] = ["rewrite", "append"];

/** Opens a vault that saves in this way. */
export function openSaving(homes: Homes, keys: KeyTree, saving: string): Promise<Vault> {
  return Vault.open(homes, keys, { saving: saving === "append" ? "append" : "rewrite" });
}

/** Makes the vault's file one frame again: replacing a value does, and this one belongs to no secret. */
export async function compact(vault: Vault): Promise<void> {
  const put = { op: "put_internal", name: "COMPACTED", value: new Uint8Array(1) } as const;
  await vault.change([put, put]);
}
