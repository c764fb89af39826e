/**
 * A vault that is put into a home without the program: what a story takes for granted need not be played. Its derivation
 * is the cheapest that is accepted, and no daemon runs.
 */
import { utf8 } from "../../lib/bytes.ts";
import { emptyGrant } from "../../lib/grant/grant.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { Secret } from "../../lib/secret.ts";
import { openWithPassphrase } from "../../lib/vault/slots.ts";
import { type Edit, Vault } from "../../lib/vault/vault.ts";
import { recordOf, TEST_ONLY_CHEAP_KDF } from "../kit/open_vault.ts";
import { PASSPHRASE, TestHome } from "./test_home.ts";

/** A home with a vault that was saved once for each of `saves`. */
export async function homeWithVault(saves: Edit[][]): Promise<TestHome> {
  const home = new TestHome();
  try {
    const options = { passphrase: utf8(PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF };
    const { vault } = await Vault.create(homesIn(home), options);
    for (const edits of saves) await vault.change(edits);
    vault.close();
    return home;
  } catch (error) {
    await home[Symbol.asyncDispose]();
    throw error;
  }
}

/** The paths of a home. */
export function homesIn(home: TestHome): Homes {
  return homesOf(home.dir);
}

/** Stores a value for env, or replaces it. */
export function store(name: string, value: string): Edit {
  const grant = { ...emptyGrant(), modes: ["env" as const] };
  return { op: "put", record: recordOf(name, { grant }), value: new Secret(name, utf8(value)) };
}

/** Opens the vault of `home` in this process, and closes it. */
export async function within<T>(
  home: TestHome,
  work: (vault: Vault) => T | Promise<T>,
  passphrase = PASSPHRASE,
): Promise<T> {
  const { keys, dataKey } = await openWithPassphrase(homesIn(home).vault, utf8(passphrase));
  dataKey.fill(0);
  const vault = await Vault.open(homesIn(home), keys);
  try {
    return await work(vault);
  } finally {
    vault.close();
  }
}

/** What the vault of `home` holds, by name. */
export function valuesIn(home: TestHome, passphrase = PASSPHRASE): Promise<Record<string, string>> {
  return within(home, (vault) => {
    const text = (name: string) => new TextDecoder().decode(vault.read(name).reveal());
    return Object.fromEntries(vault.list().map(({ name }) => [name, text(name)]));
  }, passphrase);
}
