/** A daemon that hangs costs a running command time, but neither its exit status, nor its output, nor a value. */
import assert from "node:assert/strict";
import { seededHome } from "../kit/seeded_home.ts";

const VALUE = `made-up-${crypto.randomUUID()}-Zq7`;

Deno.test("a command under a daemon that hangs keeps its exit status, and its output stays scrubbed", async () => {
  const home = await seededHome();
  try {
    await home.add("TOKEN", VALUE);
    const { pid } = JSON.parse((await home.tacit(["status", "--json"])).stdout) as { pid: number };
    // The command itself stops the daemon, between two lines of which the second is cut in the middle.
    const script =
      `echo "a $TOKEN"; kill -STOP ${pid}; printf '%s' "b \${TOKEN:0:9}"; printf '%s\\n' "\${TOKEN:9}"; exit 7`;
    const ended = await home.tacit(["run", "--secret", "TOKEN", "--", "bash", "-c", script]);
    Deno.kill(pid, "SIGCONT");
    // It has caught up once it answers; before, it would still be writing into what is removed below.
    assert.equal((await home.tacit(["status"])).code, 0);
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes(VALUE));
    assert.equal(ended.stderr, "");
    assert.equal(ended.stdout, "a [REDACTED:TOKEN]\nb [REDACTED:TOKEN]\n");
    assert.equal(ended.code, 7);
  } finally {
    await home.end();
  }
});
