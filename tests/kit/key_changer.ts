/**
 * A process to be killed: `key_changer.ts HOME` gives the vault of the home one data key after another, each with the
 * unlock by a daemon that follows it, and prints each epoch once its key is durably in force.
 */
import { utf8 } from "../../lib/bytes.ts";
import { Daemon } from "../../lib/daemon/daemon.ts";
import { homesOf } from "../../lib/paths.ts";
import { changeDataKey, openWithPassphrase } from "../../lib/vault/slots.ts";
import { HOUR } from "./daemon_stage.ts";
import { TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "./open_vault.ts";

const homes = homesOf(Deno.args[0] ?? "");
const say = (text: string) => Deno.stdout.writeSync(utf8(`${text}\n`));
say("ready");
for (;;) {
  const slot = await openWithPassphrase(homes.vault, utf8(TEST_PASSPHRASE));
  const ways = { passphrase: utf8(TEST_PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF, recovery: null };
  const { keys, epoch } = await changeDataKey(homes, slot, ways);
  say(`${epoch}`);
  const limits = { idleMs: HOUR, absoluteMs: HOUR };
  const key = { prk: keys.prk, vaultId: keys.vaultId, epoch, presence: "pipe" as const, limits };
  const daemon = await Daemon.start({ homes, version: "test", key });
  await daemon.stop();
}
