import assert from "node:assert/strict";
import { join } from "node:path";
import { openVault, put } from "../../tests/kit/open_vault.ts";
import { listBackups, newestGoodBackup, pruneBackups } from "./backups.ts";

const DAY_MS = 86_400_000;

Deno.test("other files among the backups are no backups, and stay", async () => {
  using v = await openVault();
  await v.vault.change([put("A", "0")]);
  const [backup] = listBackups(v.homes);
  const name = `${v.homes.vault.slice(v.homes.data.length + 1)}.000000000001.abcdef12`;
  const own = join(v.homes.backups, `${name}.kept by hand`);
  const link = join(v.homes.backups, name);
  const directory = join(v.homes.backups, name.replace("12", "13"));
  Deno.writeTextFileSync(own, "mine");
  Deno.symlinkSync(backup?.path ?? "", link);
  Deno.mkdirSync(directory);
  for (let i = 0; i < 8; i++) await v.vault.change([put("A", `${i}`)]);
  const listed = listBackups(v.homes);
  assert.equal(listed.length, 5);
  for (const path of [own, link, directory]) {
    assert.ok(Deno.lstatSync(path), path);
    assert.ok(!listed.some((one) => one.path === path), path);
  }
});

Deno.test("of one day a week ago, one backup is kept beside the last five", async () => {
  using v = await openVault();
  for (let i = 0; i < 5; i++) await v.vault.change([put("A", `${i}`)]);
  // Noon of three days ago, so that all five are of one day.
  const then = Math.floor(Date.now() / DAY_MS - 3) * DAY_MS + DAY_MS / 2;
  for (const { path, generation } of listBackups(v.homes)) {
    Deno.utimeSync(path, new Date(then + generation), new Date(then + generation));
  }
  for (let i = 0; i < 5; i++) await v.vault.change([put("A", `${i}`)]);
  assert.deepEqual(listBackups(v.homes).map((b) => b.generation), [10, 9, 8, 7, 6, 5]);
  assert.equal(pruneBackups(v.homes), 6);
});

Deno.test("the newest backup that is whole is the one to restore, not one with a torn or damaged end", async () => {
  using v = await openVault();
  for (let i = 0; i < 4; i++) await v.vault.change([put("A", `${i}`)]);
  const [newest, second, third] = listBackups(v.homes);
  assert.equal(newestGoodBackup(v.homes, v.keys()), newest?.path);
  const spoil = (path: string, change: (bytes: Uint8Array) => Uint8Array) => {
    const bytes = Deno.readFileSync(path);
    // A backup may be a link to a file that others still use.
    Deno.removeSync(path);
    Deno.writeFileSync(path, change(bytes), { mode: 0o600 });
  };
  spoil(newest?.path ?? "", (bytes) => Uint8Array.from([...bytes, ...new TextEncoder().encode("FRM1 torn")]));
  assert.equal(newestGoodBackup(v.homes, v.keys()), second?.path);
  spoil(second?.path ?? "", (bytes) => bytes.subarray(0, bytes.length - 1));
  assert.equal(newestGoodBackup(v.homes, v.keys()), third?.path);
});
