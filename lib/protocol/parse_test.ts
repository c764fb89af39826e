import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import {
  BadRequestError,
  MAX_LEAVES,
  MAX_PATH_LENGTH,
  parseAdminRequest,
  parseUseRequest,
  parseWideningRequest,
} from "./parse.ts";

const caller = { agent: "claude-code", session: "s1", project: "/p", cwd: "/p" };

Deno.test("each verb exists on its own socket and on no other", () => {
  const use: Record<string, unknown>[] = [
    { verb: "status" },
    { verb: "list" },
    { verb: "session", event: "start", caller },
    { verb: "prepare", caller, lengths: [3], command: 0 },
    { verb: "scrub", caller, lengths: [3] },
    { verb: "scrub_stream", caller },
    { verb: "feed" },
    { verb: "feed_end" },
    { verb: "prompt", caller },
    { verb: "redeem", ticket: "t", command_sha256: "0".repeat(64), cwd: "/" },
    { verb: "run", caller, wants: [{ name: "A", mode: "env" }] },
    { verb: "finish", use: "u", exit_status: 0, duration_ms: 1 },
    { verb: "audit_verify" },
  ];
  const administrative: Record<string, unknown>[] = [
    { verb: "status" },
    { verb: "lock" },
    { verb: "stop" },
    { verb: "challenge", nonce: "0".repeat(64) },
    { verb: "prove", proof: "0".repeat(64) },
    { verb: "sealed", counter: 0 },
  ];
  const widening: Record<string, unknown>[] = [{ verb: "remove", names: ["A"] }, { verb: "reload" }];
  for (const message of use) {
    assert.deepEqual(parseUseRequest(message, 3), message);
    if (message["verb"] !== "status") assert.throws(() => parseAdminRequest(message), BadRequestError);
    assert.throws(() => parseWideningRequest(message, 3), BadRequestError);
  }
  for (const message of administrative) {
    assert.deepEqual(parseAdminRequest(message), message);
    if (message["verb"] !== "status") assert.throws(() => parseUseRequest(message, 0), BadRequestError);
    assert.throws(() => parseWideningRequest(message, 0), BadRequestError);
  }
  for (const message of widening) {
    assert.throws(() => parseUseRequest(message, 0), BadRequestError);
    assert.throws(() => parseAdminRequest(message), BadRequestError);
  }
});

Deno.test("a request with one fault is refused, naming the field and not its content", () => {
  const canary = "CANARY-91ab";
  const prepare = { verb: "prepare", caller, lengths: [1, 2], command: 1 };
  const faults: [string, Record<string, unknown>][] = [
    ["verb", { ...prepare, verb: canary }],
    ["caller", { ...prepare, caller: canary }],
    ["agent", { ...prepare, caller: { ...caller, agent: 7 } }],
    ["cwd", { ...prepare, caller: { ...caller, cwd: canary.repeat(MAX_PATH_LENGTH) } }],
    ["tool", { ...prepare, caller: { ...caller, tool: [canary] } }],
    ["lengths", { ...prepare, lengths: [1, 1] }],
    ["lengths", { ...prepare, lengths: [1, 2.5] }],
    ["lengths", { ...prepare, lengths: [-1, 4] }],
    ["lengths", { ...prepare, lengths: canary }],
    ["lengths", { ...prepare, lengths: new Array(MAX_LEAVES + 1).fill(0) }],
    ["command", { ...prepare, command: 2 }],
    ["command", { ...prepare, command: undefined }],
    ["command_sha256", { verb: "redeem", ticket: "t", command_sha256: canary, cwd: "/" }],
    ["command_sha256", { verb: "redeem", ticket: "t", command_sha256: "g".repeat(64), cwd: "/" }],
    ["command_sha256", { verb: "redeem", ticket: "t", command_sha256: "AB".repeat(32), cwd: "/" }],
    ["wants", { verb: "run", caller, wants: [] }],
    ["wants", { verb: "run", caller, wants: Array.from({ length: 257 }, () => ({ name: "A", mode: "env" })) }],
    ["name", { verb: "run", caller, wants: [{ name: canary.toLowerCase(), mode: "env" }] }],
    ["mode", { verb: "run", caller, wants: [{ name: "A", mode: "sealed" }] }],
    ["exit_status", { verb: "finish", use: "u", exit_status: "0", duration_ms: 1 }],
  ];
  for (const [field, message] of faults) {
    assert.throws(() => parseUseRequest(message, 3), (error: unknown) => {
      assert.ok(error instanceof BadRequestError, field);
      assert.ok(error.message.includes(`"${field}"`), `${error.message} names ${field}`);
      assert.ok(!error.message.includes(canary));
      return true;
    });
  }
});

Deno.test("an add whose values do not fill the attachment is refused", () => {
  const secret = {
    ...{ name: "A", kind: "token", tags: [], description: "", provider: null, destinations: [], positions: [] },
    ...{ modes: ["env"], agents: [], projects: [], confirm: "never", expires: null, weak: false, replace: false },
    length: 4,
  };
  assert.equal(parseWideningRequest({ verb: "add", secrets: [secret] }, 4).verb, "add");
  assert.throws(() => parseWideningRequest({ verb: "add", secrets: [secret] }, 5), BadRequestError);
  assert.throws(() => parseWideningRequest({ verb: "add", secrets: [secret, secret] }, 8), BadRequestError);
  assert.throws(() => parseWideningRequest({ verb: "add", secrets: [] }, 0), BadRequestError);
});

Deno.test("any JSON gives a request or a BadRequestError", () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (message, verb) => {
    for (const parse of [parseUseRequest, parseAdminRequest, parseWideningRequest]) {
      try {
        parse({ ...message, verb }, 0);
      } catch (error) {
        assert.ok(error instanceof BadRequestError);
      }
    }
  }));
});
