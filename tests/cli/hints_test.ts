/** A hint is a command that helps: what it proposes is typed here, and must do what was missing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { tacitCommand } from "../kit/program.ts";
import { PASSPHRASE, runCommand, TestHome } from "./test_home.ts";

/** The arguments of the only `tacit … restore …` that `text` proposes. */
function restoreIn(text: string): string[] {
  const found = /tacit --home \S+ (restore(?: latest)?)/.exec(text)?.[1];
  assert.ok(found !== undefined, `no command in: ${text}`);
  return found.split(" ");
}

Deno.test("a damaged or missing vault: the hint of whatever verb meets it, and of doctor, brings back the newest backup", async () => {
  await using home = await TestHome.initialised();
  await home.store("FIRST_KEY", newCanary());
  // What drops a value leaves a backup, however the file is saved.
  assert.equal((await home.run(["add", "FIRST_KEY", "--replace"], { stdin: newCanary() })).status, 0);
  const vault = join(home.dir, "vault.asv1");
  const good = Deno.readFileSync(vault);
  const cases: [string, () => void][] = [
    ["sealed part", () => Deno.writeFileSync(vault, good.map((byte, i) => i === good.length - 200 ? byte ^ 1 : byte))],
    ["header", () => Deno.writeTextFileSync(vault, "junk\n")],
    ["missing", () => Deno.removeSync(vault)],
  ];
  for (const [what, spoil] of cases) {
    await home.stop();
    spoil();
    const refused = await home.run(["unlock"]);
    assert.equal(refused.status, what === "missing" ? 7 : 6, refused.stderr);
    const doctor = await home.run(["doctor"], { passphrase: null });
    assert.equal(doctor.status, what === "sealed part" ? 0 : 1, doctor.stdout);
    assert.deepEqual(restoreIn(refused.stderr).slice(0, 1), ["restore"]);
    const [verb = "", which = "latest"] = restoreIn(what === "sealed part" ? refused.stderr : doctor.stdout);
    const restored = await home.run([verb, which, "--yes"]);
    assert.equal(restored.status, 0, restored.stderr);
    assert.match(restored.stdout, /^The vault is unlocked\.$/m);
    assert.match((await home.run(["list"], { passphrase: null })).stdout, /^FIRST_KEY /m);
  }
  if (Deno.build.os === "linux") assert.equal((await home.run(["doctor"], { passphrase: null })).status, 0);
});

Deno.test("where backups tell of a vault that is missing, every verb names the way back, and init makes no other", async () => {
  await using home = await TestHome.initialised();
  await home.store("API_KEY", newCanary());
  await home.stop();
  Deno.removeSync(join(home.dir, "vault.asv1"));
  for (const args of [["unlock"], ["list"], ["passwd"], ["init", "--no-recovery"], ["add", "X", "--inject", "env"]]) {
    const ran = await home.run(args);
    assert.equal(ran.status, 7, args.join(" "));
    assert.match(ran.stderr, /hint: tacit --home \S+ restore latest/, args.join(" "));
  }
});

Deno.test("no hint proposes to close a directory that others need", async () => {
  for (const shared of ["/", "/tmp"]) {
    const ran = await runCommand([...tacitCommand(), "--home", shared, "list"], { cwd: "/" });
    assert.equal(ran.status, 2, ran.stderr);
    assert.doesNotMatch(ran.stderr, /chmod/);
  }
});

Deno.test("tacit help is the help, of one verb too, and of an unknown verb an error", async () => {
  const ran = async (...args: string[]) => await runCommand([...tacitCommand(), ...args], { cwd: "/" });
  assert.match((await ran("help")).stdout, /^Usage: tacit \[options\]/);
  assert.match((await ran("help", "add")).stdout, /^Usage: tacit add /);
  const unknown = await ran("help", "statsu");
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /no such verb.*\n.*did you mean: tacit status/);
});

Deno.test("a passphrase is never awaited from a descriptor that is for output", async () => {
  await using home = new TestHome();
  for (const fd of ["1", "2"]) {
    const ran = await home.run(["init", "--no-recovery", "--passphrase-fd", fd], { passphrase: null });
    assert.equal(ran.status, 2, ran.stderr);
    assert.match(ran.stderr, /it is for output/);
  }
});

Deno.test("in an agent's shell the hint is a whole command, and repeats nothing that was typed", async () => {
  await using home = new TestHome();
  for (const [verb, whole] of [["add", "add NAME"], ["remove", "remove NAME"], ["import", "import .env"]] as const) {
    const typed = newCanary();
    const ran = await home.run([verb, typed], { passphrase: null, env: { CLAUDECODE: "1" } });
    assert.equal(ran.status, 10, ran.stderr);
    assert.ok(ran.stderr.includes(whole), ran.stderr);
    assert.ok(!ran.stderr.includes(typed));
  }
});

Deno.test("a wrong recovery code is not answered with the way that asks for it", async () => {
  await using home = await TestHome.initialised();
  const other = await new Deno.Command("bash", {
    args: ["-c", `exec 3<<<"${PASSPHRASE}"; "$@" --passphrase-fd 3 recovery --recovery-code-to-fd 2 2>&1`, "-"]
      .concat(home.command([])),
    cwd: home.base,
  }).output();
  const code = /[0-9A-Z]{4}(-[0-9A-Z]{2,4}){8}/.exec(new TextDecoder().decode(other.stdout))?.[0];
  assert.ok(code !== undefined);
  assert.equal((await home.run(["recovery", "--remove"])).status, 0);
  const ran = await home.run(["recovery", "--check"], { passphrase: code });
  assert.equal(ran.status, 5, ran.stderr);
  assert.doesNotMatch(ran.stderr, /--recovery/);
  assert.match(ran.stderr, /hint: .*unlock/);
  const nobody = await home.run(["recovery"]);
  assert.doesNotMatch(nobody.stderr, /--no-recovery/);
});

Deno.test("import says of a tracked file that it is, and proposes whole commands", async () => {
  await using home = await TestHome.initialised();
  const path = join(home.base, "my app.env");
  Deno.writeTextFileSync(path, `TOKEN=${newCanary()}\nPORT=3000\n`);
  const git = (...args: string[]) => new Deno.Command("git", { args, cwd: home.base, stdout: "null" }).output();
  await git("init", "-q");
  await git("add", "my app.env");
  const ran = await home.run(["import", path, "--yes"], { cwd: "/" });
  assert.match(ran.stderr, /warning: .*tracked by git/);
  assert.ok(ran.stderr.includes(`import '${path}' --weak`), ran.stderr);
});

Deno.test("a value with a zero byte goes to a file, also in the place of another value", async () => {
  await using home = await TestHome.initialised();
  const value = `${newCanary()}\0${newCanary()}`;
  await home.store("TOKEN", newCanary());
  for (const flags of [["NEW_TOKEN", "--inject", "env"], ["TOKEN", "--replace"]]) {
    const ran = await home.run(["add", ...flags], { stdin: value });
    assert.equal(ran.status, 2, ran.stderr);
    assert.match(ran.stderr, /zero byte[^]*--inject file/);
  }
  assert.equal((await home.run(["add", "NEW_TOKEN", "--inject", "file"], { stdin: value })).status, 0);
  const refused = await home.run(["run", "--secret", "NEW_TOKEN", "--", "true"], { passphrase: null });
  assert.equal(refused.status, 4);
  assert.match(refused.stderr, /--inject file --inject env/);
});
