/**
 * Promise: another user's connection is refused by the peer check itself. To see that, the directories are opened to
 * everyone and the sockets too; otherwise the file system would refuse first.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { OTHER_UID, type Runtime, runtimeFor } from "../kit/daemon_process.ts";
import { exchange, setStage } from "../kit/daemon_stage.ts";

/** Writes one frame to a socket and prints whatever comes back. It imports nothing that another user could not read. */
const ASK = `
  const [path, text] = Deno.args;
  const body = new TextEncoder().encode(text);
  const frame = new Uint8Array(8 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 8);
  const conn = await Deno.connect({ transport: "unix", path });
  await conn.write(frame).then(() => conn.closeWrite()).catch(() => {});
  const part = new Uint8Array(65536);
  for (let n; (n = await conn.read(part).catch(() => null)) !== null;) await Deno.stdout.write(part.subarray(0, n));
`;

interface Asker extends Runtime {
  script: string;
}

/** What a process of `uid` is answered on a socket. */
async function askAs(uid: number, runtime: Asker, path: string, message: object): Promise<string> {
  const output = await new Deno.Command("timeout", {
    args: [
      "20",
      runtime.program,
      "run",
      "-A",
      "--no-config",
      runtime.script,
      path,
      JSON.stringify({ v: 1, ...message }),
    ],
    env: { DENO_DIR: runtime.cache },
    clearEnv: true,
    cwd: "/",
    uid,
    gid: uid,
  }).output();
  const answer = new TextDecoder("latin1").decode(output.stdout);
  assert.ok(answer.length > 0, new TextDecoder().decode(output.stderr));
  return answer;
}

Deno.test("another user's connection is refused on both sockets, whatever the file system allows", async () => {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    return console.log("skipped: needs root on Linux to become another user");
  }
  const directory = Deno.makeTempDirSync({ prefix: "tacit-runtime-" });
  try {
    const script = join(directory, "ask.ts");
    Deno.writeTextFileSync(script, ASK);
    await refusesOthers({ ...await runtimeFor(directory), script });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

async function refusesOthers(runtime: Asker): Promise<void> {
  await using stage = await setStage();
  await stage.start();
  const { homes } = stage;
  for (const [socket, verb] of [[homes.useSocket, "list"], [homes.adminSocket, "lock"]] as const) {
    for (const path of [homes.chosen ?? "", homes.runtime]) Deno.chmodSync(path, 0o755);
    Deno.chmodSync(socket, 0o666);
    const answer = await askAs(OTHER_UID, runtime, socket, { verb });
    assert.match(answer, /"code":"not_allowed_here"/);
    assert.ok(!answer.includes("TOKEN"));
    // The control: the same program as this user is answered.
    assert.match(await askAs(0, runtime, socket, { verb: "status" }), /"ok":true/);
    for (const path of [homes.chosen ?? "", homes.runtime]) Deno.chmodSync(path, 0o700);
  }
  assert.equal((await exchange(homes, { verb: "status" })).message["state"], "unlocked");
}

Deno.test("without that opening another user does not even reach the sockets", async () => {
  await using stage = await setStage();
  await stage.start();
  for (const path of [stage.homes.chosen ?? "", stage.homes.runtime]) {
    assert.equal((Deno.lstatSync(path).mode ?? 0) & 0o077, 0, path);
  }
  for (const socket of [stage.homes.useSocket, stage.homes.adminSocket]) {
    assert.equal((Deno.lstatSync(socket).mode ?? 0) & 0o777, 0o600, socket);
  }
  assert.equal(stage.homes.useSocket, join(stage.homes.runtime, "use.sock"));
});
