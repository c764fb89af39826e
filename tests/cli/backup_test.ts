/** Backups as their owner meets them: listed, copied elsewhere, proven, and rewritten when the passphrase changes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { PASSPHRASE, type TestHome } from "./test_home.ts";
import { homeWithVault, store, within } from "./vault_in_home.ts";

interface Listed {
  vault: { id: string; generation: number };
  backups: {
    id: string;
    generation: number;
    path: string;
    opens_today: boolean;
    fault: string | null;
    secrets?: number;
  }[];
}

async function listed(home: TestHome): Promise<Listed> {
  const ran = await home.run(["backup", "--json"], { passphrase: null });
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

/** Three saves, hence three backups; no daemon. */
function homeWithBackups(): Promise<TestHome> {
  return homeWithVault([
    [store("FIRST_KEY", newCanary())],
    [store("SECOND_KEY", newCanary())],
    [store("FIRST_KEY", newCanary())],
  ]);
}

/** Flips a bit within the sealed index of the first frame: no part of such a file can be read. */
function damage(path: string): void {
  const bytes = Deno.readFileSync(path);
  bytes[2_000] = (bytes[2_000] ?? 0) ^ 1;
  Deno.writeFileSync(path, bytes);
}

Deno.test("the list tells generation, age and size without a passphrase, status and doctor that there are backups", async () => {
  await using fresh = await homeWithVault([]);
  assert.match((await fresh.run(["backup"], { passphrase: null })).stdout, /^No backups yet\.$/m);
  await using home = await homeWithBackups();
  const { vault, backups } = await listed(home);
  assert.ok(backups.length > 0 && backups.every(({ generation }) => generation < vault.generation));
  assert.ok(backups.every(({ opens_today, fault }) => opens_today && fault === null));
  const text = await home.run(["backup"], { passphrase: null });
  assert.match(text.stdout, /^GENERATION +WRITTEN +SIZE +NOTE\n\d+ +\d{4}-\d\d-\d\d \d\d:\d\d \([^)]+\) +\d/);
  assert.match(text.stdout, new RegExp(`^The vault itself is at generation ${vault.generation}, `, "m"));
  assert.match((await home.run(["status"], { passphrase: null })).stdout, /^backups: +\d+, the newest written /m);
  assert.match((await home.run(["doctor"], { passphrase: null })).stdout, /^info +backups +\d+ backups?, the newest /m);
});

Deno.test("a check proves the vault and every backup, and names the one that is damaged", async () => {
  await using home = await homeWithBackups();
  const sound = await home.run(["backup", "--check", "--json"]);
  assert.equal(sound.status, 0, sound.stdout);
  const { ok, backups } = JSON.parse(sound.stdout) as Listed & { ok: boolean };
  assert.ok(ok && backups.every(({ secrets }) => typeof secrets === "number"));
  const [bad] = backups;
  damage(bad?.path ?? "?");
  const found = await home.run(["backup", "--check"]);
  assert.equal(found.status, 6, found.stdout);
  assert.match(found.stdout, new RegExp(`^${bad?.generation} .* damaged`, "m"));
  assert.equal((await home.run(["backup", "--check"], { passphrase: "wrong horse 7 battery" })).status, 5);
});

Deno.test("a copy is made without a passphrase, replaces nothing unasked, and opens as the vault did then", async () => {
  await using home = await homeWithBackups();
  const file = join(home.base, "copy.asv1");
  const made = await home.run(["backup", file], { passphrase: null });
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /opens with today's passphrase and recovery code, also after you change them/);
  assert.deepEqual(Deno.readFileSync(file), Deno.readFileSync(join(home.dir, "vault.asv1")));
  if (Deno.build.os !== "windows") assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
  const again = await home.run(["backup", file], { passphrase: null });
  assert.equal(again.status, 0, "the same copy is there already");
  await within(home, (vault) => vault.change([store("THIRD_KEY", newCanary())]));
  const other = await home.run(["backup", file], { passphrase: null });
  assert.equal(other.status, 7, other.stdout);
  assert.match(other.stderr, /hint: tacit .*backup \S*copy\.asv1 --force\n$/);
  const forced = await home.run(["backup", file, "--force", "--check"]);
  assert.equal(forced.status, 0, forced.stderr);
  assert.match(forced.stdout, /Every seal holds: 3 secrets/);
  assert.deepEqual([...Deno.readDirSync(home.base)].map(({ name }) => name).filter((name) => name.includes("tmp")), []);

  const directory = join(home.base, "stick");
  Deno.mkdirSync(directory);
  assert.equal((await home.run(["backup", directory], { passphrase: null })).status, 0);
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
  assert.equal(names.length, 1);
  assert.match(names[0] ?? "", /^tacit-\d{4}-\d\d-\d\d-generation-5\.asv1$/);
});

Deno.test("what cannot be a copy is refused with the way that is one", async () => {
  await using home = await homeWithBackups();
  const link = join(home.base, "link");
  Deno.symlinkSync("/nowhere", link);
  const cases: [string[], number, RegExp][] = [
    [["-"], 2, /hint: tacit .*backup FILE, then send the file/],
    [[join(home.base, "no", "such", "copy")], 2, /there is no such directory/],
    [[link, "--force"], 2, /no regular file/],
    [[join(home.dir, "vault.asv1"), "--force"], 2, /tacit keeps files of its own there/],
    [[join(home.dir, "backup", "mine"), "--force"], 2, /tacit keeps files of its own there/],
    [["--force"], 2, /hint: tacit .*backup FILE --force/],
  ];
  for (const [args, status, says] of cases) {
    const ran = await home.run(["backup", ...args], { passphrase: null });
    assert.equal(ran.status, status, `${args.join(" ")}: ${ran.stderr}`);
    assert.match(ran.stderr, says);
  }
  assert.equal((await home.run(["backup", "--check"], { passphrase: null, env: { CLAUDECODE: "1" } })).status, 10);
});

Deno.test("passwd says what became of the backups, and of copies that it cannot reach", async () => {
  await using home = await homeWithBackups();
  const copy = join(home.base, "copy.asv1");
  assert.equal((await home.run(["backup", copy], { passphrase: null })).status, 0);
  const [first] = (await listed(home)).backups;
  damage(first?.path ?? "?");
  const next = "another horse 8 battery";
  const changed = await home.run(["passwd", "--kdf-memory", "64"], { passphrase: `${PASSPHRASE}\n${next}` });
  assert.equal(changed.status, 0, changed.stderr);
  assert.match(changed.stdout, /backups? now opens? with what opens the vault, and no longer with the old passphrase/);
  assert.match(changed.stdout, /1 backup could not be rewritten and was removed/);
  assert.match(changed.stdout, /Copies that you made elsewhere still open with the old passphrase/);
  const after = await listed(home);
  assert.ok(after.backups.length > 0 && after.backups.every(({ opens_today }) => opens_today));
  assert.equal((await home.run(["backup", "--check"], { passphrase: next })).status, 0);
  const dry = await home.run(["restore", copy, "--dry-run"]);
  assert.equal(dry.status, 0, dry.stderr);
  assert.match(dry.stdout, /Afterwards the vault opens with the passphrase and recovery code of that time/);
});
