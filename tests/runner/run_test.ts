/** `tacit run` as its user meets it: the value arrives, and shows up nowhere else. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { seededHome } from "../kit/seeded_home.ts";

const VALUE = `made-up-${crypto.randomUUID()}-Zq7`;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

Deno.test("tacit run", async (t) => {
  const home = await seededHome();
  const run = async (script: string, flags = ["--secret", "TOKEN"], options = {}) => {
    const ended = await home.tacit(["run", ...flags, "--", "bash", "-c", script], options);
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes(VALUE), "the value is in the output");
    return ended;
  };
  try {
    await home.add("TOKEN", VALUE);
    await home.add("KEYFILE", VALUE + "-file", ["--inject", "file"]);
    await home.add("SEALED", VALUE + "-sealed", ["--host", "api.example.com"]);

    await t.step("control: the same command without tacit shows the value", async () => {
      const env = { ...home.env, TOKEN: VALUE };
      const plain = await new Deno.Command("bash", { args: ["-c", 'echo "$TOKEN"'], env, clearEnv: true }).output();
      assert.ok(new TextDecoder().decode(plain.stdout).includes(VALUE));
    });

    await t.step("the value reaches the command", async () => {
      const ended = await run(`printf %s "$TOKEN" | sha256sum | cut -c1-64`);
      assert.equal(ended.stdout.trim(), sha256(VALUE), ended.stderr);
      assert.equal(ended.code, 0);
    });

    await t.step("stdout and stderr show the marker, raw and encoded", async () => {
      const ended = await run(`echo "a $TOKEN b"; echo "$TOKEN" >&2; printf %s "$TOKEN" | base64 -w0`);
      assert.equal(ended.stdout.split("\n")[0], "a [REDACTED:TOKEN] b");
      assert.equal(ended.stderr, "[REDACTED:TOKEN]\n");
      assert.ok(!ended.stdout.includes(btoa(VALUE).slice(0, 40)));
    });

    await t.step("a value written byte by byte, without newline at the end, is still replaced", async () => {
      const slow = `for ((i=0;i<\${#TOKEN};i++)); do printf %s "\${TOKEN:i:1}"; sleep 0.005; done`;
      assert.equal((await run(slow)).stdout, "[REDACTED:TOKEN]");
    });

    await t.step("other values of the vault are replaced too", async () => {
      await Deno.writeTextFile(`${home.work}/.env`, `X=${VALUE}-sealed\n`);
      assert.equal((await run("cat .env")).stdout, "X=[REDACTED:SEALED]\n");
    });

    await t.step("exit status, signal, stdin and a missing program are as in a shell", async () => {
      assert.equal((await run("exit 7")).code, 7);
      assert.equal((await run("kill -KILL $$")).code, 137);
      assert.equal((await run("cat", ["--secret", "TOKEN"], { stdin: "from stdin" })).stdout, "from stdin");
      const missing = await home.tacit(["run", "--secret", "TOKEN", "--", "no-such-program"]);
      assert.equal(missing.code, 127);
      assert.equal((await home.tacit(["run", "--", "cat", ".env"])).stdout, "X=[REDACTED:SEALED]\n");
      assert.match(missing.stderr, /Cannot run "no-such-program": not found/);
    });

    await t.step("no process has the value in its arguments, and the runner not in its environment", async () => {
      const look = `sleep 0.1; pat() { printf '%s\\n' "$TOKEN"; }
        cat /proc/[0-9]*/cmdline 2>/dev/null | grep -aqF -f <(pat) && echo in-argv
        cat /proc/$PPID/environ 2>/dev/null | grep -aqF -f <(pat) && echo in-runner
        cat /proc/$$/environ | grep -aqF -f <(pat) && echo in-child`;
      assert.equal((await run(look)).stdout, "in-child\n");
    });

    await t.step("the command dumps no core", async () => {
      assert.equal((await run("ulimit -c")).stdout, "0\n");
    });

    await t.step("a background child's output is scrubbed after the command has ended", async () => {
      const script = `(while ! [ -e go ]; do sleep 0.05; done; echo "late $TOKEN") & echo early`;
      const argv = ["run", "--secret", "TOKEN", "--", "bash", "-c", script];
      const [program = "", ...args] = [...home.command, ...argv];
      const child = new Deno.Command(program, {
        args,
        env: home.env,
        clearEnv: true,
        cwd: home.work,
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const text = new Response(child.stdout).text();
      // The child writes only once the runner has ended: one that waited for it would wait for ever.
      assert.equal((await child.status).code, 0);
      await Deno.writeTextFile(`${home.work}/go`, "");
      assert.equal(await text, "early\nlate [REDACTED:TOKEN]\n");
    });

    await t.step("a value that was replaced meanwhile is still scrubbed from a background child's output", async () => {
      const old = `made-up-${crypto.randomUUID()}-Kd2`;
      await home.add("ROTATED", old);
      const script = `touch started; (while ! [ -e rotated ]; do sleep 0.05; done; echo "late $ROTATED") &`;
      const argv = ["run", "--secret", "ROTATED", "--", "bash", "-c", script];
      const running = home.tacit(argv);
      while (!await exists(`${home.work}/started`)) await new Promise((resolve) => setTimeout(resolve, 10));
      // Past the runner's grace, so that the custodian has the pipe.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await home.add("ROTATED", `made-up-${crypto.randomUUID()}`, ["--replace"]);
      await Deno.writeTextFile(`${home.work}/rotated`, "");
      const ended = await running;
      assert.ok(!ended.stdout.includes(old), "the value is in the output");
      assert.equal(ended.stdout, "late [REDACTED:ROTATED]\n", ended.stderr);
    });

    await t.step("output that cannot be written is told, and the command runs to its end", async () => {
      const script = `${
        home.command.map((word) => `'${word}'`).join(" ")
      } run --secret TOKEN -- bash -c 'trap "" PIPE; seq 2000; sleep 0.2; touch went-on; exit 5' >/dev/full; echo "status $?"`;
      const ended = await new Deno.Command("bash", {
        args: ["-c", script],
        cwd: home.work,
        env: home.env,
        clearEnv: true,
      })
        .output();
      const [stdout, stderr] = [new TextDecoder().decode(ended.stdout), new TextDecoder().decode(ended.stderr)];
      assert.equal(stdout, "status 5\n", stderr);
      assert.match(stderr, /error: Cannot write the command's output: No space left/);
      assert.ok(await exists(`${home.work}/went-on`));
    });

    await t.step("a signal reaches the command", async () => {
      const [program = "", ...args] = [
        ...home.command,
        ...[
          "run",
          "--secret",
          "TOKEN",
          "--",
          "bash",
          "-c",
          "trap 'exit 9' TERM; touch ready; while :; do sleep 0.02; done",
        ],
      ];
      const child = new Deno.Command(program, {
        args,
        env: home.env,
        clearEnv: true,
        cwd: home.work,
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      while (!await exists(`${home.work}/ready`)) await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill("SIGTERM");
      assert.equal((await child.output()).code, 9);
    });

    await t.step("a file grant gives a 0600 file that is gone afterwards", async () => {
      const script = `stat -c %a "$KEY"; sha256sum < "$KEY" | cut -c1-64; echo "$KEY"`;
      const ended = await run(script, ["--file", "KEYFILE=KEY"]);
      const [mode, digest, path = ""] = ended.stdout.trim().split("\n");
      assert.deepEqual([mode, digest], ["600", sha256(VALUE + "-file")], ended.stderr);
      assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    });

    await t.step("references of an env file are filled, twice the same where it says so", async () => {
      await Deno.writeTextFile(`${home.work}/app.env`, "A=tacit://TOKEN\nB=tacit://TOKEN\nPLAIN='x y'\n");
      const ended = await run(`[ "$A" = "$B" ] && printf %s "$A" | sha256sum | cut -c1-64; echo "$PLAIN"`, [
        "--env-file",
        "app.env",
      ]);
      assert.equal(ended.stdout, `${sha256(VALUE)}\nx y\n`, ended.stderr);
    });

    await t.step("a sealed secret, or one without an environment grant, is refused and nothing runs", async () => {
      for (const name of ["SEALED", "KEYFILE"]) {
        const ended = await run("touch ran", ["--secret", name]);
        assert.equal(ended.code, 4, ended.stderr);
        assert.match(ended.stderr, /tacit: error: .*\n?tacit: hint: /);
        assert.throws(() => Deno.statSync(`${home.work}/ran`), Deno.errors.NotFound);
      }
    });

    await t.step("a placeholder in an argument is refused: arguments are visible", async () => {
      const ended = await run("echo {{TOKEN}}");
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, /hint: tacit --home .* run --secret TOKEN -- sh -c/);
    });

    await t.step("a daemon that dies during the command uncovers nothing", async () => {
      const pid = await home.daemonPid();
      const ended = await run(`echo "one $TOKEN"; kill -KILL ${pid}; sleep 0.2; echo "two $TOKEN"`);
      assert.equal(ended.stdout, "one [REDACTED:TOKEN]\ntwo [REDACTED:TOKEN]\n");
    });

    await t.step("without a daemon nothing runs", async () => {
      const ended = await run("touch ran");
      assert.equal(ended.code, 3);
      assert.match(ended.stderr, /hint: tacit --home .* unlock/);
      assert.throws(() => Deno.statSync(`${home.work}/ran`), Deno.errors.NotFound);
    });
  } finally {
    await home.end();
  }
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
