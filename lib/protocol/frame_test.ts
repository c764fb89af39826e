import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { concat, u32, utf8 } from "../bytes.ts";
import {
  encodeFrame,
  encodeReply,
  FrameError,
  type FrameFault,
  FrameReader,
  MAX_ATTACHMENT_BYTES,
  MAX_JSON_BYTES,
  MAX_JSON_DEPTH,
  readReply,
} from "./frame.ts";

/** A reader over `bytes` that hands out at most `step` at a time. */
function readerOf(bytes: Uint8Array, step = Infinity): FrameReader {
  let at = 0;
  return new FrameReader((p) => {
    if (at === bytes.length) return Promise.resolve(null);
    const n = Math.min(p.length, step, bytes.length - at);
    p.set(bytes.subarray(at, at + n));
    at += n;
    return Promise.resolve(n);
  });
}

async function faultOf(bytes: Uint8Array): Promise<FrameFault> {
  try {
    await readerOf(bytes).next();
  } catch (error) {
    assert.ok(error instanceof FrameError, String(error));
    return error.fault;
  }
  throw new Error("the frame was read");
}

function rawFrame(json: Uint8Array, attachment = new Uint8Array(0)): Uint8Array {
  return concat(u32(json.length), u32(attachment.length), json, attachment);
}

Deno.test("a frame comes back as it went, however it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ minLength: 1 }).filter((k) => k !== "v" && k !== "__proto__"), fc.string()),
      fc.uint8Array({ maxLength: 300_000 }),
      fc.integer({ min: 1, max: 9_000 }),
      async (message, attachment, step) => {
        const reader = readerOf(concat(encodeFrame(message, attachment), encodeFrame({ verb: "next" })), step);
        const first = await reader.next();
        assert.deepEqual({ ...first?.message }, { v: 1, ...message });
        assert.deepEqual(first?.attachment, new Uint8Array(attachment));
        assert.equal((await reader.next())?.message["verb"], "next");
        assert.equal(await reader.next(), null);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("a frame that is none is refused by its fault", async () => {
  const cases: [string, Uint8Array, FrameFault][] = [
    ["JSON beyond the limit", concat(u32(MAX_JSON_BYTES + 1), u32(0)), "too_large"],
    ["attachment beyond the limit", concat(u32(2), u32(MAX_ATTACHMENT_BYTES + 1)), "too_large"],
    ["text of another protocol", utf8("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "too_large"],
    ["empty JSON", rawFrame(new Uint8Array(0)), "not_json"],
    ["no JSON", rawFrame(utf8("{v:1}")), "not_json"],
    ["two values", rawFrame(utf8('{"v":1}{}')), "not_json"],
    ["a byte order mark", rawFrame(utf8('\ufeff{"v":1}')), "not_json"],
    ["invalid UTF-8", rawFrame(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), "not_json"],
    [
      "nesting beyond the limit",
      rawFrame(utf8(`{"v":1,"a":${"[".repeat(MAX_JSON_DEPTH)}${"]".repeat(MAX_JSON_DEPTH)}}`)),
      "not_json",
    ],
    ["a list", rawFrame(utf8("[1]")), "not_an_object"],
    ["null", rawFrame(utf8("null")), "not_an_object"],
    ["no version", rawFrame(utf8("{}")), "wrong_version"],
    ["another version", rawFrame(utf8('{"v":2}')), "wrong_version"],
    ["the version as text", rawFrame(utf8('{"v":"1"}')), "wrong_version"],
    ["a head cut off", Uint8Array.of(0, 0, 0), "cut_off"],
    ["JSON cut off", concat(u32(7), u32(0), utf8('{"v"')), "cut_off"],
    ["an attachment cut off", concat(u32(7), u32(5), utf8('{"v":1}'), utf8("abc")), "cut_off"],
  ];
  for (const [name, bytes, fault] of cases) assert.equal(await faultOf(bytes), fault, name);
});

Deno.test("garbage never gives anything but a frame or a FrameError", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
    try {
      await readerOf(bytes).next();
    } catch (error) {
      assert.ok(error instanceof FrameError);
    }
  }));
});

Deno.test("brackets inside strings are not nesting", async () => {
  const message = { text: `${"[{".repeat(100)}\\"${"[".repeat(50)}` };
  assert.equal((await readerOf(encodeFrame(message)).next())?.message["text"], message.text);
});

Deno.test("an announced length alone costs no memory", async () => {
  let reserved = 0;
  const head = concat(u32(7), u32(MAX_ATTACHMENT_BYTES), utf8('{"v":1}'));
  let at = 0;
  const reader = new FrameReader((p) => {
    if (at === head.length) return Promise.resolve(null);
    const n = Math.min(p.length, head.length - at);
    p.set(head.subarray(at, at + n));
    at += n;
    return Promise.resolve(n);
  }, (bytes) => {
    reserved += bytes;
    return true;
  });
  await assert.rejects(reader.next(), FrameError);
  assert.ok(reserved < 100_000, `${reserved} bytes were reserved for nothing`);
});

Deno.test("a reader that may take no more memory stops", async () => {
  const bytes = encodeFrame({}, new Uint8Array(200_000));
  let at = 0;
  const reader = new FrameReader((p) => {
    const n = Math.min(p.length, bytes.length - at);
    p.set(bytes.subarray(at, at += n));
    return Promise.resolve(n);
  }, (n) => n < 100_000);
  await assert.rejects(reader.next(), (error: unknown) => error instanceof FrameError && error.fault === "no_memory");
});

Deno.test("a sender cannot make a frame beyond the limits", () => {
  assert.throws(() => encodeFrame({ text: "x".repeat(MAX_JSON_BYTES) }), FrameError);
  assert.throws(() => encodeFrame({}, new Uint8Array(MAX_ATTACHMENT_BYTES + 1)), FrameError);
});

Deno.test("a long reply travels in the attachment and comes back as itself", async () => {
  const reply = { ok: true, secrets: Array.from({ length: 20_000 }, (_, i) => ({ name: `NAME_${i}` })) };
  const frame = await readerOf(encodeReply(reply)).next();
  assert.ok(frame !== null);
  assert.equal(frame.message["large"], true);
  assert.deepEqual(readReply(frame).message, { v: 1, ...reply });
  const short = await readerOf(encodeReply({ ok: true })).next();
  assert.ok(short !== null);
  assert.equal(readReply(short), short);
});

Deno.test("the error of a bad frame quotes nothing of it", async () => {
  const canary = "CANARY-5d2f";
  for (const text of [`{"v":1,"a":"${canary}"`, `["${canary}"]`, `{"v":"${canary}"}`]) {
    await assert.rejects(readerOf(rawFrame(utf8(text))).next(), (error: unknown) => !String(error).includes(canary));
  }
});
