import assert from "node:assert/strict";
import { join } from "node:path";
import { type FakeDaemon, startFakeDaemon } from "../../tests/kit/fake_daemon.ts";
import { leftOut, NOT_LINUX } from "../../tests/kit/left_out.ts";
import { tacitCommand } from "../../tests/kit/program.ts";
import { channelLine, channelScript, newToken, openShellChannel, scriptPath } from "./shell_channel.ts";

const VALUE = "kzChannelValue0123456789abcdefghijkl";
const MARKER = "[REDACTED:TOKEN]";
const ON_LINUX = leftOut(NOT_LINUX);

interface Ran {
  code: number;
  /** stdout and stderr as they came, in one file, as Claude Code collects them. */
  output: string;
}

interface Stage {
  daemon: FakeDaemon;
  dir: string;
  run(command: string, apart?: boolean): Promise<Ran & { stderr: string }>;
}

async function withStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  const daemon = await startFakeDaemon({ TOKEN: VALUE });
  const { homes } = daemon;
  const dir = homes.chosen ?? "";
  const program = [...tacitCommand(), "--home", dir];
  try {
    await Deno.writeTextFile(scriptPath(homes), channelScript(homes, program, newToken()), { mode: 0o600 });
    await Deno.writeTextFile(join(dir, "leak"), `t=${VALUE}\n`);
    const run = async (command: string, apart = false) => {
      // The text that Claude Code 2.1.330 gives to bash.
      const quoted = command.replaceAll("'", `'"'"'`);
      const text = `source /dev/null 2>/dev/null || true && ${channelLine(homes)}\n` +
        `: && \\builtin shopt -u extglob 2>/dev/null || true && eval '${quoted}' && pwd -P >| ${dir}/cwd`;
      const [out, err] = [join(dir, "out"), join(dir, "err")];
      const redirect = `exec bash -c "$0" >>'${out}' 2>${apart ? `>'${err}'` : "&1"}`;
      for (const file of [out, err]) await Deno.writeTextFile(file, "");
      const ended = await new Deno.Command("bash", { args: ["-c", redirect, text], cwd: dir, stdin: "null" }).output();
      return { code: ended.code, output: await Deno.readTextFile(out), stderr: await Deno.readTextFile(err) };
    };
    await play({ daemon, dir, run });
  } finally {
    await daemon.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test({
  name: "shell channel: a failing command's output is scrubbed, its status and order kept",
  ...ON_LINUX,
  fn: () =>
    withStage(async ({ run, dir }) => {
      const { code, output } = await run("echo one; cat leak >&2; echo three; cat leak; exit 3");
      assert.equal(code, 3);
      assert.equal(output, `one\nt=${MARKER}\nthree\nt=${MARKER}\n`);
      const ok = await run("cd / && cat " + join(dir, "leak"));
      assert.deepEqual([ok.code, ok.output], [0, `t=${MARKER}\n`]);
      assert.equal(await Deno.readTextFile(join(dir, "cwd")), "/\n");
    }),
});

Deno.test({
  name: "shell channel: a command's own traps, exec, signals and variables are its own",
  ...ON_LINUX,
  fn: () =>
    withStage(async ({ run }) => {
      const trap = await run(`trap 'cat leak; echo bye' EXIT; echo hi`);
      assert.deepEqual([trap.code, trap.output], [0, `hi\nt=${MARKER}\nbye\n`]);
      const replaced = await run("exec cat leak");
      assert.deepEqual([replaced.code, replaced.output], [0, `t=${MARKER}\n`]);
      const killed = await run("echo hi; kill -9 $BASHPID");
      assert.deepEqual([killed.code, killed.output], [137, "hi\n"]);
      const clean = await run(
        "compgen -v | grep -c __tacit; declare -F | grep -c __tacit; env | grep TACIT | grep -vc TACIT_TEST; true",
      );
      assert.equal(clean.output, "0\n0\n0\n");
      const again = await patiently(() => run(`${"echo"} x; . "$BASH_SOURCE" 2>/dev/null; echo y`), "x\ny\n");
      assert.equal(again.output, "x\ny\n");
      const nested = await run("bash -c 'cat leak'; (cat leak); coproc cat leak; cat <&\"${COPROC[0]}\"");
      assert.equal(nested.output, `t=${MARKER}\n`.repeat(3));
    }),
});

Deno.test({
  name: "shell channel: large output comes out whole and clean",
  ...ON_LINUX,
  fn: () =>
    withStage(async ({ run, daemon }) => {
      const { code, output } = await run('for i in {1..20000}; do echo "$i $(<leak)"; done');
      assert.equal(code, 0);
      const expected = Array.from({ length: 20_000 }, (_, i) => `${i + 1} t=${MARKER}\n`).join("");
      assert.ok(output === expected, `${output.length} of ${expected.length} bytes`);
      const feeds = daemon.asked.filter((message) => message["verb"] === "feed").length;
      assert.ok(feeds > 1, "all in one piece proves nothing about pieces");
    }),
});

Deno.test({
  name: "shell channel: a server left in the background neither hangs the call nor escapes the scrubber",
  ...ON_LINUX,
  fn: () =>
    withStage(async ({ run, dir }) => {
      const server = "while ! [ -e go ]; do sleep 0.05; done; cat leak; echo later";
      const { code, output } = await run(`(${server}) & echo started`);
      assert.deepEqual([code, output], [0, "started\n"]);
      await Deno.writeTextFile(join(dir, "go"), "");
      for (let i = 0; i < 1000 && !(await Deno.readTextFile(join(dir, "out"))).includes("later"); i++) {
        await new Promise((done) => setTimeout(done, 50));
      }
      assert.equal(await Deno.readTextFile(join(dir, "out")), `started\nt=${MARKER}\nlater\n`);
    }),
});

Deno.test({
  name: "shell channel: streams that go apart stay apart, both scrubbed",
  ...ON_LINUX,
  fn: () =>
    withStage(async ({ run }) => {
      const { code, output, stderr } = await run("cat leak; cat leak >&2; echo e >&2; false", true);
      assert.equal(code, 1);
      assert.equal(output, `t=${MARKER}\n`);
      assert.equal(stderr, `t=${MARKER}\ne\n`);
    }),
});

Deno.test({
  name: "shell channel: without socket, program or key the output stays as it is",
  ...ON_LINUX,
  fn: () =>
    withStage(async ({ run, daemon, dir }) => {
      const plain = `t=${VALUE}\n`;
      daemon.state = "never_unlocked";
      assert.deepEqual((await run("cat leak; exit 4")).output, plain);
      await Deno.remove(daemon.homes.useSocket);
      const asked = daemon.asked.length;
      const away = await run("cat leak; exit 4");
      assert.deepEqual([away.code, away.output, daemon.asked.length], [4, plain, asked]);
      // A socket that nobody listens at.
      Deno.listen({ transport: "unix", path: daemon.homes.useSocket }).close();
      await new Deno.Command("python3", {
        args: ["-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", daemon.homes.useSocket],
      }).output().catch(() => {});
      const dead = await patiently(() => run("cat leak; exit 4"), plain);
      assert.deepEqual([dead.code, dead.output], [4, plain]);
      const script = await Deno.readTextFile(scriptPath(daemon.homes));
      await Deno.writeTextFile(scriptPath(daemon.homes), script.replaceAll(tacitCommand()[0], join(dir, "gone")));
      assert.deepEqual((await run("cat leak; exit 4")).output, plain);
      await Deno.remove(scriptPath(daemon.homes));
      assert.deepEqual((await run("cat leak; exit 4")).code, 4);
    }),
});

Deno.test({
  name: "shell channel: what the agent's shell gets is one line, once, and the script is the user's alone",
  ...ON_LINUX,
  fn: () =>
    withStage(async ({ daemon, dir }) => {
      const file = join(dir, "sessionstart-hook-0.sh");
      await Deno.writeTextFile(file, "export OTHER=1");
      for (let i = 0; i < 2; i++) await openShellChannel(daemon.homes, ["/opt/tacit"], file);
      assert.equal(await Deno.readTextFile(file), `export OTHER=1\n${channelLine(daemon.homes)}\n`);
      const script = scriptPath(daemon.homes);
      assert.equal(channelLine(daemon.homes), `[ -r '${script}' ] && . '${script}'`);
      assert.equal((Deno.statSync(script).mode ?? 0) & 0o777, 0o600);
    }),
});

/** The shell waits a bounded time for what stands behind its output; a busy machine may need another try. */
async function patiently<T extends { output: string }>(run: () => Promise<T>, expected: string): Promise<T> {
  for (let tries = 3;; tries--) {
    const ran = await run();
    if (ran.output === expected || tries <= 1) return ran;
  }
}
