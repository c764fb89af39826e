/** A vault and the promises it made, for tests in which its disk refuses to take any more. */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { type Edit, Vault, VaultError } from "../../lib/vault/vault.ts";
import { put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE, textOf } from "./open_vault.ts";
import { leftBehind } from "./saved_home.ts";
import { OPTIONS, type Saving } from "./vault_trial.ts";

const valueOf = (name: string) => `${name} `.repeat(200);

/** A vault on a disk that may refuse, and everything it promised. */
export class Keeper {
  readonly homes: Homes;
  readonly vault: Vault;
  /** The vault again, as another process would open it. */
  readonly again: () => Promise<Vault>;
  /** Values by name that were acknowledged and not removed since. */
  readonly promised: Map<string, string> = new Map();

  /** Callers use `make`. */
  constructor(homes: Homes, vault: Vault, again: () => Promise<Vault>) {
    [this.homes, this.vault, this.again] = [homes, vault, again];
  }

  /** A new vault in `directory` with two secrets, and with backups. */
  static async make(directory: string, saving: Saving): Promise<Keeper> {
    const homes = homesOf(directory);
    const options = { passphrase: utf8(TEST_PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF, ...OPTIONS[saving] };
    const { vault, keys } = await Vault.create(homes, options);
    const prk = keys.prk.slice();
    const again = () => Vault.open(homes, KeyTree.fromPrk(prk, vault.vaultId), OPTIONS[saving]);
    const keeper = new Keeper(homes, vault, again);
    for (const name of ["FIRST", "SECOND"]) assert.equal(await keeper.add(name), "acknowledged");
    return keeper;
  }

  /** A name that was promised, the longest ago. */
  get oldest(): string {
    return this.promised.keys().next().value ?? "";
  }

  /** Adds a secret: `acknowledged` or `refused`, and then for want of room and with a way out. */
  async add(name: string): Promise<string> {
    const outcome = await this.#try([put(name, valueOf(name))]);
    if (outcome === "acknowledged") this.promised.set(name, valueOf(name));
    return outcome;
  }

  /** Removes one, likewise. */
  async remove(name: string): Promise<string> {
    const outcome = await this.#try([{ op: "remove", name }]);
    if (outcome === "acknowledged") this.promised.delete(name);
    return outcome;
  }

  /** All that was promised is there, here and for another process, and nothing is left over. */
  async check(): Promise<void> {
    for (const vault of [await this.again(), this.vault]) {
      for (const [name, value] of this.promised) assert.equal(textOf(vault, name), value);
    }
    assert.deepEqual(leftBehind(this.homes.data, ""), []);
  }

  async #try(edits: Edit[]): Promise<string> {
    try {
      await this.vault.change(edits);
      return "acknowledged";
    } catch (error) {
      assert.ok(error instanceof VaultError, `untyped: ${error}`);
      assert.equal(error.fault, "WRITE_FAILED", error.message);
      assert.match(`${error.hint}`, /make room/, error.message);
      return "refused";
    }
  }
}
