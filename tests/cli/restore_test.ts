/** Going back to a backup, as its owner does on a bad day. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { listBackups } from "../../lib/vault/backups.ts";
import type { Edit } from "../../lib/vault/vault.ts";
import { newCanary } from "../kit/canary.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { noTerminalReason, onTerminal } from "./terminal_session.ts";
import { PASSPHRASE, plainEnvironment, TestHome } from "./test_home.ts";
import { homesIn, homeWithVault, store, valuesIn, within } from "./vault_in_home.ts";

const NEXT = "another horse 8 battery";

/** The sha256 of a secret's value as a command gets it. */
async function hashOf(home: TestHome, name: string): Promise<string> {
  const ran = await home.run(["run", "--secret", `${name}=V`, "--", "sh", "-c", 'printf %s "$V" | sha256sum'], {
    passphrase: null,
  });
  return ran.status === 0 ? ran.stdout.split(" ")[0] ?? "" : ran.stderr;
}

async function sha256(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Generation of `storedAndChanged` before the changes. */
const BEFORE = 2;

/** Three secrets, of which then one is rotated, one removed and one added; no daemon. */
async function storedAndChanged(): Promise<{ home: TestHome; values: Record<string, string>; rotated: string }> {
  const values = { KEPT_KEY: newCanary(), REMOVED_KEY: newCanary(), ROTATED_KEY: newCanary() };
  const rotated = newCanary();
  const stored = Object.entries(values).map(([name, value]) => store(name, value));
  return { home: await homeWithVault([stored, changes(rotated)]), values, rotated };
}

function changes(rotated: string): Edit[] {
  return [store("ROTATED_KEY", rotated), { op: "remove", name: "REMOVED_KEY" }, store("ADDED_KEY", newCanary())];
}

Deno.test("a restore says what changes, does it, works at once, and is undone by the command that it prints", async () => {
  const { home, values, rotated } = await storedAndChanged();
  await using _ = home;
  const shown = await home.run(["restore", String(BEFORE), "--dry-run", "--json"]);
  assert.equal(shown.status, 0, shown.stderr);
  assert.deepEqual(JSON.parse(shown.stdout).difference, {
    back: ["REMOVED_KEY"],
    gone: ["ADDED_KEY"],
    other_value: ["ROTATED_KEY"],
    other_settings: [],
    same: 1,
  });
  assert.equal((await valuesIn(home))["ROTATED_KEY"], rotated, "a dry run changes nothing");

  assert.equal((await home.run(["unlock"])).status, 0);
  const done = await home.run(["restore", String(BEFORE), "--yes"]);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /^Restored generation 2 as generation \d+: 3 secrets\.\nThe vault is unlocked\.$/m);
  assert.match(done.stderr, /warning: Older values .* ROTATED_KEY$/m);
  assert.match(done.stderr, /warning: Removed secrets are back: REMOVED_KEY$/m);
  for (const [name, value] of Object.entries(values)) assert.equal(await hashOf(home, name), await sha256(value), name);
  assert.equal((await home.run(["unlock", "--again"])).status, 0, "and is nothing that must be accepted");

  const undo = /^To undo this: tacit --home \S+ (restore \S+)$/m.exec(done.stdout)?.[1]?.split(" ");
  assert.ok(undo !== undefined, done.stdout);
  assert.equal((await home.run([...undo, "--yes"])).status, 0);
  const list = await home.run(["list"], { passphrase: null });
  assert.match(list.stdout, /^ADDED_KEY [^]*^KEPT_KEY [^]*^ROTATED_KEY /m);
  assert.equal((await valuesIn(home))["ROTATED_KEY"], rotated);

  const audit = await home.run(["audit", "--json", "--secret", "ROTATED_KEY"], { passphrase: null });
  const records: { event: string; decision: string }[] = JSON.parse(audit.stdout).records;
  assert.equal(records.filter(({ event, decision }) => event === "restore" && decision === "alarm").length, 2);
  assert.equal((await home.run(["audit", "verify"], { passphrase: null })).status, 0);
  assert.deepEqual(home.leaks({ ...values, rotated }, shown.stdout, done.stdout, done.stderr, audit.stdout), []);
});

Deno.test("what the vault holds already is not restored, and what is not there is named", async () => {
  const { home } = await storedAndChanged();
  await using _ = home;
  assert.equal((await home.run(["restore", String(BEFORE), "--yes"])).status, 0);
  const again = await home.run(["restore", String(BEFORE), "--yes"]);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /nothing to restore/);
  const cases: [string[], number, RegExp][] = [
    [["999", "--yes"], 7, /there is no such backup/],
    [["./no-such-file", "--yes"], 7, /no such file/],
    [["--yes"], 2, /hint: tacit .*restore latest/],
    [[String(BEFORE)], 2, /nobody can be asked to confirm/],
  ];
  for (const [args, status, says] of cases) {
    const ran = await home.run(["restore", ...args]);
    assert.equal(ran.status, status, `${args.join(" ")}: ${ran.stderr}`);
    assert.match(ran.stderr, says);
  }
  const agent = await home.run(["restore", "latest", "--yes"], { passphrase: null, env: { CLAUDECODE: "1" } });
  assert.equal(agent.status, 10, agent.stderr);
  const wrong = await home.run(["restore", "latest", "--yes"], { passphrase: "wrong horse 7 battery" });
  assert.equal(wrong.status, 5, wrong.stderr);
});

Deno.test("a copy of another vault is refused, and so is one that is damaged throughout", async () => {
  const { home } = await storedAndChanged();
  await using _ = home;
  await using other = await homeWithVault([]);
  const copy = join(home.base, "copy.asv1");
  assert.equal((await other.run(["backup", copy], { passphrase: null })).status, 0);
  const before = Deno.readFileSync(join(home.dir, "vault.asv1"));
  const foreign = await home.run(["restore", copy, "--yes"]);
  assert.equal(foreign.status, 6, foreign.stderr);
  assert.match(foreign.stderr, /another vault than the one of this home\n.*hint: give it a home of its own/);
  Deno.writeTextFileSync(copy, "junk");
  assert.equal((await home.run(["restore", copy, "--yes"])).status, 6);
  assert.deepEqual(Deno.readFileSync(join(home.dir, "vault.asv1")), before);
});

Deno.test("a copy moves the vault to a new home", async () => {
  const { home, rotated } = await storedAndChanged();
  await using _ = home;
  await using fresh = new TestHome();
  const copy = join(home.base, "copy.asv1");
  assert.equal((await home.run(["backup", copy], { passphrase: null })).status, 0);
  const moved = await fresh.run(["restore", copy, "--yes"]);
  assert.equal(moved.status, 0, moved.stderr);
  assert.equal(await hashOf(fresh, "ROTATED_KEY"), await sha256(rotated));
});

Deno.test("after a new passphrase, a copy from before is restored with today's, or with its own if today's is forgotten", async () => {
  const { home, rotated } = await storedAndChanged();
  await using _ = home;
  const copy = join(home.base, "copy.asv1");
  Deno.copyFileSync(homesIn(home).vault, copy);
  assert.equal((await home.run(["passwd", "--kdf-memory", "64"], { passphrase: `${PASSPHRASE}\n${NEXT}` })).status, 0);
  const rotate = (passphrase: string) =>
    within(home, (vault) => vault.change([store("ROTATED_KEY", newCanary())]), passphrase);

  await rotate(NEXT);
  const today = await home.run(["restore", copy, "--yes"], { passphrase: NEXT });
  assert.equal(today.status, 0, today.stderr);
  assert.doesNotMatch(today.stderr, /of that time/);
  assert.equal((await valuesIn(home, NEXT))["ROTATED_KEY"], rotated);
  await assert.rejects(valuesIn(home), { fault: "WRONG_SECRET" }, "the old passphrase stays out of force");

  await rotate(NEXT);
  const forgotten = await home.run(["restore", copy, "--yes"]);
  assert.equal(forgotten.status, 0, forgotten.stderr);
  assert.match(forgotten.stderr, /Afterwards the vault opens with the passphrase and recovery code of that time/);
  assert.equal((await valuesIn(home))["ROTATED_KEY"], rotated);
  await assert.rejects(valuesIn(home, NEXT), { fault: "WRONG_SECRET" });
});

Deno.test({
  name: "at a terminal the list is shown and asked for, and without the word nothing happens",
  ...leftOut(noTerminalReason()),
  fn: async () => {
    const { home } = await storedAndChanged();
    await using _ = home;
    const asked = { expect: "Which one? ", type: `${BEFORE}\r` };
    const proven = { expect: `Passphrase of ${home.dir}: `, type: `${PASSPHRASE}\r` };
    const word = 'Type "restore" to go on: ';
    const kept = await onTerminal(home.command(["restore"]), [asked, proven, { expect: word, type: "y\r" }]);
    assert.equal(kept.left, 0, kept.screen);
    assert.match(kept.screen, /GENERATION +WRITTEN/);
    assert.match(kept.screen, /come back: +REMOVED_KEY[^]*vanish: +ADDED_KEY[^]*other value: +ROTATED_KEY/);
    assert.match(kept.screen, /Nothing was changed/);
    assert.ok("ADDED_KEY" in await valuesIn(home));
    const done = await onTerminal(home.command(["restore"]), [asked, proven, { expect: word, type: "restore\r" }]);
    assert.equal(done.status, 0, done.screen);
    assert.match(done.screen, /To undo this: tacit --home \S+ restore \d+/);
    assert.ok(!("ADDED_KEY" in await valuesIn(home)));
  },
});

Deno.test({
  name: "a restore that is killed leaves the old vault or the new one, whole, and is repeated",
  ...leftOut(NOT_LINUX),
  fn: async () => {
    const { home, values } = await storedAndChanged();
    await using _ = home;
    const homes = homesIn(home);
    const copy = join(home.base, "copy.asv1");
    Deno.copyFileSync(listBackups(homes).find(({ generation }) => generation === BEFORE)?.path ?? "?", copy);
    const changed = new Set<boolean>();
    // Killed as soon as something of it shows: the file set aside, the new one written, the new one in place.
    for (const sign of [/\.replaced\./, /^vault\.asv1\.tmp\./, /^vault\.asv1$/, /^anchor/]) {
      const newest = await within(home, ({ generation }) => generation);
      await killAtSign(home, [homes.data, homes.backups, homes.state], sign, copy);
      await home.stop();
      const now = await valuesIn(home);
      const isNew = "REMOVED_KEY" in now;
      assert.notEqual(isNew, "ADDED_KEY" in now, `${sign}: neither the old vault nor the new one`);
      assert.equal(await within(home, ({ generation }) => generation), isNew ? newest + 1 : newest, `${sign}`);
      changed.add(isNew);
      if (isNew) await within(home, (vault) => vault.change(changes(newCanary())));
    }
    const again = await home.run(["restore", copy, "--yes"]);
    assert.equal(again.status, 0, again.stderr);
    assert.deepEqual(await valuesIn(home), values);
    assert.equal((await home.run(["audit", "verify"], { passphrase: null })).status, 0);
    assert.ok(changed.has(false), "none was killed in time");
  },
});

/** Starts a restore and kills it at the first change of a file whose name has the sign. */
async function killAtSign(home: TestHome, places: string[], sign: RegExp, which: string): Promise<void> {
  const watcher = Deno.watchFs(places, { recursive: false });
  const given = join(home.base, "given-to-the-killed");
  Deno.writeTextFileSync(given, `${PASSPHRASE}\n`);
  const command = home.command(["restore", which, "--yes", "--passphrase-fd", "3"]);
  const child = new Deno.Command("bash", {
    args: ["-c", 'f="$1"; shift; exec "$@" 3<"$f"', "-", given, ...command],
    env: plainEnvironment(),
    clearEnv: true,
    cwd: home.base,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ended = child.status.then(() => watcher.close());
  for await (const { paths } of watcher) {
    if (!paths.some((path) => sign.test(path.slice(path.lastIndexOf("/") + 1)))) continue;
    try {
      child.kill("SIGKILL");
    } catch { /* it was faster */ }
    break;
  }
  await child.status;
  await ended.catch(() => {});
  try {
    watcher.close();
  } catch { /* closed with the program */ }
  Deno.removeSync(given);
}
