/**
 * Promise: the processes that hold injected values, runner and custodian, are closed to other processes of the same
 * user. Root can read everything, so where the tests run as root all of them are another user's.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { OTHER_UID, type Runtime, runtimeFor } from "../kit/daemon_process.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Each lives for a while without a daemon: one runs a command without secrets, one waits for its values. */
const HOLDERS = {
  "run": `exec "$@" run -- sleep 30`,
  "exec": `exec "$@" exec --custody 3< <(exec sleep 30)`,
};

function as(): { uid?: number; gid?: number } {
  return Deno.uid() === 0 ? { uid: OTHER_UID, gid: OTHER_UID } : {};
}

/** True if a process of the same user can read the environment of `pid`. */
async function isOpen(pid: number): Promise<boolean> {
  const script = `cat /proc/${pid}/environ >/dev/null 2>&1`;
  return (await new Deno.Command("sh", { args: ["-c", script], clearEnv: true, ...as() }).output()).success;
}

/** True if `pid` is closed before ten seconds have passed and stays so. */
async function closes(pid: number): Promise<boolean> {
  for (let i = 0; i < 200; i++) {
    if (!await isOpen(pid)) return !await isOpen(pid);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

Deno.test("another process of the same user cannot look into a runner or a custodian", async () => {
  if (Deno.build.os !== "linux") return console.log("skipped: Linux only");
  const directory = Deno.makeTempDirSync({ prefix: "tacit-runtime-" });
  const runtime: Runtime | null = Deno.uid() === 0 ? await runtimeFor(directory) : null;
  const program = [runtime?.program ?? Deno.execPath(), "run", "-A", "--no-check", "--config", CONFIG, MAIN];
  const env = runtime === null ? {} : { DENO_DIR: runtime.cache };
  try {
    for (const [verb, script] of Object.entries(HOLDERS)) {
      const child = new Deno.Command("bash", {
        args: ["-c", script, "bash", ...program],
        env: { ...env, PATH: "/usr/bin:/bin", DENO_TLS_CA_STORE: "system" },
        clearEnv: true,
        cwd: "/",
        stdin: "null",
        stdout: "null",
        stderr: "null",
        ...as(),
      }).spawn();
      try {
        // The control: before its first lines the process can be read by the very same probe.
        assert.ok(await isOpen(child.pid), `${verb}: the probe works`);
        assert.ok(await closes(child.pid), `${verb}: it can be read`);
        assert.ok(Deno.readTextFileSync(`/proc/${child.pid}/cmdline`).includes(verb), `${verb}: it is still there`);
      } finally {
        child.kill("SIGTERM");
        await child.status;
      }
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
