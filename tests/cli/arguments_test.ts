/** Command lines that are refused: what is said, what is not repeated, and that nothing was read or done. */
import assert from "node:assert/strict";
import { homesOf } from "../../lib/paths.ts";
import { newCanary } from "../kit/canary.ts";
import { FakeAdmin } from "../kit/fake_admin.ts";
import { leftOut } from "../kit/left_out.ts";
import { tacitCommand } from "../kit/program.ts";
import { noTerminalReason, onTerminal } from "./terminal_session.ts";
import { runCommand, TestHome } from "./test_home.ts";

Deno.test("a value in the arguments is refused without being repeated, with the safe command as hint", async () => {
  await using home = await TestHome.initialised();
  const value = newCanary();
  const token = "AKIAIOSFODNN7EXAMPLE";
  for (
    const args of [
      ["add", `API_KEY=${value}`],
      ["add", "API_KEY", value],
      ["add", "API_KEY", "--value", value],
      ["add", "API_KEY", `--value=${value}`],
      ["add", "API_KEY", token, "--inject", "env"],
      ["add", value],
      ["edit", "API_KEY", "--value", value],
      ["add", "API_KEY", `--token=${value}`],
      ["add", "API_KEY", "--inject", "env", `--secret=${value}`],
      ["unlock", value],
      ["unlock", `--passphrase=${value}`],
      ["unlock", "--passphrase-fd", value],
      ["init", "--kdf-memory", value],
      [value],
      ["show", value],
      ["remove", value, "--yes"],
    ]
  ) {
    const ran = await home.run(args, { passphrase: null });
    const shown = args.join(" ").replace(value, "VALUE");
    assert.ok(ran.status === 2 || ran.status === 7, `${shown}: ${ran.status}`);
    assert.equal(ran.stdout, "", shown);
    assert.match(ran.stderr, /^tacit: error: Cannot .*[^.]\ntacit: hint: .+\n$/, shown);
    assert.deepEqual(home.leaks({ value, token }, ran.stdout, ran.stderr), [], shown);
  }
  const safe = await home.run(["add", `API_KEY=${value}`], { passphrase: null });
  assert.match(safe.stderr, /hint: tacit .*add API_KEY .*or: tacit .*add API_KEY < file/);
  assert.equal((await home.run(["list"], { passphrase: null })).stdout, "", "nothing was stored");
});

Deno.test("under an agent's marker, verbs that read a secret refuse before they read anything", async () => {
  await using home = await TestHome.initialised();
  const markers = ["CLAUDECODE", "CODEX_SANDBOX", "GEMINI_CLI", "OPENCODE", "QWEN_CODE", "CURSOR_AGENT", "AI_AGENT"];
  const verbs = [["init"], ["unlock"], ["add", "KEY"], ["passwd"], ["import", ".env"], ["edit", "KEY"], ["recovery"], [
    "rekey",
  ]];
  const calls = [
    ...verbs.map((args) => ({ args, marker: "CLAUDECODE" })),
    ...markers.map((marker) => ({ args: ["unlock"], marker })),
  ];
  for (const { args, marker } of calls) {
    const ran = await home.run(args, { env: { [marker]: "1" }, stdin: "never read" });
    assert.equal(ran.status, 10, `${marker} ${args}: ${ran.stderr}`);
    assert.match(ran.stderr, /hint: open another terminal and run: tacit/);
    assert.equal(ran.stdout, "");
  }
  // What reads nothing is an agent's good right.
  for (const args of [["status"], ["list"], ["lock"], ["doctor"], ["audit"]]) {
    const ran = await home.run(args, { env: { CLAUDECODE: "1" }, passphrase: null });
    assert.notEqual(ran.status, 10, args.join(" "));
  }
});

Deno.test({
  name: "under an agent's marker, no prompt appears on its terminal",
  ...leftOut(noTerminalReason()),
  fn: async () => {
    await using home = await TestHome.initialised();
    const shown = await onTerminal(home.command(["unlock", "--again"]), [], { CLAUDECODE: "1" });
    assert.equal(shown.status, 10);
    assert.ok(!shown.screen.includes("Passphrase"));
  },
});

Deno.test("a mistyped verb or flag names the nearest one", async () => {
  await using home = new TestHome();
  for (
    const [args, expected] of [
      [["lsit"], /no such verb as "lsit"\ntacit: hint: did you mean: tacit list\n$/],
      [["list", "--jsn"], /unknown option "--jsn"\ntacit: hint: did you mean --json\?\n$/],
      [["frobnicate"], /no such verb as "frobnicate"\ntacit: hint: tacit --help\n$/],
      [["add"], /missing required argument 'name'\ntacit: hint: tacit add --help\n$/],
      [["lock", "now"], /more arguments than this verb takes/],
      [["audit", "--last", "many"], /not a whole number/],
      [["add", "KEY", "--inject", "sideways"], /--inject: .*not one of sealed, env, file/],
      [["add", "KEY", "--expires", "soon"], /neither a duration nor a date/],
      [["add", "KEY", "--host", "http://example.com"], /only https/],
      [["add", "KEY", "--inject", "sealed"], /.*/],
      [["add", "github-token"], /not a secret's name[^]*tacit add GITHUB_TOKEN\n$/],
      [["run", "ls", "-la"], /hint: tacit run \[options\] -- command/],
      [["completions", "csh"], /bash, zsh, fish/],
      [["unlock", "--idle", "forever"], /not a duration/],
      [["edit", "KEY"], /not said what to change/],
      [["unlock", "--passphrase-fd", "3", "--passphrase-file", "x"], /two places/],
    ] as [string[], RegExp][]
  ) {
    const ran = await home.run(args, { passphrase: null });
    assert.ok([2, 7].includes(ran.status), `${args.join(" ")}: ${ran.status}`);
    assert.match(ran.stderr.replaceAll(` --home ${home.dir}`, ""), expected, args.join(" "));
    assert.equal(ran.stdout, "");
  }
});

Deno.test("tacit alone prints help, which lists visible verbs only; --version prints the version", async () => {
  const alone = await runCommand(tacitCommand());
  assert.equal(alone.status, 0);
  assert.equal(alone.stderr, "");
  assert.match(alone.stdout, /^Usage: tacit/);
  assert.match(alone.stdout, /^Example:\n {2}tacit init/m);
  assert.deepEqual(alone.stdout.match(/^ {2}(exec|daemon|complete)\b.*/gm), null);
  const helped = await runCommand([...tacitCommand(), "--help"]);
  assert.equal(helped.stdout, alone.stdout);
  const version = await runCommand([...tacitCommand(), "--version"]);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("with --json, an error is one document on stdout with a stable code", async () => {
  await using home = await TestHome.initialised();
  await home.run(["lock"], { passphrase: null });
  const ran = await home.run(["add", "KEY", "--inject", "env", "--json"], { passphrase: null });
  assert.equal(ran.status, 3);
  const { error } = JSON.parse(ran.stdout);
  assert.deepEqual(Object.keys(error), ["code", "message", "hint", "exit"]);
  assert.equal(error.code, "locked");
  assert.equal(error.exit, 3);
  const unknown = await home.run(["show", "NO_SUCH", "--json"], { passphrase: null });
  assert.equal(JSON.parse(unknown.stdout).error.exit, 7);
});

Deno.test("completion offers verbs, flags and names, evaluates nothing, and is silent without a daemon", async () => {
  await using home = await TestHome.initialised();
  await home.store("GITHUB_TOKEN", newCanary());
  const complete = async (...words: string[]) => {
    const ran = await home.run(["complete", "--", "--home", home.dir, ...words], { passphrase: null });
    assert.equal(ran.stderr, "");
    assert.equal(ran.status, 0);
    return ran.stdout.split("\n").filter((line) => line !== "");
  };
  assert.deepEqual(await complete("sh"), ["show"]);
  assert.deepEqual(await complete("show", "G"), ["GITHUB_TOKEN"]);
  assert.deepEqual(await complete("add", "--inj"), ["--inject"]);
  assert.deepEqual(await complete("audit", ""), ["verify"]);
  assert.deepEqual(await complete("run", "--", "c"), []);
  assert.ok(!(await complete("")).includes("daemon"));
  for (const shell of ["bash", "zsh", "fish"]) {
    const ran = await home.run(["completions", shell], { passphrase: null });
    assert.match(ran.stdout, /tacit complete -- /);
    assert.ok(!ran.stdout.includes("eval"), `${shell} must not evaluate what was typed`);
  }
  const script = `tacit() { ${tacitCommand().join(" ")} "$@"; }; source <(tacit completions bash)
    COMP_WORDS=(tacit --home ${home.dir} show '$(touch ${home.base}/ran)' ''); COMP_CWORD=5; _tacit; echo "\${COMPREPLY[@]}"`;
  assert.equal((await runCommand(["bash", "-c", script])).stdout, "GITHUB_TOKEN\n");
  assert.throws(() => Deno.lstatSync(`${home.base}/ran`));
  await home.run(["lock"], { passphrase: null });
});

Deno.test("completion does not hang on a daemon that does not answer, and other verbs say so", async () => {
  await using home = new TestHome();
  const homes = homesOf(home.dir);
  Deno.mkdirSync(home.dir, { mode: 0o700 });
  Deno.writeFileSync(homes.vault, new Uint8Array(1), { mode: 0o600 });
  await using _ = new FakeAdmin({ ...homes, adminSocket: homes.useSocket }, () => "silence");
  const floor = (await home.run(["complete", "--", "sh"], { passphrase: null })).ms;
  const ran = await home.run(["complete", "--", "--home", home.dir, "show", ""], { passphrase: null });
  assert.equal(ran.status, 0);
  assert.equal(ran.stdout, "");
  assert.ok(ran.ms < 10_000 + 5 * floor, `${ran.ms} ms, where completion of a verb takes ${floor} ms`);
  const list = await home.run(["add", "KEY", "--inject", "env"], { passphrase: null });
  assert.equal(list.status, 3);
  assert.match(list.stderr, /Cannot reach "the tacit daemon": no answer within \d+ ms\n/);
});
