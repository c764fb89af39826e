/** A project that sets TACIT_HOME gets nowhere; a home that is not ours alone is refused; a prompt names a chosen one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { leftOut } from "../kit/left_out.ts";
import { tacitCommand } from "../kit/program.ts";
import { noTerminalReason, onTerminal } from "./terminal_session.ts";
import { runCommand, TestHome } from "./test_home.ts";

const tacit = (args: string[], env: Record<string, string>, cwd: string) =>
  runCommand([...tacitCommand(), ...args], { env, cwd });

Deno.test("TACIT_HOME inside the project one stands in is refused, by every mark of a project", async () => {
  await using home = new TestHome();
  const project = join(home.base, "project");
  const below = join(project, "src", "deep");
  Deno.mkdirSync(below, { recursive: true });
  Deno.mkdirSync(join(project, ".git"));
  for (const chosen of [join(project, "vault"), project, join(below, "..", "vault")]) {
    const ran = await tacit(["status"], { TACIT_HOME: chosen }, below);
    assert.equal(ran.status, 2, ran.stdout);
    assert.match(ran.stderr, /TACIT_HOME: it lies inside the project/);
    assert.match(ran.stderr, /hint: unset TACIT_HOME/);
    assert.equal(ran.stdout, "");
  }
  // A link out of the project that leads back into it.
  Deno.symlinkSync(project, join(home.base, "alias"));
  assert.equal((await tacit(["status"], { TACIT_HOME: join(home.base, "alias", "vault") }, below)).status, 2);
  Deno.removeSync(join(project, ".git"));
  Deno.writeTextFileSync(join(project, ".envrc"), "export TACIT_HOME=$PWD/vault\n");
  assert.equal((await tacit(["status"], { TACIT_HOME: join(project, "vault") }, below)).status, 2);
  assert.equal((await tacit(["status"], { TACIT_HOME: join(home.base, "outside") }, below)).status, 3);
});

Deno.test("a chosen home must be absolute, a directory, no link, ours alone, and short enough for a socket", async () => {
  await using home = new TestHome();
  const open = join(home.base, "open");
  Deno.mkdirSync(open, { mode: 0o755 });
  Deno.chmodSync(open, 0o755);
  const file = join(home.base, "file");
  Deno.writeTextFileSync(file, "");
  const closed = join(home.base, "closed");
  Deno.mkdirSync(closed, { mode: 0o700 });
  Deno.symlinkSync(closed, join(home.base, "link"));
  for (
    const [chosen, state] of [
      ["relative/home", /not an absolute path/],
      [open, /others may look into it[^]*chmod 700/],
      [file, /not a directory/],
      [join(home.base, "link"), /symbolic link/],
      [join(home.base, "x".repeat(120)), /too long to hold a socket/],
    ] as [string, RegExp][]
  ) {
    for (const [args, env] of [[["--home", chosen, "status"], {}], [["status"], { TACIT_HOME: chosen }]] as const) {
      const ran = await tacit([...args], env, home.base);
      assert.equal(ran.status, 2, `${chosen}: ${ran.stderr}`);
      assert.match(ran.stderr, state);
    }
  }
  assert.equal((await tacit(["--home", closed, "status"], {}, home.base)).status, 3);
});

Deno.test("a passphrase file needs a home of its own, and must be readable by its owner only", async () => {
  await using home = await TestHome.initialised();
  const file = join(home.base, "passphrase");
  Deno.writeTextFileSync(file, "correct horse 7 battery\n", { mode: 0o644 });
  const own = await tacit(["unlock", "--passphrase-file", file], {}, home.base);
  assert.equal(own.status, 2);
  assert.match(own.stderr, /your own home from a file/);
  const readable = await home.run(["unlock", "--again", "--passphrase-file", file], { passphrase: null });
  assert.equal(readable.status, 2);
  assert.match(readable.stderr, /others may read it/);
  Deno.chmodSync(file, 0o600);
  const unlocked = await home.run(["unlock", "--again", "--passphrase-file", file], { passphrase: null });
  assert.equal(unlocked.status, 0, unlocked.stderr);
  assert.match((await home.run(["status"], { passphrase: null })).stdout, /^presence: +file: /m);
});

Deno.test({
  name: "the prompt names a home that TACIT_HOME chose",
  ...leftOut(noTerminalReason()),
  fn: async () => {
    await using home = await TestHome.initialised();
    const shown = await onTerminal([...tacitCommand(), "unlock", "--again"], [
      { expect: `Passphrase of ${home.dir}: `, type: "\x03" },
    ], { TACIT_HOME: home.dir });
    assert.equal(shown.left, 0, shown.screen);
    assert.equal(shown.status, 130);
  },
});

Deno.test("foreign code in the process is refused before a passphrase is read", async () => {
  await using home = await TestHome.initialised();
  const ran = await home.run(["unlock", "--again"], { env: { LD_PRELOAD: "/nowhere/spy.so" } });
  assert.equal(ran.status, 5, ran.stderr);
  assert.match(ran.stderr, /foreign code is loaded into this process \("LD_PRELOAD"\)/);
});
