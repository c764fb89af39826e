/** A small vault in a throw-away home, at the cheapest accepted key derivation. */
import { utf8 } from "../../lib/bytes.ts";
import { emptyGrant } from "../../lib/grant/grant.ts";
import type { Homes } from "../../lib/paths.ts";
import { Secret } from "../../lib/secret.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { type Edit, type NewRecord, Vault } from "../../lib/vault/vault.ts";
import { MIN_MEMORY_KIB } from "../../wasm/argon2id.ts";
import { type TmpHome, tmpHome } from "./tmp_home.ts";

export const TEST_PASSPHRASE = "correct horse battery staple";
export const TEST_ONLY_CHEAP_KDF = { memoryKib: MIN_MEMORY_KIB, passes: 1, lanes: 1 };

export interface OpenVault extends Disposable {
  homes: Homes;
  vault: Vault;
  home: TmpHome;
  /** The vault again, as another process would open it: keys of its own. */
  again(): Promise<Vault>;
  keys(): KeyTree;
}

/** A new vault holding these values. */
export async function openVault(
  values: Record<string, string> = {},
  recovery: Uint8Array | null = null,
): Promise<OpenVault> {
  const home = tmpHome();
  const options = { passphrase: utf8(TEST_PASSPHRASE), recovery, kdf: TEST_ONLY_CHEAP_KDF };
  const { vault, keys } = await Vault.create(home.homes, options);
  const prk = keys.prk.slice();
  const fresh = () => KeyTree.fromPrk(prk, vault.vaultId);
  const edits = Object.entries(values).map(([name, value]) => put(name, value));
  if (edits.length > 0) await vault.change(edits);
  return {
    homes: home.homes,
    vault,
    home,
    keys: fresh,
    again: () => Vault.open(home.homes, fresh()),
    [Symbol.dispose]: () => home[Symbol.dispose](),
  };
}

/** A record with nothing but a name and what `more` says. */
export function recordOf(name: string, more: Partial<NewRecord> = {}): NewRecord {
  const empty = { kind: "token", tags: [], description: "", provider: null, grant: emptyGrant(), weak: false };
  return { name, ...empty, ...more };
}

/** Stores `value`; null keeps the stored one. */
export function put(name: string, value: string | null, more: Partial<NewRecord> = {}): Edit {
  return { op: "put", record: recordOf(name, more), value: value === null ? null : new Secret(name, utf8(value)) };
}

/** The text of a value. */
export function textOf(vault: Vault, name: string): string {
  return new TextDecoder().decode(vault.read(name).reveal());
}
