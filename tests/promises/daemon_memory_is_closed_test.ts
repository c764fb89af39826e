/**
 * Promise: another process of the same user cannot read the daemon's memory, environment or descriptors. Root can, so
 * where the tests run as root both processes are another user's.
 */
import assert from "node:assert/strict";
import { type Runtime, runtimeFor, spawnDaemon } from "../kit/daemon_process.ts";
import { OTHER_UID } from "../kit/daemon_process.ts";
import { setStage, type Stage } from "../kit/daemon_stage.ts";

/** What of process `pid` a process of `uid` can open, by name. */
async function readable(pid: number, uid: number): Promise<string[]> {
  const places = ["mem", "environ", "maps", "fd/0"];
  const script = `for p in ${
    places.join(" ")
  }; do (exec 3< /proc/${pid}/$p) 2>/dev/null && echo $p; done; ls /proc/${pid}/fd >/dev/null 2>&1 && echo fd`;
  const output = await new Deno.Command("sh", { args: ["-c", script], clearEnv: true, ...as(uid) }).output();
  return new TextDecoder().decode(output.stdout).split("\n").filter((line) => line !== "");
}

function as(uid: number): { uid?: number; gid?: number } {
  return Deno.uid() === 0 ? { uid, gid: uid } : {};
}

async function giveTo(stage: Stage, uid: number): Promise<void> {
  await new Deno.Command("chown", { args: ["-R", `${uid}:${uid}`, stage.homes.chosen ?? ""] }).output();
}

Deno.test("another process of the same user cannot read the daemon's memory, environ, maps or descriptors", async () => {
  if (Deno.build.os !== "linux") return console.log("skipped: Linux only");
  const root = Deno.uid() === 0;
  const uid = root ? OTHER_UID : Deno.uid() ?? 0;
  const directory = Deno.makeTempDirSync({ prefix: "tacit-runtime-" });
  try {
    await using stage = await setStage();
    const runtime: Runtime | null = root ? await runtimeFor(directory) : null;
    await giveTo(stage, uid);
    const daemon = await spawnDaemon(stage, runtime === null ? { key: true } : { key: true, as: { uid, runtime } });
    try {
      assert.equal(daemon.reply?.["ok"], true, JSON.stringify(daemon.reply));
      const owner = /^Uid:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${daemon.pid}/status`))?.[1];
      assert.equal(Number(owner), uid, "the daemon runs as the prober's user");
      const seen = await readable(daemon.pid, uid);
      // The list of mappings may be opened and then reads empty on some kernels; its content is what counts.
      assert.deepEqual(seen.filter((place) => place !== "maps"), []);
      if (seen.includes("maps")) {
        const cat = new Deno.Command("cat", { args: [`/proc/${daemon.pid}/maps`], clearEnv: true, ...as(uid) });
        assert.equal((await cat.output()).stdout.length, 0);
      }
    } finally {
      await daemon.stop();
    }
    // The control: a process that is not hardened can be read by the very same probe.
    const soft = new Deno.Command("sleep", { args: ["30"], clearEnv: true, ...as(uid) }).spawn();
    try {
      for (let i = 0; i < 1000 && (await readable(soft.pid, uid)).length === 0; i++) {
        await new Promise((r) => setTimeout(r, 10));
      }
      assert.ok((await readable(soft.pid, uid)).includes("environ"));
    } finally {
      soft.kill("SIGKILL");
      await soft.status;
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("the daemon's environment is empty, its directory is the root, and it leaves no core", async () => {
  if (Deno.build.os !== "linux") return console.log("skipped: Linux only");
  if (Deno.uid() !== 0) return console.log("skipped: only root can look into a hardened process");
  await using stage = await setStage();
  const daemon = await spawnDaemon(stage, { key: true });
  try {
    assert.equal(Deno.readLinkSync(`/proc/${daemon.pid}/cwd`), "/");
    assert.match(Deno.readTextFileSync(`/proc/${daemon.pid}/limits`), /Max core file size\s+0\s+0/);
    assert.match(Deno.readTextFileSync(`/proc/${daemon.pid}/status`), /^Umask:\s+0077$/m);
    const streams = () => ["0", "1", "2"].map((fd) => Deno.readLinkSync(`/proc/${daemon.pid}/fd/${fd}`));
    // The starter has its answer a moment before its pipes are let go.
    for (let i = 0; i < 2000 && streams().some((to) => to !== "/dev/null"); i++) {
      await new Promise((r) => setTimeout(r, 10));
    }
    assert.deepEqual(streams(), ["/dev/null", "/dev/null", "/dev/null"]);
  } finally {
    await daemon.stop();
  }
});
