/**
 * A second process that writes a vault: `vault_writer.ts HOME VAULT_ID PRK ACTION…`, for tests of the lock.
 * `edit PREFIX COUNT` stores COUNT secrets one by one; `hold` takes the lock, prints a line and keeps it.
 * Keys stand in argv: they are made up, and a test alone runs this.
 */
import { fromHex } from "../../lib/bytes.ts";
import { homesOf } from "../../lib/paths.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { withLock } from "../../lib/vault/lock.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { put } from "./open_vault.ts";

const [home = "", vaultId = "", prk = "", action, prefix, count] = Deno.args;
const homes = homesOf(home);
if (action === "hold") {
  await withLock(homes.vaultLock, () => {
    Deno.stdout.writeSync(new TextEncoder().encode("held\n"));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  });
} else {
  const vault = await Vault.open(homes, KeyTree.fromPrk(fromHex(prk), fromHex(vaultId)));
  for (let i = 0; i < Number(count); i++) {
    await vault.change([put(`${prefix}_${i}`, `value ${i}`)]);
    Deno.stdout.writeSync(new TextEncoder().encode(`${i}\n`));
  }
}
