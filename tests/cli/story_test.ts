/** The whole life of a home, told through the program as a script would: `--passphrase-fd` and `--home`. */
import assert from "node:assert/strict";
import { newCanary } from "../kit/canary.ts";
import { leftOut, NOT_LINUX, NOT_ROOT } from "../kit/left_out.ts";
import { PASSPHRASE, plainEnvironment, TestHome } from "./test_home.ts";

Deno.test("a home from init to recovery, with no value on any output or in any file that is not sealed", async () => {
  await using home = new TestHome();
  const [first, second] = [newCanary(), newCanary()];
  const outputs: string[] = [];
  const run: TestHome["run"] = async (args, options) => {
    const ran = await home.run(args, options);
    outputs.push(ran.stdout, ran.stderr);
    return ran;
  };

  const made = await home.run(["init", "--kdf-memory", "64", "--recovery-code-to-fd", "2"]);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /^Vault made at .* and unlocked\.\n$/);
  const code = /^[0-9A-Z]{4}(-[0-9A-Z]{2,4}){8}$/m.exec(made.stderr)?.[0] ?? "";
  assert.notEqual(code, "", "the recovery code goes where it was asked to");
  assert.ok(!made.stdout.includes(code));

  const added = await run(["add", "GITHUB_TOKEN", "--inject", "env", "--tag", "ci", "--expires", "30d"], {
    stdin: `${first}\n`,
  });
  assert.equal(added.status, 0, added.stderr);
  assert.match(added.stdout, /^Stored GITHUB_TOKEN \(env: hidden from the transcript, not from a hostile command\)\n$/);
  const sealed = await run(["add", "STRIPE_KEY", "--host", "api.stripe.com"], { stdin: second });
  assert.equal(sealed.status, 0, sealed.stderr);
  assert.match(sealed.stderr, /does not have/, "sealed use is not promised before it exists");

  const list = await run(["list"], { passphrase: null });
  assert.equal(list.stderr, "");
  assert.match(list.stdout, /^NAME +KIND +USE +HOSTS/);
  assert.match(list.stdout, /^GITHUB_TOKEN +token +env\* +- +in 29d 23h +never +#ci$/m);
  assert.match(list.stdout, /^STRIPE_KEY +token +sealed +api\.stripe\.com/m);
  assert.match(list.stdout, /^\* hidden from the transcript, not from a hostile command$/m);
  const filtered = await run(["list", "--tag", "ci", "--json"], { passphrase: null });
  assert.deepEqual(JSON.parse(filtered.stdout).secrets.map((s: { name: string }) => s.name), ["GITHUB_TOKEN"]);

  const shown = await run(["show", "GITHUB_TOKEN"], { passphrase: null });
  assert.match(shown.stdout, /^use: +env: hidden from the transcript, not from a hostile command$/m);
  assert.equal(shown.stderr, "");
  const document = JSON.parse((await run(["show", "STRIPE_KEY", "--json"], { passphrase: null })).stdout);
  assert.deepEqual(document.destinations, ["api.stripe.com"]);
  assert.deepEqual(Object.keys(document).filter((key) => /value|length|prefix/.test(key)), []);

  const edited = await run(["edit", "STRIPE_KEY", "--inject", "env", "--kind", "key"]);
  assert.equal(edited.stdout, "Changed STRIPE_KEY.\n");
  assert.match((await run(["show", "STRIPE_KEY"], { passphrase: null })).stdout, /^kind: +key$/m);

  const used = await run(
    ["run", "--secret", "GITHUB_TOKEN=TOKEN", "--", "sh", "-c", 'printf %s "$TOKEN" | sha256sum'],
    {
      passphrase: null,
    },
  );
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(first)));
  assert.equal(used.stdout.split(" ")[0], [...hash].map((b) => b.toString(16).padStart(2, "0")).join(""), used.stderr);

  const removed = await run(["remove", "STRIPE_KEY", "--yes"]);
  assert.equal(removed.stdout, "Removed STRIPE_KEY\n");
  assert.equal((await run(["show", "STRIPE_KEY"], { passphrase: null })).status, 7);

  assert.equal((await run(["lock"], { passphrase: null })).stdout, "Locked.\n");
  const status = await run(["status", "--json"], { passphrase: null });
  assert.equal(status.status, 3);
  assert.equal(JSON.parse(status.stdout).state, "locked");
  assert.equal((await run(["unlock"], { passphrase: "wrong horse 7 battery" })).status, 5);
  const unlocked = await run(["unlock", "--idle", "2h", "--absolute", "3h"]);
  assert.match(unlocked.stdout, /^Unlocked: 1 secret; locks in 2h unless used, at .* in any case\.\n$/);
  assert.match((await run(["unlock"])).stdout, /^Already unlocked;/);

  const changed = await run(["passwd", "--kdf-memory", "64"], { passphrase: `${PASSPHRASE}\nanother horse 8 battery` });
  assert.equal(changed.status, 0, changed.stderr);
  assert.match(
    changed.stdout,
    /^Passphrase changed\.\n\d+ backups now open with what opens the vault, and no longer .*\nCopies that you made/,
  );
  assert.equal((await run(["unlock", "--again"])).status, 5, "the old passphrase is out of force");
  assert.equal((await run(["recovery", "--check"], { passphrase: code })).status, 0);
  const wrong = await run(["recovery", "--check"], { passphrase: code.replace(/.$/, (c) => c === "A" ? "B" : "A") });
  assert.equal(wrong.status, 5);
  const recovered = await run(["passwd", "--recovery", "--kdf-memory", "64"], {
    passphrase: `${code}\nthird horse 9 battery`,
  });
  assert.equal(recovered.status, 0, recovered.stderr);
  const renewed = await home.run(["recovery", "--recovery-code-to-fd", "2"], { passphrase: "third horse 9 battery" });
  assert.equal(renewed.status, 0, renewed.stderr);
  assert.equal((await run(["recovery", "--check"], { passphrase: code })).status, 5, "the old code is out of force");

  const audit = await run(["audit", "--secret", "GITHUB_TOKEN", "--json"], { passphrase: null });
  const events = JSON.parse(audit.stdout).records.map((r: { event: string }) => r.event);
  assert.ok(events.includes("add"), `audit has ${events}`);
  const verified = await run(["audit", "verify"], { passphrase: null });
  assert.equal(verified.status, 0, verified.stdout);
  assert.match(verified.stdout, /every seal holds/);
  assert.equal((await run(["doctor", "--json"], { passphrase: null })).status, 0);

  const secrets = {
    first,
    second,
    code,
    passphrase: PASSPHRASE,
    "second passphrase": "another horse 8 battery",
    "third passphrase": "third horse 9 battery",
  };
  assert.deepEqual(home.leaks(secrets, ...outputs), []);
  assert.ok(home.leaks({ control: "GITHUB_TOKEN" }, ...outputs).length > 0, "the search finds what is there");
});

Deno.test("many secrets are stored under one passphrase, weak ones only with --weak", async () => {
  await using home = await TestHome.initialised();
  const weak = await home.run(["add", "PIN", "--inject", "env"], { stdin: "1234" });
  assert.equal(weak.status, 4);
  assert.match(weak.stderr, /^tacit: error: Cannot store "PIN": .*\ntacit: hint: --weak/);
  assert.equal(weak.stdout, "");
  const insisted = await home.run(["add", "PIN", "--inject", "env", "--weak"], { stdin: "1234" });
  assert.equal(insisted.status, 0);
  assert.match((await home.run(["list"], { passphrase: null })).stdout, /^PIN .* weak$/m);

  const value = newCanary();
  assert.equal((await home.run(["add", "KEY", "--inject", "env"], { stdin: value })).status, 0);
  assert.equal(
    (await home.run(["add", "KEY", "--inject", "env"], { stdin: value })).status,
    7,
    "a name is not overwritten",
  );
  assert.equal((await home.run(["add", "KEY", "--replace"], { stdin: newCanary() })).status, 0);
  assert.match((await home.run(["show", "KEY"], { passphrase: null })).stdout, /revision 2 of the value/);
  const both = await home.run(["add", "KEY", "--replace", "--inject", "file"], { stdin: newCanary() });
  assert.equal(both.status, 2, "a grant that would be lost is refused");
});

Deno.test("init refuses a home that has a vault, and a script that nobody could hand a recovery code", async () => {
  await using home = new TestHome();
  const unsaid = await home.run(["init", "--kdf-memory", "64"]);
  assert.equal(unsaid.status, 2);
  assert.match(unsaid.stderr, /--no-recovery/);
  const stdout = await home.run(["init", "--kdf-memory", "64", "--recovery-code-to-fd", "1"]);
  assert.equal(stdout.status, 2);
  const short = await home.run(["init", "--no-recovery", "--kdf-memory", "64"], { passphrase: "short" });
  assert.equal(short.status, 2);
  assert.match(short.stderr, /fewer than 8 characters/);
  assert.equal((await home.run(["init", "--no-recovery", "--kdf-memory", "63"])).status, 2);
  assert.throws(() => Deno.lstatSync(home.dir), "a refused init leaves nothing behind");
  assert.equal((await home.run(["init", "--no-recovery", "--kdf-memory", "64"])).status, 0);
  const again = await home.run(["init", "--no-recovery", "--kdf-memory", "64"]);
  assert.equal(again.status, 7);
  assert.match(again.stderr, /tacit: hint: tacit --home .* unlock\n/);
});

Deno.test("without a vault or a daemon, each verb says the one command that helps", async () => {
  await using home = new TestHome();
  for (
    const args of [["unlock"], ["passwd"], ["recovery"], ["rekey"], ["list"], ["add", "X", "--inject", "env"], [
      "show",
      "X",
    ]]
  ) {
    const ran = await home.run(args, { passphrase: null });
    assert.equal(ran.status, 7, args.join(" "));
    assert.match(ran.stderr, /tacit: hint: tacit --home \S+ init\n$/, args.join(" "));
    assert.equal(ran.stdout, "");
  }
  const status = await home.run(["status"], { passphrase: null });
  assert.equal(status.status, 3);
  assert.match(status.stdout, /^state: no vault yet$/m);
  assert.equal((await home.run(["lock"], { passphrase: null })).status, 0);
});

Deno.test("a daemon that was never unlocked is no empty vault", async () => {
  await using home = await TestHome.initialised();
  await home.store("API_KEY", newCanary());
  await home.stop();
  const [program = "", ...args] = home.command(["daemon"]);
  const daemon = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    env: plainEnvironment(),
    clearEnv: true,
  }).spawn();
  const state = async () => JSON.parse((await home.run(["status", "--json"], { passphrase: null })).stdout).state;
  for (let tries = 0; tries < 50 && await state() !== "never_unlocked"; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const args of [["list"], ["show", "API_KEY"], ["remove", "API_KEY", "--yes"]]) {
    const ran = await home.run(args);
    assert.equal(ran.status, 3, args.join(" "));
    assert.match(ran.stderr, /the vault is locked\ntacit: hint: tacit .*unlock\n$/);
  }
  assert.equal((await home.run(["unlock"])).status, 0, "unlock replaces it");
  assert.match((await home.run(["list"], { passphrase: null })).stdout, /^API_KEY /m);
  await daemon.status;
});

Deno.test({
  name: "the daemon inherits no descriptor of whoever unlocked, nor its environment",
  // It hides both from everyone but root.
  ...leftOut(NOT_LINUX ?? NOT_ROOT),
  fn: async () => {
    await using home = await TestHome.initialised();
    const ran = await home.run(["unlock", "--again"], { env: { SPY_VARIABLE: "x" } });
    assert.equal(ran.status, 0, ran.stderr);
    const { pid } = JSON.parse((await home.run(["status", "--json"], { passphrase: null })).stdout);
    const links = [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      } catch {
        return "";
      }
    });
    assert.ok(links.length > 3);
    assert.deepEqual(links.filter((link) => link.includes("given-")), []);
    assert.ok(!Deno.readTextFileSync(`/proc/${pid}/environ`).includes("SPY_VARIABLE"));
  },
});
