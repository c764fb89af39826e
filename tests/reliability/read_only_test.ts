/**
 * Promise: on a read-only file system the vault opens and lists, every attempt to write is refused at once and by name,
 * and afterwards everything is as it was.
 */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { AuditLog, AuditWriteError } from "../../lib/audit/log.ts";
import { homesOf } from "../../lib/paths.ts";
import { openWithPassphrase, setPassphrase, setRecovery } from "../../lib/vault/slots.ts";
import { Vault, VaultError } from "../../lib/vault/vault.ts";
import { AUDIT_KEY, useOf } from "../kit/audit_log.ts";
import { Keeper } from "../kit/keeper.ts";
import { leftOut } from "../kit/left_out.ts";
import { put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "../kit/open_vault.ts";
import { treeBelow } from "../kit/saved_home.ts";
import { NO_SMALL_DISK, smallDisk } from "../kit/small_disk.ts";
import { OPTIONS, SAVINGS } from "../kit/vault_trial.ts";

/** A writer waits five seconds for a lock; who waits here has taken the refusal for one that is held. */
const AT_ONCE_MS = 4000;

async function refusal(work: () => Promise<unknown> | unknown): Promise<string> {
  const start = performance.now();
  try {
    await work();
    return "none";
  } catch (error) {
    assert.ok(performance.now() - start < AT_ONCE_MS, `${error} came late`);
    if (error instanceof AuditWriteError) return error.message;
    assert.ok(error instanceof VaultError, `untyped: ${error}`);
    return error.fault;
  }
}

for (const saving of SAVINGS) {
  Deno.test({
    name: `${saving}: a read-only disk is read, never waited for, and left as it is`,
    ...leftOut(NO_SMALL_DISK),
    fn: async () => {
      using disk = smallDisk("size=4m");
      const keeper = await Keeper.make(disk.directory, saving);
      const { homes, vault } = keeper;
      // Behind the vault, so that every opening would like to heal it.
      const older = Deno.readFileSync(homes.anchor);
      assert.equal(await keeper.add("THIRD"), "acknowledged");
      Deno.writeFileSync(homes.anchor, older);
      const log = await AuditLog.open(homes.audit);
      log.append(useOf(1), AUDIT_KEY);
      const before = treeBelow(disk.directory);

      disk.remount("ro");
      await keeper.check();
      assert.equal((await keeper.again()).list().length, 3);
      const opened = await openWithPassphrase(homes.vault, utf8(TEST_PASSPHRASE));
      const attempts: Record<string, () => Promise<unknown>> = {
        add: () => vault.change([put("D", "d")]),
        remove: () => vault.change([{ op: "remove", name: "FIRST" }]),
        "change in another process": async () => await (await keeper.again()).change([put("D", "d")]),
        passphrase: () => setPassphrase(homes, opened, utf8("another one"), TEST_ONLY_CHEAP_KDF),
        recovery: () => setRecovery(homes, opened, new Uint8Array(20)),
        create: () =>
          Vault.create(homesOf(`${disk.directory}/other`), {
            passphrase: utf8(TEST_PASSPHRASE),
            kdf: TEST_ONLY_CHEAP_KDF,
            ...OPTIONS[saving],
          }),
      };
      for (const [what, attempt] of Object.entries(attempts)) {
        assert.equal(await refusal(attempt), "WRITE_FAILED", what);
      }
      assert.match(await refusal(() => log.append(useOf(2), AUDIT_KEY)), /read-only/);
      await keeper.check();
      assert.deepEqual(treeBelow(disk.directory), before, "something was written");

      disk.remount("rw");
      assert.equal(await keeper.add("FOURTH"), "acknowledged");
      assert.equal(await keeper.remove("FIRST"), "acknowledged");
      log.append(useOf(3), AUDIT_KEY);
      await keeper.check();
      assert.deepEqual((await keeper.again()).notes, []);
    },
  });
}
