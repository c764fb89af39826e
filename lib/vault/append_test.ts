/** When a save adds a frame and when it writes the file anew. docs/format.md, "Saving". */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type OpenVault, openVault, put, textOf } from "../../tests/kit/open_vault.ts";
import { appendFrame } from "./append.ts";
import { listBackups } from "./backups.ts";
import { compactionDue, savingAt } from "./saving.ts";
import { standingAt } from "./standing.ts";
import type { VaultState } from "./state.ts";
import { Vault } from "./vault.ts";

/** What `work` did to the vault's file. */
async function seen(v: OpenVault, work: () => Promise<unknown>): Promise<"added" | "written anew" | "other"> {
  const before = { bytes: Deno.readFileSync(v.homes.vault), inode: Deno.statSync(v.homes.vault).ino };
  await work();
  const after = { bytes: Deno.readFileSync(v.homes.vault), inode: Deno.statSync(v.homes.vault).ino };
  if (after.inode !== before.inode) return "written anew";
  const same = Buffer.compare(after.bytes.subarray(0, before.bytes.length), before.bytes) === 0;
  return same && after.bytes.length > before.bytes.length ? "added" : "other";
}

Deno.test("adding a secret and editing metadata add one frame behind an untouched file", async () => {
  using v = await openVault({ A: "one" });
  const size = Deno.statSync(v.homes.vault).size;
  assert.equal(await seen(v, () => v.vault.change([put("B", "two")])), "added");
  assert.equal(Deno.statSync(v.homes.vault).size - size, 48 + 512 + 16 + 296 + 32, "one small frame");
  assert.equal(await seen(v, () => v.vault.change([put("A", null, { tags: ["t"] }), put("C", "three")])), "added");
  const again = await v.again();
  assert.deepEqual(again.list().map((s) => s.name), ["A", "B", "C"]);
  assert.deepEqual(["A", "B", "C"].map((n) => textOf(again, n)), ["one", "two", "three"]);
  assert.deepEqual(again.find("A")?.tags, ["t"]);
  assert.deepEqual(again.list(), v.vault.list(), "what the writer shows is what a reader finds");
  assert.equal(again.generation, v.vault.generation);
  assert.equal(listBackups(v.homes).length, 1, "an added frame needs no backup: what stood before still stands");
});

Deno.test("replacing or removing a value writes the file anew, so that the old one is not in it any more", async () => {
  using v = await openVault({ A: "one" });
  await v.vault.change([put("B", "two")]);
  assert.equal(await seen(v, () => v.vault.change([put("B", "other")])), "written anew");
  await v.vault.change([put("C", "three")]);
  assert.equal(await seen(v, () => v.vault.change([{ op: "remove", name: "C" }])), "written anew");
  await v.vault.change([{ op: "put_internal", name: "I", value: new Uint8Array(3) }]);
  const replaced = () => v.vault.change([{ op: "put_internal", name: "I", value: new Uint8Array(4) }]);
  assert.equal(await seen(v, replaced), "written anew");
  // Put twice within one change: the first of the two is never in the file.
  assert.equal(await seen(v, () => v.vault.change([put("D", "never"), put("D", "kept")])), "written anew");
  assert.equal(textOf(await v.again(), "D"), "kept");
});

Deno.test("a file that a backup shares is never written to", async () => {
  using v = await openVault({ A: "one" });
  const shared = `${v.home.dir}/shared`;
  Deno.linkSync(v.homes.vault, shared);
  const before = Deno.readFileSync(shared);
  assert.equal(await seen(v, () => v.vault.change([put("B", "two")])), "written anew");
  assert.deepEqual(Deno.readFileSync(shared), before);
});

Deno.test("after a quarter of an hour without a backup the file is written anew and one is kept, whichever way the clock went", async () => {
  using v = await openVault({ A: "one" });
  for (const minutes of [-16, 16]) {
    for (const { path } of listBackups(v.homes)) {
      const then = new Date(Date.now() + minutes * 60_000);
      Deno.utimeSync(path, then, then);
    }
    const kept = listBackups(v.homes).length;
    assert.equal(await seen(v, () => v.vault.change([put(`B_${minutes + 16}`, "two")])), "written anew");
    assert.equal(listBackups(v.homes).length, kept + 1);
  }
});

Deno.test("whoever asks for it, and whoever's vault lies in a synced folder, gets the file written anew", async () => {
  using v = await openVault({ A: "one" });
  const rewriting = await Vault.open(v.homes, v.keys(), { saving: "rewrite" });
  assert.equal(await seen(v, () => rewriting.change([put("B", "two")])), "written anew");
  for (const place of ["Dropbox", "OneDrive - Firm", "Google Drive", "Mobile Documents", "Nextcloud"]) {
    assert.equal(savingAt(`${v.home.dir}/${place}/tacit/vault.asv1`), "rewrite", place);
  }
  assert.equal(savingAt("/proc/self/no/such/place/vault.asv1"), "rewrite", "a place that cannot be looked at");
  assert.equal(savingAt(v.homes.vault), Deno.build.os === "linux" ? "append" : "rewrite");
});

Deno.test("deltas are bounded: by number, by size against the checkpoint, and by the format", () => {
  const state = (deltas: number, checkpointEnd: number, end: number) =>
    ({ deltas, checkpointEnd, end }) as unknown as VaultState;
  assert.equal(compactionDue(state(511, 5000, 6000), 900), false);
  assert.equal(compactionDue(state(512, 5000, 6000), 900), true);
  assert.equal(compactionDue(state(1, 5000, 5000 + 261_244), 900), false);
  assert.equal(compactionDue(state(1, 5000, 5000 + 261_245), 900), true);
  assert.equal(compactionDue(state(1, 4_000_000, 5_900_000), 900), false);
  assert.equal(compactionDue(state(1, 4_000_000, 6_000_000), 900), true);
  assert.equal(compactionDue(state(1, 250 * 2 ** 20, 256 * 2 ** 20), 900), true);
});

Deno.test("hundreds of additions keep file and opening bounded, and lose nothing", async () => {
  using v = await openVault({ A: "one" });
  let anew = 0;
  for (let i = 0; i < 330; i++) {
    if (await seen(v, () => v.vault.change([put(`S_${i}`, `value ${i}`)])) === "written anew") anew++;
  }
  assert.equal(anew, 1, "256 KiB of frames of 904 bytes are 290");
  const again = await v.again();
  assert.equal(again.list().length, 331);
  assert.equal(again.generation, v.vault.generation);
  assert.equal(textOf(again, "S_329"), "value 329");
});

Deno.test("two processes that add in turn build on each other's frames", async () => {
  using v = await openVault({ A: "one" });
  const other = await v.again();
  for (let i = 0; i < 5; i++) {
    await v.vault.change([put(`MINE_${i}`, "x")]);
    await other.change([put(`THEIRS_${i}`, "y")]);
  }
  assert.equal((await v.again()).list().length, 11);
  await v.vault.reload();
  assert.equal(v.vault.generation, other.generation);
});

Deno.test("a frame that is not proven is cut off again, and so is one whose file was exchanged", async () => {
  using v = await openVault({ A: "one" });
  const before = Deno.readFileSync(v.homes.vault);
  const standing = standingAt(v.homes.vault) ?? assert.fail();
  const frame = new Uint8Array(900).fill(7);
  assert.throws(() =>
    appendFrame(v.homes.vault, standing, frame, () => {
      assert.equal(Deno.statSync(v.homes.vault).size, before.length + 900);
      throw new RangeError("Not proven");
    }), RangeError);
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
  const elsewhere = { ...standing, inode: standing.inode + 1n };
  assert.throws(() => appendFrame(v.homes.vault, elsewhere, frame, () => {}), { fault: "WRITE_FAILED" });
  assert.deepEqual(Deno.readFileSync(v.homes.vault), before);
  // The cut moved the file's time, which is told apart from a change of contents by reading it.
  await v.vault.change([put("B", "two")]);
  assert.equal(textOf(await v.again(), "B"), "two");
});

Deno.test("a vault that was damaged under an open one is refused before anything is added to it", async () => {
  using v = await openVault({ A: "one" });
  await v.vault.change([put("B", "two")]);
  const good = Deno.readFileSync(v.homes.vault);
  for (const at of [70, good.length >> 1, good.length - 1]) {
    const bad = good.slice();
    bad[at] = (bad[at] ?? 0) ^ 1;
    Deno.writeFileSync(v.homes.vault, bad);
    await assert.rejects(v.vault.change([put("C", "three")]), (error: Error & { fault?: string }) => {
      return ["DAMAGED_HEADER", "CORRUPT_FRAME", "ROLLED_BACK"].includes(error.fault ?? "");
    });
    assert.deepEqual(Deno.readFileSync(v.homes.vault), bad);
  }
  Deno.writeFileSync(v.homes.vault, good);
  await v.vault.change([put("C", "three")]);
  assert.equal((await v.again()).list().length, 3);
});
