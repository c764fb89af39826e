/** A daemon that hangs costs a running command time, but neither its exit status, nor its output, nor a value. */
import assert from "node:assert/strict";
import { endProcessesOf } from "../kit/processes.ts";
import { seededHome } from "../kit/seeded_home.ts";

const VALUE = `made-up-${crypto.randomUUID()}-Zq7`;

Deno.test("a command under a daemon that hangs keeps its exit status, and its output stays scrubbed", async () => {
  const home = await seededHome();
  try {
    await home.add("TOKEN", VALUE);
    const pid = await home.daemonPid();
    // It stops between two lines, of which the second is cut in the middle; standard error ends some time later.
    const script = `echo "a $TOKEN"; echo "e $TOKEN" >&2; kill -STOP ${pid}
      printf %s "b \${TOKEN:0:9}"; echo "\${TOKEN:9}"; sleep 0.5; exit 7`;
    const ended = await home.tacit(["run", "--secret", "TOKEN", "--", "bash", "-c", script]);
    Deno.kill(pid, "SIGCONT");
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes(VALUE));
    assert.deepEqual([ended.stdout, ended.stderr, ended.code], [
      "a [REDACTED:TOKEN]\nb [REDACTED:TOKEN]\n",
      "e [REDACTED:TOKEN]\n",
      7,
    ]);
  } finally {
    // What it catches up with must not be written into what is being removed.
    await endProcessesOf(home.tacitHome);
    await home.end();
  }
});
