import assert from "node:assert/strict";
import { join } from "node:path";
import { CallerCheck } from "./caller.ts";
import { linuxSockets } from "./peer_linux.ts";
import type { AcceptedSocket, SocketProbe } from "./socket_probe.ts";

/** A platform that shows `shown`; what is known is told apart as the real ones do. */
function probeOf(shown: { sockets: AcceptedSocket[] }): SocketProbe {
  return {
    accepted(_path, known) {
      return {
        sockets: shown.sockets.filter(({ identity }) => !known.has(identity)),
        seen: shown.sockets.map(({ identity }) => identity).filter((identity) => known.has(identity)),
      };
    },
    shutdown() {},
    close() {},
  };
}

const socket = (identity: bigint, uid: number): AcceptedSocket => ({ fd: 9, identity, uid, pid: 1 });

Deno.test("exactly one new socket is attributed; none or two are not", () => {
  const shown = { sockets: [] as AcceptedSocket[] };
  const check = new CallerCheck("/s", probeOf(shown));
  assert.equal(check.identify(), null);
  shown.sockets = [socket(1n, 1000)];
  assert.equal(check.identify()?.uid, 1000);
  assert.equal(check.identify(), null, "one socket is attributed once");
  shown.sockets = [socket(1n, 1000), socket(2n, 1001)];
  assert.equal(check.identify()?.uid, 1001);
  shown.sockets = [socket(3n, 1000), socket(4n, 1001)];
  assert.equal(check.identify(), null, "two at once are nobody's");
});

Deno.test("what lay there before the listener is not attributed to a new connection", () => {
  const shown = { sockets: [socket(1n, 1000)] };
  const check = new CallerCheck("/s", probeOf(shown));
  assert.equal(check.identify(), null);
  shown.sockets.push(socket(2n, 1001));
  assert.equal(check.identify()?.uid, 1001);
});

Deno.test("a real connection is attributed to its process, among others and after closes", async () => {
  if (Deno.build.os !== "linux") return console.log("skipped: Linux only");
  const directory = Deno.makeTempDirSync();
  const path = join(directory, "s");
  const listener = Deno.listen({ transport: "unix", path });
  const other = Deno.listen({ transport: "unix", path: join(directory, "t") });
  const check = new CallerCheck(path, linuxSockets());
  const open: Deno.Conn[] = [];
  for (let i = 0; i < 20; i++) {
    const clients = [
      await Deno.connect({ transport: "unix", path }),
      await Deno.connect({ transport: "unix", path: join(directory, "t") }),
    ];
    open.push(...clients, await other.accept(), await listener.accept());
    const peer = check.identify();
    assert.deepEqual([peer?.pid, peer?.uid], [Deno.pid, Deno.uid()]);
    if (i % 3 === 0) { for (const conn of open.splice(0)) conn.close(); }
  }
  for (const conn of open) conn.close();
  check.close();
  listener.close();
  other.close();
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("hanging up ends a read and a write that wait on the peer", async () => {
  if (Deno.build.os !== "linux") return console.log("skipped: Linux only");
  const directory = Deno.makeTempDirSync();
  const path = join(directory, "s");
  const listener = Deno.listen({ transport: "unix", path });
  const check = new CallerCheck(path);
  const client = await Deno.connect({ transport: "unix", path });
  const conn = await listener.accept();
  const peer = check.identify();
  const reading = conn.read(new Uint8Array(1));
  const writing = (async () => {
    for (;;) await conn.write(new Uint8Array(1 << 20));
  })();
  writing.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  peer?.hangUp();
  assert.equal(await reading, null);
  await assert.rejects(writing);
  check.close();
  conn.close();
  client.close();
  listener.close();
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("a listener is no connection, also to who asks for the first time", async () => {
  if (Deno.build.os !== "linux") return console.log("skipped: Linux only");
  const directory = Deno.makeTempDirSync();
  const path = join(directory, "s");
  const probe = linuxSockets();
  using listener = Deno.listen({ transport: "unix", path });
  assert.deepEqual(probe.accepted(path, new Set()), { sockets: [], seen: [] });
  const client = await Deno.connect({ transport: "unix", path });
  const served = await listener.accept();
  const { sockets } = probe.accepted(path, new Set());
  assert.deepEqual(sockets.map(({ pid, uid }) => [pid, uid]), [[Deno.pid, Deno.uid()]]);
  client.close();
  served.close();
  probe.close();
  Deno.removeSync(directory, { recursive: true });
});
