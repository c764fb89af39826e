/**
 * Promise: after `passwd` or `recovery`, no file that tacit keeps opens with what was retired: not the vault, not a
 * backup, not what a restore replaced, not what a crash left half-made.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../lib/bytes.ts";
import { presentBytes, restoreState } from "../../lib/vault/restore.ts";
import {
  newRecoveryCode,
  openWithPassphrase,
  openWithRecovery,
  setPassphrase,
  setRecovery,
} from "../../lib/vault/slots.ts";
import { readState } from "../../lib/vault/state.ts";
import { type OpenVault, openVault, put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "../kit/open_vault.ts";

const NEXT = "the passphrase from now on";

function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory ? filesBelow(path) : [path];
  });
}

/** Files of the home that `open` opens; the rest must be refused, not merely fail. */
async function openedBy(v: OpenVault, open: (path: string) => Promise<unknown>): Promise<string[]> {
  const opened: string[] = [];
  for (const path of filesBelow(v.home.dir)) {
    try {
      await open(path);
      opened.push(path);
    } catch (error) {
      assert.equal((error as Error).name, "VaultError", path);
    }
  }
  return opened;
}

/** A vault with backups, a file that a restore replaced, and the remains of two writers that were killed. */
async function longLived(recovery: Uint8Array): Promise<OpenVault> {
  const v = await openVault({ A: "one" }, recovery);
  for (const value of ["two", "three"]) await v.vault.change([put("A", value)]);
  const { header, entries } = readState(presentBytes(v.homes) ?? new Uint8Array(0), v.keys());
  await restoreState(v.homes, v.keys(), header, entries.values(), presentBytes(v.homes), 0);
  await v.vault.change([put("A", "four")]);
  Deno.copyFileSync(v.homes.vault, `${v.homes.vault}.tmp.4194304.killed`);
  Deno.copyFileSync(v.homes.vault, join(v.homes.backups, "vault.asv1.000000000003.00000000.tmp.4194304.killed"));
  return v;
}

const KINDS = [/\/vault\.asv1$/, /\.\d{12}\.[0-9a-f]{8}$/, /\.replaced\./];

Deno.test("a retired passphrase opens nothing that tacit keeps, and the new one opens all of it", async () => {
  using v = await longLived(newRecoveryCode().bits);
  const byOld = (path: string) => openWithPassphrase(path, utf8(TEST_PASSPHRASE));
  const before = await openedBy(v, byOld);
  for (const kind of [...KINDS, /\.tmp\./]) assert.ok(before.some((path) => kind.test(path)), `control: ${kind}`);
  await setPassphrase(v.homes, await byOld(v.homes.vault), utf8(NEXT), TEST_ONLY_CHEAP_KDF);
  assert.deepEqual(await openedBy(v, byOld), []);
  const after = await openedBy(v, (path) => openWithPassphrase(path, utf8(NEXT)));
  for (const kind of KINDS) assert.ok(after.some((path) => kind.test(path)), `${kind} is kept and opens`);
  assert.equal(after.length, before.filter((path) => !path.includes(".tmp.")).length);
});

Deno.test("a retired recovery code opens nothing that tacit keeps, be it replaced or taken away", async () => {
  const codes = [newRecoveryCode(), newRecoveryCode()] as const;
  using v = await longLived(codes[0].bits.slice());
  const by = (code: string) => openedBy(v, (path) => openWithRecovery(path, code));
  assert.ok((await by(codes[0].code)).length >= 5, "control");
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  await setRecovery(v.homes, slot, codes[1].bits.slice());
  assert.deepEqual(await by(codes[0].code), []);
  assert.ok((await by(codes[1].code)).length >= 4);
  await setRecovery(v.homes, slot, null);
  assert.deepEqual(await by(codes[1].code), []);
});
