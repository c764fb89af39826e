/** `tacit rekey`, told through the program: what opens afterwards, what does not, and that everything goes on. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../lib/bytes.ts";
import { homesOf } from "../../lib/paths.ts";
import { parseHeader } from "../../lib/vault/header.ts";
import { describeSlots, openWithPassphrase } from "../../lib/vault/slots.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { newCanary } from "../kit/canary.ts";
import { leftOut } from "../kit/left_out.ts";
import { noTerminalReason, onTerminal } from "./terminal_session.ts";
import { PASSPHRASE, type Ran, type RunOptions, TestHome } from "./test_home.ts";

const CODE = /^[0-9A-Z]{4}(-[0-9A-Z]{2,4}){8}$/m;
const NO_PROOF = { passphrase: null };

/** A home whose vault has a recovery code, and that code. */
async function homeWithCode(): Promise<{ home: TestHome; code: string }> {
  const home = new TestHome();
  const made = await home.run(["init", "--kdf-memory", "64", "--recovery-code-to-fd", "2"]);
  return { home, code: CODE.exec(made.stderr)?.[0] ?? "" };
}

const rekey = (home: TestHome, flags: string[] = [], options: RunOptions = {}): Promise<Ran> =>
  home.run(["rekey", "--kdf-memory", "64", ...flags], options);

/** Epochs of the vault and of each backup of the home. */
function epochsOf(home: TestHome): { vault: number; backups: number[] } {
  const { vault, backups } = homesOf(home.dir);
  const epoch = (path: string) => parseHeader(Deno.readFileSync(path)).epoch;
  return { vault: epoch(vault), backups: [...Deno.readDirSync(backups)].map(({ name }) => epoch(join(backups, name))) };
}

async function sha256(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("rekey: the old key and code are dead, every secret is usable, the audit log is whole, and what remains is said", async () => {
  const { home, code } = await homeWithCode();
  await using _ = home;
  const values = { FIRST_KEY: newCanary(), SECOND_KEY: newCanary() };
  for (const [name, value] of Object.entries(values)) await home.store(name, value);
  const { vault } = homesOf(home.dir);
  const copy = join(home.base, "copy.asv1");
  Deno.copyFileSync(vault, copy);
  const stolen = await openWithPassphrase(vault, utf8(PASSPHRASE));

  const changed = await rekey(home, ["--recovery-code-to-fd", "2"]);
  assert.equal(changed.status, 0, changed.stderr);
  const fresh = CODE.exec(changed.stderr)?.[0] ?? "";
  assert.notEqual(fresh, "", changed.stderr);
  assert.match(changed.stdout, /^New data key in force \(epoch 2\), every value sealed under it; unlocked\.\n/);
  assert.match(changed.stdout, /^The passphrase is the same\. The old recovery code opens the vault no more\.$/m);
  assert.match(changed.stdout, /^\d+ backups? under the old key (was|were) removed\.$/m);
  assert.match(changed.stdout, /^Copies elsewhere still open with the old key, the passphrase and the old recovery/m);
  assert.match(changed.stdout, /^This takes nothing back .* the 2 values at the provider, then: tacit add NAME/m);

  for (const [name, value] of Object.entries(values)) {
    const print = ["run", "--secret", `${name}=V`, "--", "sh", "-c", 'printf %s "$V" | sha256sum'];
    assert.equal((await home.run(print, NO_PROOF)).stdout.split(" ")[0], await sha256(value));
  }
  const verified = await home.run(["audit", "verify"], NO_PROOF);
  assert.match(verified.stdout, /^The audit log is whole: .* every seal holds/);
  const { records } = JSON.parse((await home.run(["audit", "--json"], NO_PROOF)).stdout);
  const events: string[] = records.map(({ event, code }: { event: string; code: string }) => `${event} ${code}`);
  assert.deepEqual(events.filter((event) => /rekey|key_change/.test(event)), ["rekey ok", "audit key_change"]);

  await assert.rejects(Vault.open(homesOf(home.dir), stolen.keys), { fault: "WRONG_SECRET" });
  const epochs = epochsOf(home);
  assert.equal(epochs.vault, 2);
  assert.deepEqual(epochs.backups.filter((epoch) => epoch < 2), []);
  assert.equal((await home.run(["recovery", "--check"], { passphrase: code })).status, 5);
  assert.equal((await home.run(["recovery", "--check"], { passphrase: fresh })).status, 0);
  assert.ok((await openWithPassphrase(copy, utf8(PASSPHRASE))).keys, "as it was said of copies elsewhere");

  await home.run(["lock"], NO_PROOF);
  assert.equal((await home.run(["unlock"])).status, 0, "the passphrase is the same");
  await home.store("THIRD_KEY", newCanary());
  assert.equal((await rekey(home, ["--recovery-code-to-fd", "2"])).status, 0);
  assert.equal((await home.run(["audit", "verify"], NO_PROOF)).status, 0, "also in the third epoch");
  assert.equal((await home.run(["doctor"], NO_PROOF)).status, 0);
  assert.deepEqual(home.leaks({ ...values, code, fresh, passphrase: PASSPHRASE }, changed.stdout), []);
});

Deno.test("rekey by the recovery code asks for a new passphrase, and --new-passphrase does; the old one opens no more", async () => {
  const { home, code } = await homeWithCode();
  await using _ = home;
  const next = "another horse 8 battery";
  const byCode = await rekey(home, ["--recovery", "--recovery-code-to-fd", "2"], { passphrase: `${code}\n${next}` });
  assert.equal(byCode.status, 0, byCode.stderr);
  assert.match(byCode.stdout, /^The passphrase is the new one\./m);
  assert.equal((await home.run(["unlock", "--again"])).status, 5);
  assert.equal((await home.run(["recovery", "--remove"], { passphrase: next })).status, 0);
  const last = "third horse 9 battery";
  const again = await rekey(home, ["--new-passphrase", "--json"], { passphrase: `${next}\n${last}` });
  assert.equal(again.status, 0, again.stderr);
  const answer = JSON.parse(again.stdout);
  assert.deepEqual([answer.epoch, answer.state, answer.new_passphrase, answer.recovery, answer.secrets], [
    3,
    "unlocked",
    true,
    false,
    0,
  ]);
  assert.deepEqual(describeSlots(homesOf(home.dir).vault).map(({ type }) => type), [1], "none is made where none was");
  assert.equal((await home.run(["unlock", "--again"], { passphrase: next })).status, 5);
  assert.equal((await home.run(["unlock", "--again"], { passphrase: last })).status, 0);
});

Deno.test("rekey that cannot go on changes nothing: no place for the code, a wrong passphrase, no line in the log", async () => {
  const { home } = await homeWithCode();
  await using _ = home;
  const { vault, audit } = homesOf(home.dir);
  const before = Deno.readFileSync(vault);
  const unsaid = await rekey(home);
  assert.equal(unsaid.status, 2, unsaid.stdout);
  assert.match(unsaid.stderr, /hint: add --recovery-code-to-fd/);
  const to = ["--recovery-code-to-fd", "2"];
  assert.equal((await rekey(home, to, { passphrase: "wrong horse 7 battery" })).status, 5);
  const weak = await rekey(home, [...to, "--new-passphrase"], { passphrase: `${PASSPHRASE}\nshort` });
  assert.equal(weak.status, 2, weak.stdout);
  Deno.chmodSync(audit, 0o777);
  const unlogged = await rekey(home, to);
  assert.equal(unlogged.status, 9, unlogged.stdout);
  Deno.chmodSync(audit, 0o700);
  assert.deepEqual(Deno.readFileSync(vault), before);
  assert.equal((await home.run(["status"], NO_PROOF)).status, 0, "the daemon is still unlocked");
});

Deno.test({
  name: "rekey at a terminal shows the new code and asks two groups back before anything is changed",
  ...leftOut(noTerminalReason()),
  fn: async () => {
    const { home, code } = await homeWithCode();
    await using _ = home;
    const command = home.command(["rekey", "--kdf-memory", "64"]);
    const before = Deno.readFileSync(homesOf(home.dir).vault);
    const prove = { expect: `Passphrase of ${home.dir}: `, type: `${PASSPHRASE}\r` };
    const wrong = { expect: "of 9: ", type: "nope\r" };
    const given = await onTerminal(command, [prove, wrong, wrong, wrong]);
    assert.equal(given.status, 2, given.screen);
    assert.deepEqual(Deno.readFileSync(homesOf(home.dir).vault), before);
    const group = (screen: string) => {
      const shown = /^ {4}([0-9A-Z-]{20,})\s*$/m.exec(screen)?.[1]?.split("-") ?? [];
      const asked = [...screen.matchAll(/type group (\d+)/g)].at(-1)?.[1];
      return `${shown[Number(asked) - 1]?.toLowerCase()}\r`;
    };
    const done = await onTerminal(command, [prove, { expect: "of 9: ", type: group }, {
      expect: "of 9: ",
      type: group,
    }]);
    assert.equal(done.status, 0, done.screen);
    assert.match(done.screen, /New data key in force \(epoch 2\)/);
    assert.deepEqual(home.leaks({ code, passphrase: PASSPHRASE }, done.screen), []);
  },
});
