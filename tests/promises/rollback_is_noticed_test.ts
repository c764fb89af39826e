/**
 * Promise: a vault file that is older than, or differs from, what this machine has seen is refused, also if one of its
 * records is deleted; a person accepts exactly the file that was shown.
 */
import assert from "node:assert/strict";
import { emptyGrant } from "../../lib/grant/grant.ts";
import type { Daemon } from "../../lib/daemon/daemon.ts";
import type { ProvenSlot } from "../../lib/presence/open_slot.ts";
import { acceptVault, judgeVault, refuseSuspect } from "../../lib/presence/rollback.ts";
import { Secret } from "../../lib/secret.ts";
import { utf8 } from "../../lib/bytes.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { newCanary } from "../kit/canary.ts";
import { setStage, type Stage } from "../kit/daemon_stage.ts";

/** A machine that has used the vault at generation 2, and then at 3; `older` and `newer` are the files. */
async function usedTwice() {
  const stage = await setStage();
  const { homes } = stage;
  const older = Deno.readFileSync(homes.vault);
  await (await stage.start()).stop();
  await change(stage, "LATER");
  const newer = Deno.readFileSync(homes.vault);
  await (await stage.start()).stop();
  return { stage, homes, older, newer };
}

async function change(stage: Stage, name: string): Promise<void> {
  const vault = await Vault.open(stage.homes, stage.keys());
  const record = { name, kind: "token", tags: [], description: "", provider: null, weak: false, grant: emptyGrant() };
  await vault.change([{ op: "put", record, value: new Secret(name, utf8(newCanary())) }]);
  vault.close();
}

/** What a passphrase would have opened. */
function slotOf(stage: Stage): ProvenSlot {
  const keys = stage.keys();
  return { keys, vaultId: keys.vaultId, epoch: 1, dataKey: new Uint8Array(32), slotId: new Uint8Array(16), kdf: null };
}

async function refused(stage: Stage, fault: string): Promise<void> {
  await assert.rejects(stage.start() as Promise<Daemon>, { fault });
}

Deno.test("an older file is refused with the anchor, and by the audit log alone where the anchor went back with it", async () => {
  const { stage, homes, older, newer } = await usedTwice();
  await using _ = stage;
  Deno.writeFileSync(homes.vault, older);
  await refused(stage, "ROLLED_BACK");
  const suspect = await judgeVault(homes, slotOf(stage));
  assert.ok(suspect !== null);
  assert.deepEqual([suspect.generation, suspect.seen], [2, 3]);

  // The anchor of the older file, as whoever copied both at that time has it.
  await acceptVault(homes, slotOf(stage), suspect);
  const anchorOfOlder = Deno.readFileSync(homes.anchor);
  Deno.writeFileSync(homes.vault, newer);
  await (await stage.start()).stop();
  Deno.writeFileSync(homes.vault, older);
  Deno.writeFileSync(homes.anchor, anchorOfOlder);
  await refused(stage, "ROLLED_BACK");
});

Deno.test("with the anchor deleted, no file is taken on a machine that has used the vault, be it old or new", async () => {
  const { stage, homes, older, newer } = await usedTwice();
  await using _ = stage;
  for (const bytes of [older, newer]) {
    Deno.writeFileSync(homes.vault, bytes);
    for (const spoil of [() => Deno.removeSync(homes.anchor), () => Deno.writeTextFileSync(homes.anchor, "junk")]) {
      spoil();
      await refused(stage, "ROLLED_BACK");
      await refused(stage, "ROLLED_BACK");
      await assert.rejects(refuseSuspect(homes, slotOf(stage)), {
        code: "vault_fault",
        hint: /--accept-rollback=\d+-/,
      });
    }
    Deno.writeTextFileSync(homes.anchor, "junk");
  }
});

Deno.test("a machine that never used the vault takes it, with a note", async () => {
  const { stage, homes, newer } = await usedTwice();
  await using _ = stage;
  Deno.removeSync(homes.state, { recursive: true });
  Deno.mkdirSync(homes.state, { mode: 0o700 });
  Deno.writeFileSync(homes.vault, newer);
  const daemon = await stage.start();
  assert.match(daemon.service.keyring.notes.join(), /ANCHOR: this machine has no record/);
});

Deno.test("two files of one generation are told apart", async () => {
  const { stage, homes, older, newer } = await usedTwice();
  await using _ = stage;
  const anchor = Deno.readFileSync(homes.anchor);
  Deno.writeFileSync(homes.vault, older);
  Deno.removeSync(homes.anchor);
  await change(stage, "OTHER");
  Deno.writeFileSync(homes.anchor, anchor);
  await refused(stage, "FORKED");
  Deno.writeFileSync(homes.vault, newer);
  await (await stage.start()).stop();
});

Deno.test("what was shown is accepted, and nothing else; the log keeps it, and knows the way on from there", async () => {
  const { stage, homes, older, newer } = await usedTwice();
  await using _ = stage;
  Deno.writeFileSync(homes.vault, older);
  const suspect = await judgeVault(homes, slotOf(stage));
  assert.ok(suspect !== null);
  assert.deepEqual(suspect.difference, null, "no later copy is there");
  // A third file takes its place before the person has answered.
  Deno.removeSync(homes.anchor);
  await change(stage, "PLANTED");
  const anchor = Deno.readFileSync(homes.anchor);
  await assert.rejects(acceptVault(homes, slotOf(stage), suspect), { code: "vault_fault" });
  assert.deepEqual(Deno.readFileSync(homes.anchor), anchor);
  Deno.writeFileSync(homes.vault, older);
  await acceptVault(homes, slotOf(stage), suspect);
  const daemon = await stage.start();
  assert.deepEqual([...daemon.service.keyring.names.keys()].includes("LATER"), false);
  await daemon.stop();
  assert.equal(await judgeVault(homes, slotOf(stage)), null);
  Deno.writeFileSync(homes.vault, newer);
  assert.equal(await judgeVault(homes, slotOf(stage)), null, "the newer one is no rollback");
});
