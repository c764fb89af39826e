import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { type OpenVault, openVault, put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "../../tests/kit/open_vault.ts";
import { utf8 } from "../bytes.ts";
import { listBackups } from "./backups.ts";
import { outlineAt } from "./file_outline.ts";
import { newRecoveryCode, openWithPassphrase, setPassphrase, setRecovery } from "./slots.ts";
import { readState } from "./state.ts";

const NEXT = utf8("the passphrase from now on");

async function newPassphrase(v: OpenVault, from = TEST_PASSPHRASE) {
  const slot = await openWithPassphrase(v.homes.vault, utf8(from));
  return await setPassphrase(v.homes, slot, NEXT, TEST_ONLY_CHEAP_KDF);
}

async function withBackups(): Promise<OpenVault> {
  const v = await openVault({ A: "one" });
  for (const value of ["two", "three", "four"]) await v.vault.change([put("A", value)]);
  return v;
}

function opensWith(path: string, passphrase: Uint8Array | string): Promise<boolean> {
  const bytes = typeof passphrase === "string" ? utf8(passphrase) : passphrase;
  return openWithPassphrase(path, bytes).then(() => true, () => false);
}

Deno.test("each backup keeps its state, its generation and its age, and opens with the new passphrase alone", async () => {
  using v = await withBackups();
  const then = new Date(Date.now() - 3 * 86_400_000);
  const before = listBackups(v.homes).map(({ path, generation }) => {
    Deno.utimeSync(path, then, then);
    return { generation, names: [...readState(outlineAt(path).bytes, v.keys()).entries.keys()] };
  });
  assert.ok(before.length >= 3);
  const change = await newPassphrase(v);
  assert.deepEqual([change.backupsRewrapped, change.backupsRemoved, change.backupsFailed], [before.length, 0, 0]);
  const after = listBackups(v.homes);
  assert.equal(after.length, before.length);
  for (const [i, { path, generation, written }] of after.entries()) {
    const state = readState(outlineAt(path).bytes, v.keys());
    assert.deepEqual({ generation, names: [...state.entries.keys()] }, before[i]);
    assert.equal(state.generation, generation);
    assert.equal(Math.round(written / 1000), Math.round(then.getTime() / 1000));
    assert.ok(basename(path).endsWith(outlineAt(path).outline.id.split("-")[1] ?? "?"), "named after its new last MAC");
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.ok(await opensWith(path, NEXT));
    assert.equal(await opensWith(path, TEST_PASSPHRASE), false);
  }
});

Deno.test("a backup that cannot be rewritten is removed; one with an unreadable header, or of another vault, is left", async () => {
  using v = await withBackups();
  using other = await openVault({ A: "one" });
  const [damaged, headless, ...rest] = listBackups(v.homes).map(({ path }) => path);
  assert.ok(damaged !== undefined && headless !== undefined);
  const flip = (path: string, at: number) => {
    const bytes = Deno.readFileSync(path);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    Deno.writeFileSync(path, bytes);
  };
  flip(damaged, Deno.statSync(damaged).size - 1);
  flip(headless, 100);
  const foreign = join(v.homes.backups, "vault.asv1.000000000077.00000000");
  Deno.copyFileSync(other.homes.vault, foreign);
  const change = await newPassphrase(v);
  assert.deepEqual([change.backupsRewrapped, change.backupsRemoved, change.backupsFailed], [rest.length, 1, 0]);
  const left = new Set(listBackups(v.homes).map(({ path }) => path));
  assert.ok(!left.has(damaged) && left.has(headless) && left.has(foreign));
  assert.deepEqual(Deno.readFileSync(foreign), Deno.readFileSync(other.homes.vault));
});

Deno.test("copies that a change which was cut short left behind are caught by the next one", async () => {
  using v = await withBackups();
  const [newest] = listBackups(v.homes);
  assert.ok(newest !== undefined);
  const old = Deno.readFileSync(newest.path);
  await newPassphrase(v);
  Deno.writeFileSync(newest.path, old, { mode: 0o600 });
  assert.ok(await opensWith(newest.path, TEST_PASSPHRASE), "as after a crash between the vault and its backups");
  const slot = await openWithPassphrase(v.homes.vault, NEXT);
  const change = await setRecovery(v.homes, slot, newRecoveryCode().bits);
  assert.ok(change.backupsRewrapped > 0);
  for (const { path } of listBackups(v.homes)) assert.equal(await opensWith(path, TEST_PASSPHRASE), false, path);
});

Deno.test("what a crash left half-made does not outlive a change either", async () => {
  using v = await withBackups();
  const [newest] = listBackups(v.homes);
  const half = [
    join(v.homes.data, "vault.asv1.tmp.4194304.abc"),
    join(v.homes.backups, `${basename(newest?.path ?? "?")}.tmp.4194304.xyz`),
  ];
  for (const path of half) Deno.copyFileSync(v.homes.vault, path);
  const bystander = join(v.homes.data, "vault.asv1.tmp.notes");
  Deno.writeTextFileSync(bystander, "not ours");
  await newPassphrase(v);
  for (const path of half) assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound, path);
  assert.equal(Deno.readTextFileSync(bystander), "not ours");
});
