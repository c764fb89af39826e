import assert from "node:assert/strict";
import { type OpenVault, openVault, put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "../../tests/kit/open_vault.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { utf8 } from "../bytes.ts";
import { randomBytes } from "../crypto/hash.ts";
import type { Homes } from "../paths.ts";
import { writeAnchor } from "../vault/anchor.ts";
import { listBackups } from "../vault/backups.ts";
import { outlineAt } from "../vault/file_outline.ts";
import { KeyTree } from "../vault/key_tree.ts";
import { passphraseSlot } from "../vault/passphrase.ts";
import { resealed } from "../vault/restore.ts";
import { newRecoveryCode, openWithPassphrase, openWithRecovery, setPassphrase, setRecovery } from "../vault/slots.ts";
import { readState, writeState } from "../vault/state.ts";
import { Vault } from "../vault/vault.ts";
import { type Proof } from "./open_slot.ts";
import { prepareRestore } from "./prepare_restore.ts";
import { performRestore } from "./restore.ts";

const passphrase = (text: string): Proof => ({ kind: "passphrase", passphrase: utf8(text), source: "pipe" });
const NEXT = "the passphrase from now on";

/** A vault with a copy of its state of generation 2, outside of the home's own backups. */
async function withCopy(recovery: Uint8Array | null = null): Promise<{ v: OpenVault; copy: string }> {
  const v = await openVault({ A: "one", B: "one" }, recovery);
  const copy = v.home.path("copy.asv1");
  Deno.copyFileSync(v.homes.vault, copy);
  await v.vault.change([put("A", "two"), { op: "remove", name: "B" }, put("C", "two")]);
  return { v, copy };
}

async function change(v: OpenVault, to: string, from = TEST_PASSPHRASE): Promise<void> {
  const slot = await openWithPassphrase(v.homes.vault, utf8(from));
  await setPassphrase(v.homes, slot, utf8(to), TEST_ONLY_CHEAP_KDF);
}

function opens(path: string, text: string): Promise<boolean> {
  return openWithPassphrase(path, utf8(text)).then(() => true, () => false);
}

async function values(homes: Homes, text: string): Promise<Record<string, string>> {
  const { keys } = await openWithPassphrase(homes.vault, utf8(text));
  const vault = await Vault.open(homes, keys);
  const read = (name: string) => new TextDecoder().decode(vault.read(name).reveal());
  return Object.fromEntries(vault.list().map(({ name }) => [name, read(name)]));
}

Deno.test("everything is told by name before anything is touched", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  const before = Deno.readFileSync(v.homes.vault);
  const { view } = await prepareRestore(v.homes, [copy], false, passphrase(TEST_PASSPHRASE));
  assert.deepEqual(view.difference, { back: ["B"], gone: ["C"], otherValue: ["A"], otherSettings: [], same: 0 });
  assert.deepEqual([view.generation, view.secrets, view.complete], [2, 2, true]);
  assert.deepEqual([view.opensAsThen, view.nothingToDo, view.skipped], [false, false, []]);
  assert.ok(view.present !== null && "id" in view.present && view.present.generation === 3);
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
});

Deno.test("the passphrase's bytes are wiped, right or wrong", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  for (const text of [TEST_PASSPHRASE, "wrong horse"]) {
    const bytes = utf8(text);
    const proof: Proof = { kind: "passphrase", passphrase: bytes, source: "pipe" };
    await prepareRestore(v.homes, [copy], false, proof).catch(() => {});
    assert.ok(bytes.every((byte) => byte === 0));
  }
});

Deno.test("today's passphrase opens a copy from before it was changed, and stays today's", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  await change(v, NEXT);
  const plan = await prepareRestore(v.homes, [copy], false, passphrase(NEXT));
  assert.equal(plan.view.opensAsThen, false);
  await performRestore(v.homes, plan);
  assert.deepEqual(await values(v.homes, NEXT), { A: "one", B: "one" });
  assert.equal(await opens(v.homes.vault, TEST_PASSPHRASE), false);
});

Deno.test("a copy's own passphrase restores it if today's is forgotten, and opens the vault from then on, which is said", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  await change(v, NEXT);
  const plan = await prepareRestore(v.homes, [copy], false, passphrase(TEST_PASSPHRASE));
  assert.equal(plan.view.opensAsThen, true);
  await performRestore(v.homes, plan);
  assert.deepEqual(await values(v.homes, TEST_PASSPHRASE), { A: "one", B: "one" });
  assert.equal(await opens(v.homes.vault, NEXT), false);
});

Deno.test("neither passphrase is a wrong one, and that is said of both", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  const wrong = () => prepareRestore(v.homes, [copy], false, passphrase("wrong horse"));
  await assert.rejects(wrong(), { code: "presence_failed", message: /the passphrase is wrong/ });
  await change(v, NEXT);
  await assert.rejects(wrong(), {
    code: "presence_failed",
    message: /neither today's passphrase nor the one of its time/,
  });
});

Deno.test("a newer recovery code stays in force when the passphrase is the same", async () => {
  const first = newRecoveryCode();
  const { v, copy } = await withCopy(first.bits.slice());
  using _ = v;
  const second = newRecoveryCode();
  const slot = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  await setRecovery(v.homes, slot, second.bits.slice());
  const plan = await prepareRestore(v.homes, [copy], false, passphrase(TEST_PASSPHRASE));
  await performRestore(v.homes, plan);
  await openWithRecovery(v.homes.vault, second.code);
  await assert.rejects(openWithRecovery(v.homes.vault, first.code), { fault: "WRONG_SECRET" });
});

Deno.test("a recovery code proves as well; a mistyped one is told from a wrong one", async () => {
  const { code, bits } = newRecoveryCode();
  const { v, copy } = await withCopy(bits);
  using _ = v;
  const recovery = (text: string): Proof => ({ kind: "recovery", code: text, source: "pipe" });
  assert.equal((await prepareRestore(v.homes, [copy], false, recovery(code))).view.generation, 2);
  const other = recovery(newRecoveryCode().code);
  await assert.rejects(prepareRestore(v.homes, [copy], false, other), { code: "presence_failed" });
  const mistyped = recovery(`${code.slice(0, -1)}${code.endsWith("A") ? "B" : "A"}`);
  await assert.rejects(prepareRestore(v.homes, [copy], false, mistyped), { message: /recovery code/ });
});

Deno.test("a copy of another vault is refused, also where only the anchor or a backup knows which vault this is", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  using other = await openVault({ A: "theirs" });
  const foreign = () => prepareRestore(v.homes, [other.homes.vault], false, passphrase(TEST_PASSPHRASE));
  const refused = { code: "vault_fault", message: /another vault/ };
  await assert.rejects(foreign(), refused);
  Deno.removeSync(v.homes.vault);
  await assert.rejects(foreign(), refused);
  Deno.removeSync(v.homes.anchor);
  await assert.rejects(foreign(), refused);
  assert.equal((await prepareRestore(v.homes, [copy], false, passphrase(TEST_PASSPHRASE))).view.present, null);
});

Deno.test("a home that has nothing takes a copy from elsewhere", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  using fresh = tmpHome();
  const plan = await prepareRestore(fresh.homes, [copy], false, passphrase(TEST_PASSPHRASE));
  assert.deepEqual([plan.view.present, plan.view.opensAsThen], [null, false]);
  await performRestore(fresh.homes, plan);
  assert.deepEqual(await values(fresh.homes, TEST_PASSPHRASE), { A: "one", B: "one" });
});

Deno.test("the newest that is whole is taken, and what was passed over is named", async () => {
  const { v } = await withCopy();
  using _ = v;
  for (const value of ["three", "four"]) await v.vault.change([put("A", value)]);
  const paths = listBackups(v.homes).map(({ path }) => path);
  const [first, second, third] = paths;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  Deno.writeTextFileSync(first, "junk");
  const bytes = Deno.readFileSync(second);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  Deno.writeFileSync(second, bytes);
  const { view } = await prepareRestore(v.homes, paths, true, passphrase(TEST_PASSPHRASE));
  assert.equal(view.path, third);
  assert.deepEqual(view.skipped.map(({ path }) => path), [first, second]);
});

Deno.test("what can be read of a damaged vault is taken where it is newer than every backup", async () => {
  const { v } = await withCopy();
  using _ = v;
  const state = readState(outlineAt(v.homes.vault).bytes, v.keys());
  const junk = new Uint8Array(3_000).fill(0x46);
  const damaged = new Uint8Array([
    ...Deno.readFileSync(v.homes.vault),
    ...junk,
    ...frameLikeBytes(state.generation + 2),
  ]);
  Deno.writeFileSync(v.homes.vault, damaged);
  await assert.rejects(v.again(), { fault: "CORRUPT_FRAME" });
  const paths = listBackups(v.homes).map(({ path }) => path);
  const { view } = await prepareRestore(v.homes, paths, true, passphrase(TEST_PASSPHRASE));
  assert.deepEqual([view.path, view.generation, view.complete], [v.homes.vault, state.generation, false]);
  assert.deepEqual(view.difference, { back: [], gone: [], otherValue: [], otherSettings: [], same: 2 });
  assert.equal(view.nothingToDo, false, "the file is damaged, whatever can be read of it");
  const backup = await prepareRestore(v.homes, paths, false, passphrase(TEST_PASSPHRASE));
  assert.equal(backup.view.path, paths[0]);
});

/** What tells damage in the middle from a write that was cut short: the head of a later frame. */
function frameLikeBytes(generation: number): Uint8Array {
  const head = new Uint8Array(48);
  head.set([0x46, 0x52, 0x4d, 0x31, 2]);
  new DataView(head.buffer).setBigUint64(8, BigInt(generation));
  return head;
}

Deno.test("a copy from before the data key was changed is sealed anew under today's key", async () => {
  const { v, copy } = await withCopy();
  using _ = v;
  const next = await withNewDataKey(v, TEST_PASSPHRASE);
  const plan = await prepareRestore(v.homes, [copy], false, passphrase(TEST_PASSPHRASE));
  await performRestore(v.homes, plan);
  assert.deepEqual(await values(v.homes, TEST_PASSPHRASE), { A: "one", B: "one" });
  const { keys } = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  assert.deepEqual(keys.commitment, next.commitment, "the key that was given up does not come back");
  await withNewDataKey(v, NEXT);
  const refused = { code: "presence_failed", message: /another data key since/ };
  await assert.rejects(prepareRestore(v.homes, [copy], false, passphrase(TEST_PASSPHRASE)), refused);
});

/** The vault under another data key and the next epoch. */
async function withNewDataKey(v: OpenVault, text: string): Promise<KeyTree> {
  const opened = await openWithPassphrase(v.homes.vault, utf8(TEST_PASSPHRASE));
  const state = readState(outlineAt(v.homes.vault).bytes, opened.keys);
  const dataKey = randomBytes(32);
  const context = { vaultId: state.header.vaultId, epoch: state.header.epoch + 1 };
  const keys = KeyTree.fromDataKey(dataKey, context.vaultId, context.epoch);
  const slots = [await passphraseSlot(utf8(text), TEST_ONLY_CHEAP_KDF, dataKey, context)];
  const header = { ...state.header, ...context, dkCommit: keys.commitment, slots };
  const entries = resealed(state, opened.keys, keys, context);
  const bytes = writeState(header, state.generation + 1, entries, keys);
  Deno.writeFileSync(v.homes.vault, bytes);
  writeAnchor(v.homes, keys, readState(bytes, keys), Date.now());
  return keys;
}
