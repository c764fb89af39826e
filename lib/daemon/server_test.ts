import assert from "node:assert/strict";
import { join } from "node:path";
import { concat, u32, utf8 } from "../bytes.ts";
import { connect, request, UnreachableError } from "../client/client.ts";
import { encodeFrame, MAX_ATTACHMENT_BYTES } from "../protocol/frame.ts";
import type { Conversation } from "./requests.ts";
import { MAX_RECEIVING_BYTES, ReceiveBudget, Server } from "./server.ts";
import { listenAt } from "./socket.ts";

/** Where a wait is what is tested, and where a busy machine must not run into one. */
const SHORT = { frame: 500, idle: 500, reply: 500 };
const LONG = { frame: 60_000, idle: 60_000, reply: 60_000 };

interface Stage {
  path: string;
  budget: ReceiveBudget;
  ended: number;
}

function staged(name: string, work: (stage: Stage) => Promise<void>, maxConnections = 4, waits = LONG): void {
  Deno.test(name, async () => {
    const directory = Deno.makeTempDirSync();
    const path = join(directory, "s");
    const stage: Stage = { path, budget: new ReceiveBudget(), ended: 0 };
    const converse = (): Conversation => {
      let patient = false;
      return {
        get patient() {
          return patient;
        },
        end: () => stage.ended++,
        answer({ message, attachment }) {
          patient ||= message["verb"] === "patience";
          if (message["verb"] === "big") {
            return Promise.resolve({ message: { ok: true }, attachment: new Uint8Array(MAX_ATTACHMENT_BYTES) });
          }
          return Promise.resolve({ message: { ok: true, size: attachment.length } });
        },
      };
    };
    const server = new Server(listenAt(path), {
      path,
      maxConnections,
      budget: stage.budget,
      converse,
      testOnlyWaits: waits,
    });
    try {
      await work(stage);
      const after = await connect(path);
      const reply = await request(after, { verb: "x" }, new Uint8Array(3));
      assert.equal(reply.message["size"], 3, "the server still serves");
      after.close();
    } finally {
      await server.close();
      Deno.removeSync(directory, { recursive: true });
    }
    stage.budget.close();
    await until(() => stage.budget.take(MAX_RECEIVING_BYTES), "all memory was given back");
  });
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(what);
}

/** Far longer than any wait of the tests' servers. */
const HUNG_UP_MS = 30_000;

/** Everything that comes until the other side closes, and how long that took. */
async function rest(conn: Deno.Conn): Promise<{ text: string; ms: number }> {
  const start = performance.now();
  // Who is never hung up would wait for ever; so the test fails instead.
  let open = true;
  const close = () => {
    if (open) conn.close();
    open = false;
  };
  const giveUp = setTimeout(close, HUNG_UP_MS);
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = new Uint8Array(65_536);
    const n = await conn.read(part).catch(() => null);
    if (n === null) break;
    parts.push(part.subarray(0, n));
  }
  clearTimeout(giveUp);
  close();
  return { text: new TextDecoder().decode(concat(...parts)), ms: performance.now() - start };
}

staged("garbage is answered with a refusal and the connection ends", async ({ path }) => {
  for (const bytes of [utf8("GET / HTTP/1.1\r\n\r\n"), concat(u32(4), u32(0), utf8("[12]")), new Uint8Array(64)]) {
    const conn = await Deno.connect({ transport: "unix", path });
    await conn.write(bytes);
    assert.match((await rest(conn)).text, /"code":"(bad_request|too_large)"/);
  }
});

staged("an oversized frame is refused before it is sent", async ({ path }) => {
  const conn = await Deno.connect({ transport: "unix", path });
  await conn.write(concat(u32(2), u32(MAX_ATTACHMENT_BYTES + 1)));
  assert.match((await rest(conn)).text, /"code":"too_large"/);
});

staged(
  "a peer that sends nothing, half a head, or half a frame is hung up in time",
  async ({ path }) => {
    const frame = encodeFrame({ verb: "x" }, new Uint8Array(1_000));
    await Promise.all([0, 3, 8, 20, frame.length - 1].map(async (length) => {
      const conn = await Deno.connect({ transport: "unix", path });
      if (length > 0) await conn.write(frame.subarray(0, length));
      const { ms } = await rest(conn);
      assert.ok(ms > 50 && ms < HUNG_UP_MS, `${length} bytes, then hung up after ${ms} ms`);
    }));
  },
  8,
  SHORT,
);

staged(
  "a peer that sends one byte at a time does not get longer",
  async ({ path }) => {
    const conn = await Deno.connect({ transport: "unix", path });
    const frame = encodeFrame({ verb: "x" }, new Uint8Array(1_000));
    let sent = 0;
    try {
      for (; sent < 200; sent++) {
        await conn.write(frame.subarray(sent, sent + 1));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } catch { /* hung up */ }
    assert.ok(sent < 200);
    conn.close();
  },
  4,
  SHORT,
);

staged(
  "a peer that does not read its reply is hung up, and its memory is given back",
  async (stage) => {
    const conn = await Deno.connect({ transport: "unix", path: stage.path });
    await conn.write(encodeFrame({ verb: "big" }));
    await until(() => stage.ended > 0, "the server let go of a peer that does not read");
    conn.close();
  },
  4,
  SHORT,
);

staged(
  "a connection that falls silent after a frame ends; a stream's does not",
  async (stage) => {
    const [quiet, patient] = [await connect(stage.path), await connect(stage.path)];
    await request(quiet, { verb: "x" });
    await request(patient, { verb: "patience" });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await assert.rejects(request(quiet, { verb: "x" }), UnreachableError);
    assert.equal((await request(patient, { verb: "x" })).message["ok"], true);
    patient.close();
  },
  4,
  SHORT,
);

staged("connections are counted: one too many is told so, and a place freed is given again", async ({ path }) => {
  const open = await Promise.all(Array.from({ length: 4 }, () => connect(path)));
  for (const conn of open) await request(conn, { verb: "x" });
  const extra = await Deno.connect({ transport: "unix", path });
  assert.match((await rest(extra)).text, /"code":"busy"/);
  for (const conn of open) conn.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
});

staged(
  "many large frames at once are refused as busy beyond the shared memory",
  async ({ path }) => {
    const replies = await Promise.all(Array.from({ length: 4 }, async () => {
      const conn = await connect(path);
      try {
        const frame = encodeFrame({ verb: "x" }, new Uint8Array(MAX_ATTACHMENT_BYTES - 1_000));
        // All but the last byte, so that all are held at once.
        let at = 0;
        while (at < frame.length - 1) at += await conn.write(frame.subarray(at, frame.length - 1));
        return (await rest(conn)).text;
      } catch {
        conn.close();
        return "cut off";
      }
    }));
    assert.ok(replies.some((text) => /busy|cut off/.test(text)), "one of four was refused");
  },
  4,
  SHORT,
);

staged("a crowd of clients is attributed one by one", async ({ path }) => {
  const sizes = await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    const conn = await connect(path);
    const { message } = await request(conn, { verb: "x" }, new Uint8Array(i));
    conn.close();
    return message["size"];
  }));
  assert.deepEqual(sizes, Array.from({ length: 40 }, (_, i) => i));
}, 64);
