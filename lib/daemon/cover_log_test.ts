/**
 * Promise: the first unlock after a change of the data key takes the audit log over, wherever a crash had stopped it,
 * and later ones accept no earlier key any more. docs/audit.md, "Epochs".
 */
import assert from "node:assert/strict";
import { exchange, HOUR, PASSPHRASE, setStage, type Stage, TEST_ONLY_KDF } from "../../tests/kit/daemon_stage.ts";
import { headFile, logFile } from "../audit/files.ts";
import { writeHead } from "../audit/head.ts";
import { logIdentity } from "../audit/identity.ts";
import { AuditLog } from "../audit/log.ts";
import { parseLine } from "../audit/record.ts";
import { fromHex, utf8 } from "../bytes.ts";
import { listBackups } from "../vault/backups.ts";
import { readSeen, seenIsSound, writeSeen } from "../vault/clock.ts";
import { KeyTree } from "../vault/key_tree.ts";
import { LOG_EPOCHS, logEpoch } from "../vault/log_epochs.ts";
import { changeDataKey, openWithPassphrase } from "../vault/slots.ts";
import { Vault } from "../vault/vault.ts";
import { Daemon } from "./daemon.ts";

/** Changes the data key with no daemon running; the new tree. */
async function changeKey(stage: Stage): Promise<KeyTree> {
  const slot = await openWithPassphrase(stage.homes.vault, utf8(PASSPHRASE));
  const ways = { passphrase: utf8(PASSPHRASE), kdf: TEST_ONLY_KDF, recovery: null };
  return (await changeDataKey(stage.homes, slot, ways)).keys;
}

/** What a daemon with `keys` says of the log, and its notes; it ends again. */
async function unlocked({ homes, clock }: Stage, keys: KeyTree) {
  const { prk, vaultId, epoch = 1 } = keys;
  const limits = { idleMs: HOUR, absoluteMs: HOUR };
  const key = { prk, vaultId, epoch, presence: "pipe" as const, limits };
  const daemon = await Daemon.start({ homes, version: "test", key, testOnlyClock: clock });
  try {
    const { message } = await exchange(homes, { verb: "audit_verify" });
    const notes = daemon.service.notes.filter((note) => !note.includes("test-only"));
    return { verified: message["verified"], keyed: message["keyed"], reason: message["reason"], notes };
  } finally {
    await daemon.stop();
  }
}

const SOUND = { verified: true, keyed: true, reason: "", notes: [] };

function codesOf({ homes }: Stage): (string | undefined)[] {
  return Deno.readTextFileSync(logFile(homes.audit, 1)).split("\n").slice(0, -1).map((line) => parseLine(line)?.code);
}

/** The epoch that the vault remembers for the log. */
async function remembered(stage: Stage, keys: KeyTree): Promise<number> {
  const vault = await Vault.open(stage.homes, KeyTree.fromPrk(keys.prk, keys.vaultId, keys.epoch));
  const identity = fromHex(logIdentity(stage.homes.audit) ?? "");
  return logEpoch(vault.internal(LOG_EPOCHS), identity);
}

Deno.test("three epochs: the log is whole after each change of the data key, and the vault remembers", async () => {
  await using stage = await setStage();
  assert.deepEqual(await unlocked(stage, stage.keys()), SOUND);
  for (const epoch of [2, 3]) {
    const keys = await changeKey(stage);
    assert.deepEqual(await unlocked(stage, keys), SOUND);
    assert.deepEqual(await unlocked(stage, keys), SOUND);
    assert.equal(await remembered(stage, keys), epoch);
    assert.equal(codesOf(stage).filter((code) => code === "key_change").length, epoch - 1);
  }
});

Deno.test("a crash before the head or before the vault's record of it is made good by the next unlock", async () => {
  await using stage = await setStage();
  await unlocked(stage, stage.keys());
  const head = Deno.readTextFileSync(headFile(stage.homes.audit));
  const [backup] = listBackups(stage.homes);
  assert.ok(backup !== undefined);
  const early = Deno.readFileSync(backup.path);
  const keys = await changeKey(stage);
  const due = Deno.readFileSync(stage.homes.vault);
  const anchor = Deno.readFileSync(stage.homes.anchor);
  assert.deepEqual(await unlocked(stage, keys), SOUND);
  // The vault does not know that the log was taken over, the head is the old one, and an old backup is left.
  Deno.writeFileSync(stage.homes.vault, due);
  Deno.writeFileSync(stage.homes.anchor, anchor);
  Deno.writeTextFileSync(headFile(stage.homes.audit), head);
  const lines = Deno.readTextFileSync(logFile(stage.homes.audit, 1)).split("\n");
  const taken = lines.findIndex((line) => parseLine(line)?.code === "key_change");
  Deno.writeTextFileSync(logFile(stage.homes.audit, 1), `${lines.slice(0, taken + 1).join("\n")}\n`);
  Deno.writeFileSync(backup.path, early, { mode: 0o600 });
  assert.deepEqual(await unlocked(stage, keys), SOUND);
  assert.equal(await remembered(stage, keys), 2);
  assert.ok(listBackups(stage.homes).every(({ path }) => path !== backup.path), "the old key opens no backup");
});

Deno.test("the latest time seen outlives a crash between the new anchor and the new record of time", async () => {
  await using stage = await setStage();
  const later = stage.clock.wall() + 400 * 24 * HOUR;
  writeSeen(stage.homes, stage.keys(), later);
  await unlocked(stage, stage.keys());
  const record = Deno.readFileSync(stage.homes.clockFloor);
  const keys = await changeKey(stage);
  Deno.writeFileSync(stage.homes.clockFloor, record);
  // The anchor was made anew at the save and knows nothing of it.
  Deno.removeSync(stage.homes.anchor);
  assert.deepEqual(await unlocked(stage, keys), SOUND);
  assert.ok((readSeen(stage.homes, keys) ?? 0) >= later);
  assert.ok(seenIsSound(stage.homes, keys));
  // Once the log was taken over, a record under the old key is someone else's.
  Deno.writeFileSync(stage.homes.clockFloor, record);
  assert.deepEqual((await unlocked(stage, keys)).notes, [
    "the record of the latest time seen was changed by someone else",
  ]);
});

Deno.test("who kept the old key and puts the log back to before the change is on record at the next unlock", async () => {
  await using stage = await setStage();
  await unlocked(stage, stage.keys());
  const log = Deno.readTextFileSync(logFile(stage.homes.audit, 1));
  const head = Deno.readTextFileSync(headFile(stage.homes.audit));
  const keys = await changeKey(stage);
  assert.deepEqual(await unlocked(stage, keys), SOUND);
  Deno.writeTextFileSync(logFile(stage.homes.audit, 1), log);
  Deno.writeTextFileSync(headFile(stage.homes.audit), head);
  const found = await unlocked(stage, keys);
  assert.deepEqual(found.notes, ["audit log: the head file was written under another key"]);
  assert.match(String(found.reason), /recorded an alarm/);
  assert.equal((await unlocked(stage, keys)).verified, false, "for good");
});

Deno.test("only the epochs since the log was last taken over are accepted: not the first one in the third", async () => {
  await using stage = await setStage();
  await unlocked(stage, stage.keys());
  const log = Deno.readTextFileSync(logFile(stage.homes.audit, 1));
  const head = Deno.readTextFileSync(headFile(stage.homes.audit));
  assert.deepEqual(await unlocked(stage, await changeKey(stage)), SOUND);
  const keys = await changeKey(stage);
  Deno.writeTextFileSync(logFile(stage.homes.audit, 1), log);
  Deno.writeTextFileSync(headFile(stage.homes.audit), head);
  assert.match(String((await unlocked(stage, keys)).reason), /recorded an alarm/);
});

Deno.test("another machine's log is taken over there, although this one's was", async () => {
  await using stage = await setStage();
  await unlocked(stage, stage.keys());
  const { homes } = stage;
  // The other machine: its own state, the same vault.
  const other = {
    ...homes,
    audit: `${homes.state}/elsewhere`,
    anchor: `${homes.state}/elsewhere.anchor`,
    clockFloor: `${homes.state}/elsewhere.clock`,
  };
  const log = await AuditLog.open(other.audit);
  log.cover(stage.keys().audit);
  const keys = await changeKey(stage);
  assert.deepEqual(await unlocked(stage, keys), SOUND);
  assert.deepEqual(await unlocked({ ...stage, homes: other }, keys), SOUND);
  assert.equal(await remembered(stage, keys), 2);
  assert.equal(await remembered({ ...stage, homes: other }, keys), 2);
});

Deno.test("a log that a stranger made for the old epoch is none of ours", async () => {
  await using stage = await setStage();
  await unlocked(stage, stage.keys());
  const keys = await changeKey(stage);
  writeHead(stage.homes.audit, 1, "0".repeat(64), new Uint8Array(32).fill(7));
  const found = await unlocked(stage, keys);
  assert.deepEqual(found.notes, ["audit log: the head file was written under another key"]);
});

Deno.test("a vault of the first epoch is not written at an unlock", async () => {
  await using stage = await setStage();
  const before = Deno.readFileSync(stage.homes.vault);
  await unlocked(stage, stage.keys());
  assert.deepEqual(Deno.readFileSync(stage.homes.vault), before);
});
