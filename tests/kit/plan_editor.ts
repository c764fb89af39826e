/**
 * A process that edits a vault until it is killed: `plan_editor.ts HOME VAULT_ID PRK SAVING SEED`. It waits for a line on
 * its standard input, a cycle's number, then carries out that cycle's plan and prints `GENERATION` after each save.
 * Keys stand in argv: they are made up, and a test alone runs this.
 */
import { fromHex } from "../../lib/bytes.ts";
import { homesOf } from "../../lib/paths.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { Chance } from "./chance.ts";
import { type Contents, contentsOf, nextStep } from "./edit_plan.ts";
import { compact, openSaving } from "./saving_modes.ts";

const [home = "", vaultId = "", prk = "", saving = "", seed] = Deno.args;
const line = new Uint8Array(16);
const read = Deno.stdin.readSync(line);
if (read !== null) {
  const cycle = Number(new TextDecoder().decode(line.subarray(0, read)));
  const vault = await openSaving(homesOf(home), KeyTree.fromPrk(fromHex(prk), fromHex(vaultId)), saving);
  const chance = new Chance(Number(seed) + cycle);
  for (let contents: Contents = contentsOf(vault);;) {
    const { edits, after } = nextStep(chance, contents);
    if (edits.length === 0) await compact(vault);
    else await vault.change(edits);
    contents = after;
    Deno.stdout.writeSync(new TextEncoder().encode(`${vault.generation}\n`));
  }
}
