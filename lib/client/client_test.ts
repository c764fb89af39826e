import assert from "node:assert/strict";
import { join } from "node:path";
import { concat, u32, utf8 } from "../bytes.ts";
import { homesOf } from "../paths.ts";
import { encodeFrame, encodeReply, FrameReader } from "../protocol/frame.ts";
import { ask, connect, RefusedError, request, UnreachableError } from "./client.ts";

/** A daemon that answers each connection by `answer`; what it was sent is given to `answer`. */
function withDaemon(
  name: string,
  answer: (conn: Deno.Conn, message: Record<string, unknown>) => Promise<void>,
  work: (home: string) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const home = Deno.makeTempDirSync();
    Deno.mkdirSync(join(home, "run"), { mode: 0o700 });
    const listener = Deno.listen({ transport: "unix", path: join(home, "run", "use.sock") });
    const serving = (async () => {
      for await (const conn of listener) {
        const frame = await new FrameReader((p) => conn.read(p)).next().catch(() => null);
        if (frame !== null) await answer(conn, frame.message).catch(() => {});
        try {
          conn.close();
        } catch { /* closed by answer */ }
      }
    })();
    try {
      await work(home);
    } finally {
      listener.close();
      await serving.catch(() => {});
      Deno.removeSync(home, { recursive: true });
    }
  });
}

async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

const status = { verb: "status" };

withDaemon("an answer comes back with its attachment", async (conn, message) => {
  await send(conn, encodeFrame({ ok: true, verb: message["verb"] }, Uint8Array.of(1, 2)));
}, async (home) => {
  const { message, attachment } = await ask(homesOf(home), status);
  assert.equal(message["verb"], "status");
  assert.deepEqual(attachment, Uint8Array.of(1, 2));
});

withDaemon("a long reply comes back as itself", async (conn) => {
  await send(conn, encodeReply({ ok: true, text: "x".repeat(300_000) }));
}, async (home) => {
  assert.equal(String((await ask(homesOf(home), status)).message["text"]).length, 300_000);
});

withDaemon("a refusal is an error with its code and hint; an unknown code is internal", async (conn, message) => {
  const code = message["verb"] === "status" ? "locked" : "surprise";
  await send(conn, encodeFrame({ ok: false, code, message: "Cannot: so", hint: "tacit unlock" }));
}, async (home) => {
  await assert.rejects(ask(homesOf(home), status), (error: unknown) => {
    assert.ok(error instanceof RefusedError);
    assert.deepEqual([error.code, error.message, error.hint], ["locked", "Cannot: so", "tacit unlock"]);
    return true;
  });
  await assert.rejects(ask(homesOf(home), { verb: "x" }), (e: unknown) => (e as RefusedError).code === "internal");
});

const silence = Promise.withResolvers<void>();

withDaemon("a daemon that never answers is unreachable in time", async () => {
  await silence.promise;
}, async (home) => {
  // Whoever waits for longer than it was told waits for an answer that only comes afterwards.
  await assert.rejects(ask(homesOf(home), status, undefined, { timeoutMs: 200 }), UnreachableError);
  silence.resolve();
});

withDaemon("a daemon that closes, babbles or speaks another version is unreachable", async (conn, message) => {
  if (message["verb"] === "babble") await send(conn, new TextEncoder().encode("220 hello there, this is no frame\r\n"));
  if (message["verb"] === "version") {
    await send(
      conn,
      concat(u32(7), u32(0), utf8('{"v":9}')),
    );
  }
  if (message["verb"] === "half") await send(conn, encodeFrame({ ok: true }).subarray(0, 10));
}, async (home) => {
  for (const verb of ["close", "babble", "version", "half"]) {
    await assert.rejects(ask(homesOf(home), { verb }), UnreachableError, verb);
  }
});

withDaemon("a connection that failed once is not used again", async () => {}, async (home) => {
  const conn = await connect(homesOf(home).useSocket);
  await assert.rejects(request(conn, status), UnreachableError);
  await assert.rejects(request(conn, status), UnreachableError);
});

Deno.test("without a daemon the client says so at once", async () => {
  const home = Deno.makeTempDirSync();
  try {
    const start = performance.now();
    const patient = { timeoutMs: 60_000 };
    await assert.rejects(ask(homesOf(home), status, undefined, patient), UnreachableError);
    Deno.mkdirSync(join(home, "run"), { mode: 0o700 });
    await assert.rejects(ask(homesOf(home), status, undefined, patient), UnreachableError);
    Deno.writeTextFileSync(join(home, "run", "use.sock"), "");
    await assert.rejects(ask(homesOf(home), status, undefined, patient), UnreachableError);
    assert.ok(performance.now() - start < 30_000, "none of the three waits ran out");
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});

withDaemon("nothing is sent to a socket in a directory that others can change", async (conn) => {
  await send(conn, encodeFrame({ ok: true }));
}, async (home) => {
  Deno.chmodSync(join(home, "run"), 0o770);
  await assert.rejects(ask(homesOf(home), status), /not yours alone/);
  Deno.chmodSync(join(home, "run"), 0o700);
  await ask(homesOf(home), status);
});

withDaemon("nothing is sent to another user's socket", async (conn) => {
  await send(conn, encodeFrame({ ok: true }));
}, async (home) => {
  if (Deno.uid() !== 0) return console.log("skipped: only root can give a socket away");
  Deno.chownSync(join(home, "run", "use.sock"), 65534, 65534);
  await assert.rejects(ask(homesOf(home), status), /not yours/);
});
