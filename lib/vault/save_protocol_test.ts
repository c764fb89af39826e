/** Rows of the crash matrix in docs/format.md that need no fault injector, and what other processes may do meanwhile. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { concat, toHex } from "../bytes.ts";
import { homesOf } from "../paths.ts";
import { processorMs } from "../../tests/kit/fastest.ts";
import { leftOut, NOT_ROOT } from "../../tests/kit/left_out.ts";
import { type OpenVault, openVault, put, textOf } from "../../tests/kit/open_vault.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { blob, frame, header, newBuilt, recoverySpec, slotItem } from "../../tests/kit/vault_builder.ts";
import { listBackups } from "./backups.ts";
import { KeyTree } from "./key_tree.ts";
import { withLock } from "./lock.ts";
import { Vault, VaultError } from "./vault.ts";

const WRITER = new URL("../../tests/kit/vault_writer.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

function writer(v: OpenVault, ...action: string[]): Deno.ChildProcess {
  const args = [
    "run",
    "-A",
    "--no-prompt",
    "--config",
    CONFIG,
    WRITER,
    v.home.dir,
    toHex(v.vault.vaultId),
    toHex(v.keys().prk),
  ];
  return new Deno.Command(Deno.execPath(), { args: [...args, ...action], stdin: "null", stdout: "piped" }).spawn();
}

const namesIn = (directory: string) => [...Deno.readDirSync(directory)].map((e) => e.name).sort();
const contents = (v: OpenVault) => toHex(Deno.readFileSync(v.homes.vault));

async function faultOf(work: () => Promise<unknown>): Promise<string> {
  let fault = "none";
  const took = await processorMs(async () => fault = await faultIn(work()));
  assert.ok(took < 5000, `slower than seconds: ${took} ms`);
  return fault;
}

async function faultIn(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    assert.ok(error instanceof VaultError, `${error}`);
    return error.fault;
  }
}

Deno.test("a save leaves vault, lock, backups and anchor behind, all for the owner alone, and nothing else", async () => {
  using v = await openVault({ A: "one" });
  const name = basename(v.homes.vault);
  assert.deepEqual(namesIn(v.homes.data).filter((n) => n.startsWith(name)), [name, `${name}.lock`]);
  const files = [v.homes.vault, v.homes.vaultLock, v.homes.anchor, ...listBackups(v.homes).map((b) => b.path)];
  for (const file of files) assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600, file);
  for (const directory of [v.homes.data, v.homes.state, v.homes.backups]) {
    assert.equal((Deno.statSync(directory).mode ?? 0) & 0o777, 0o700, directory);
  }
});

Deno.test("a temporary file is never adopted, and swept only if its maker is dead and it is an hour old", async () => {
  using v = await openVault({ A: "one" });
  const make = (pid: number, hours: number) => {
    const path = `${v.homes.vault}.tmp.${pid}.x${hours}`;
    Deno.writeFileSync(path, new Uint8Array(10));
    const then = new Date(Date.now() - hours * 3_600_000 - 60_000);
    Deno.utimeSync(path, then, then);
    return basename(path);
  };
  const dead = 2 ** 22 + 1; // Above the kernel's largest process id.
  const [old, young, alive] = [make(dead, 1), make(dead, 0), make(Deno.pid, 2)];
  await v.vault.change([put("A", "two")]);
  const left = namesIn(v.homes.data);
  assert.ok(!left.includes(old) && left.includes(young) && left.includes(alive));
  assert.equal(textOf(await v.again(), "A"), "two");
});

Deno.test("a vault that is a link, FIFO, directory, or open to others is refused in under a second and left alone", async () => {
  using v = await openVault({ A: "one" });
  const path = v.homes.vault;
  const aside = `${path}.aside`;
  Deno.renameSync(path, aside);
  const stand: [string, () => void][] = [
    ["link", () => Deno.symlinkSync(aside, path)],
    ["broken link", () => Deno.symlinkSync("/nowhere/at/all", path)],
    ["directory", () => Deno.mkdirSync(path)],
    ["FIFO", () => assert.ok(new Deno.Command("mkfifo", { args: ["-m", "600", path] }).outputSync().success)],
    ["group-readable", () => (Deno.copyFileSync(aside, path), Deno.chmodSync(path, 0o640))],
    ["world-writable", () => (Deno.copyFileSync(aside, path), Deno.chmodSync(path, 0o602))],
  ];
  for (const [what, place] of stand) {
    place();
    assert.equal(await faultOf(() => v.again()), "UNSAFE_FILE", what);
    assert.equal(await faultOf(() => v.vault.change([put("B", "x")])), "UNSAFE_FILE", what);
    Deno.removeSync(path);
  }
  assert.equal(await faultOf(() => v.again()), "MISSING");
  Deno.renameSync(aside, path);
  assert.equal(textOf(await v.again(), "A"), "one");
});

Deno.test({
  name: "a vault of another user is refused",
  ...leftOut(NOT_ROOT),
  fn: async () => {
    using v = await openVault();
    Deno.chownSync(v.homes.vault, 12345, 12345);
    assert.equal(await faultOf(() => v.again()), "UNSAFE_FILE");
  },
});

Deno.test("a directory open to others is neither read nor written", async () => {
  using v = await openVault({ A: "one" });
  const before = contents(v);
  Deno.chmodSync(v.homes.data, 0o750);
  assert.equal(await faultOf(() => v.vault.change([put("B", "x")])), "UNSAFE_FILE");
  assert.equal(await faultOf(() => v.again()), "UNSAFE_FILE");
  Deno.chmodSync(v.homes.data, 0o700);
  assert.equal(contents(v), before);
});

Deno.test("files that are no vault, damaged, oversized or empty give a typed error in under a second", async () => {
  using v = await openVault({ A: "one" });
  const good = Deno.readFileSync(v.homes.vault);
  const write = (bytes: Uint8Array) => Deno.writeFileSync(v.homes.vault, bytes);
  const cases: [string, () => void, string][] = [
    ["empty", () => write(new Uint8Array(0)), "NOT_A_VAULT"],
    ["text", () => Deno.writeTextFileSync(v.homes.vault, "hello\n".repeat(1000)), "NOT_A_VAULT"],
    ["first half", () => write(good.subarray(0, good.length / 2)), "CORRUPT_FRAME"],
    ["header alone", () => write(good.subarray(0, 64)), "DAMAGED_HEADER"],
    ["1 GiB", () => Deno.truncateSync(v.homes.vault, 2 ** 30), "TOO_LARGE"],
  ];
  for (const [what, spoil, fault] of cases) {
    spoil();
    assert.equal(await faultOf(() => v.again()), fault, what);
    assert.equal(await faultOf(() => v.vault.change([put("B", "x")])), fault, what);
  }
});

Deno.test("a damaged vault is refused with the way back to the newest good backup, and never restored by itself", async () => {
  using v = await openVault({ A: "one" });
  await v.vault.change([put("A", "two")]);
  const bytes = Deno.readFileSync(v.homes.vault);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  Deno.writeFileSync(v.homes.vault, bytes);
  await assert.rejects(v.again(), (e) => e instanceof VaultError && e.hint === "tacit restore latest");
  assert.deepEqual(Deno.readFileSync(v.homes.vault), bytes);
});

Deno.test("a save that cannot be finished leaves the old vault, the old anchor and no temporary file", async () => {
  using v = await openVault({ A: "one" });
  const anchor = Deno.readFileSync(v.homes.anchor);
  const before = contents(v);
  Deno.removeSync(v.homes.backups, { recursive: true });
  Deno.writeTextFileSync(v.homes.backups, "a file where the backup directory stands");
  await assert.rejects(v.vault.change([put("B", "two")]), VaultError);
  assert.equal(contents(v), before);
  assert.deepEqual(Deno.readFileSync(v.homes.anchor), anchor, "the anchor must never be ahead of the vault");
  assert.ok(!namesIn(v.homes.data).some((n) => n.includes(".tmp.")));
  Deno.removeSync(v.homes.backups);
  await v.vault.change([put("B", "two")]);
  assert.deepEqual((await v.again()).list().map((s) => s.name), ["A", "B"]);
});

Deno.test("an anchor that cannot be written is a note, and is healed at the next open", async () => {
  using v = await openVault({ A: "one" });
  Deno.removeSync(v.homes.anchor);
  Deno.mkdirSync(v.homes.anchor);
  const { notes } = await v.vault.change([put("B", "two")]);
  assert.match(notes.join(), /ANCHOR/);
  Deno.removeSync(v.homes.anchor);
  assert.match((await v.again()).notes.join(), /ANCHOR/);
  assert.deepEqual((await v.again()).notes, []);
});

Deno.test("edits of different secrets by two processes are both kept, edits of the same one are a conflict", async () => {
  using v = await openVault({ A: "one", B: "one" });
  const other = await v.again();
  await other.change([put("A", "theirs")]);
  await v.vault.change([put("B", "mine"), put("C", "mine")]);
  assert.equal(textOf(v.vault, "A"), "theirs");
  await assert.rejects(other.change([put("B", "theirs")]), { fault: "CONFLICT" });
  await assert.rejects(other.change([put("C", "theirs")]), { fault: "CONFLICT" });
  await assert.rejects(other.change([{ op: "remove", name: "B" }]), { fault: "CONFLICT" });
  await other.reload();
  await other.change([put("B", "theirs")]);
  const last = await v.again();
  assert.deepEqual(["A", "B", "C"].map((n) => textOf(last, n)), ["theirs", "theirs", "mine"]);
});

Deno.test("a removed secret is not revived by an edit of a process that still shows it", async () => {
  using v = await openVault({ A: "one" });
  const other = await v.again();
  await other.change([{ op: "remove", name: "A" }]);
  await assert.rejects(v.vault.change([put("A", null, { description: "edited" })]), { fault: "CONFLICT" });
  assert.equal((await v.again()).find("A"), undefined);
});

Deno.test("three processes that save at once lose no edit", async () => {
  using v = await openVault();
  const children = ["X", "Y", "Z"].map((prefix) => writer(v, "edit", prefix, "8"));
  const results = await Promise.all(children.map((child) => child.output()));
  assert.ok(results.every((r) => r.success));
  const last = await v.again();
  assert.equal(last.list().length, 24);
  assert.equal(last.generation, 25);
  assert.equal(textOf(last, "Y_7"), "value 7");
});

Deno.test("while another process holds the lock, saving is BUSY with its pid and reading goes on", async () => {
  using v = await openVault({ A: "one" });
  const holder = writer(v, "hold");
  const reader = holder.stdout.getReader();
  await reader.read();
  try {
    await assert.rejects(withLock(v.homes.vaultLock, () => {}, 100), {
      fault: "BUSY",
      message: new RegExp(`process ${holder.pid} holds`),
    });
    assert.equal(textOf(await v.again(), "A"), "one");
    holder.kill("SIGKILL");
    await holder.status;
    await v.vault.change([put("B", "the kernel freed the lock")]);
  } finally {
    await reader.cancel();
    await holder.status;
  }
});

Deno.test("a process killed while saving loses no acknowledged edit and leaves a whole vault", async () => {
  using v = await openVault();
  for (let round = 0; round < 4; round++) {
    const child = writer(v, "edit", `R${round}`, "1000");
    let acknowledged = "";
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    while (acknowledged.split("\n").length <= 3 + round) acknowledged += (await reader.read()).value ?? "";
    child.kill("SIGKILL");
    await child.status;
    for (let rest = await reader.read(); !rest.done; rest = await reader.read()) acknowledged += rest.value;
    const names = new Set((await v.again()).list().map((s) => s.name));
    for (const i of acknowledged.trim().split("\n")) {
      assert.ok(names.has(`R${round}_${i}`), `edit ${i} of round ${round}`);
    }
  }
});

Deno.test("the lock is refused if it is not a plain file of ours", async () => {
  using v = await openVault();
  Deno.removeSync(v.homes.vaultLock);
  Deno.symlinkSync("/etc/passwd", v.homes.vaultLock);
  assert.equal(await faultOf(() => v.vault.change([put("A", "x")])), "UNSAFE_FILE");
  assert.equal((await v.again()).generation, 1);
});

Deno.test("the last five backups are kept, and the newest of each of the last seven days that have one", async () => {
  using v = await openVault();
  for (let i = 0; i < 8; i++) await v.vault.change([put("A", `${i}`)]);
  assert.deepEqual(listBackups(v.homes).map((b) => b.generation), [8, 7, 6, 5, 4]);
  listBackups(v.homes).forEach((backup, i) => {
    const then = new Date(Date.now() - (i + 1) * 2 * 86_400_000);
    Deno.utimeSync(backup.path, then, then);
  });
  for (let i = 0; i < 5; i++) await v.vault.change([put("A", `${i}`)]);
  // Five new ones, and those 2, 4, 6, 8 and 10 days old: today's and theirs are six days.
  assert.deepEqual(listBackups(v.homes).map((b) => b.generation), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
  listBackups(v.homes).forEach((backup, i) => {
    const then = new Date(Date.now() - (i + 1) * 2 * 86_400_000);
    Deno.utimeSync(backup.path, then, then);
  });
  for (let i = 0; i < 5; i++) await v.vault.change([put("A", `${i}`)]);
  // Seven days: today, and the newest six of the others.
  assert.deepEqual(listBackups(v.homes).map((b) => b.generation), [18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8]);
});

Deno.test("no clock, however it jumps, takes a backup away that would stay without the jump", async () => {
  using v = await openVault({ A: "one" });
  for (let i = 0; i < 6; i++) await v.vault.change([put("A", `${i}`)]);
  for (const year of [1970, 1999, 2199]) {
    listBackups(v.homes).forEach((backup) => {
      const then = new Date(Date.UTC(year, 5, 1));
      Deno.utimeSync(backup.path, then, then);
    });
    await v.vault.change([put("A", `${year}`)]);
    const { generation } = v.vault;
    const expected = [1, 2, 3, 4, 5].map((age) => generation - age);
    assert.deepEqual(listBackups(v.homes).slice(0, 5).map((b) => b.generation), expected);
  }
});

Deno.test("a torn tail is noted at opening and kept aside before the next save drops it", async () => {
  using v = await openVault({ A: "one" });
  const tail = new TextEncoder().encode("FRM1 cut short");
  const file = Deno.openSync(v.homes.vault, { append: true });
  file.writeSync(tail);
  file.close();
  const again = await v.again();
  assert.match(again.notes.join(), /TORN_TAIL/);
  assert.equal(textOf(again, "A"), "one");
  await again.change([put("B", "two")]);
  const torn = namesIn(v.homes.data).filter((n) => n.includes(".torn."));
  assert.equal(torn.length, 1);
  assert.deepEqual(Deno.readFileSync(join(v.homes.data, torn[0] ?? "")), tail);
  assert.deepEqual((await v.again()).notes, []);
});

Deno.test("a vault written by a newer minor version is readable and never saved", async () => {
  using home = tmpHome();
  const built = newBuilt("newer");
  const id = built.random.bytes(16);
  const head = header(built, { minor: 1, items: [1, 2].map(() => slotItem(built, recoverySpec(built, id))) });
  const index = { v: 1, put: [{ id, rev: 1, name: "A", off: 0, len: 296, later: true }], del: [] };
  const body = frame(built, { type: 1, generation: 1, index, blobs: [blob(built, id, 1, "one")], previous: head.mac });
  const file = concat(head.bytes, body.bytes);
  Deno.writeFileSync(home.homes.vault, file, { mode: 0o600 });
  const vault = await Vault.open(home.homes, KeyTree.fromPrk(built.prk, built.vaultId));
  assert.equal(textOf(vault, "A"), "one");
  assert.equal(vault.readOnly, true);
  await assert.rejects(vault.change([put("B", "x")]), { fault: "READ_ONLY" });
  assert.deepEqual(Deno.readFileSync(home.homes.vault), file);
});

Deno.test("a link in the place of the vault's directory is refused", async () => {
  using v = await openVault({ A: "one" });
  const link = `${v.home.dir}-link`;
  Deno.symlinkSync(v.home.dir, link);
  try {
    assert.equal(await faultOf(() => Vault.open(homesOf(link), v.keys())), "UNSAFE_FILE");
  } finally {
    Deno.removeSync(link);
  }
});
