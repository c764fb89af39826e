import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { newCanary } from "../../tests/kit/canary.ts";
import { useConversation } from "./requests.ts";
import type { Service } from "./service.ts";

Deno.test("what an unexpected fault choked on stays inside: not even its message leaves", async () => {
  const canary = newCanary();
  const service = {
    keyring: {
      get state(): never {
        throw new Error(`Unexpected token in ${canary}`);
      },
      get names(): never {
        throw new TypeError(canary);
      },
    },
    sessions: { see: () => assert.fail(canary) },
    streams: { open: 0 },
  } as unknown as Service;
  const conversation = useConversation(service);
  const caller = { agent: null, session: "s", project: null, cwd: null };
  const requests = [
    { verb: "status" },
    { verb: "list" },
    { verb: "prepare", caller, lengths: [1], command: 0 },
    { verb: "scrub", caller, lengths: [1] },
    { verb: "run", caller, wants: [{ name: "A", mode: "env" }] },
  ];
  for (const message of requests) {
    const attachment = "lengths" in message ? utf8("x") : new Uint8Array(0);
    const answer = await conversation.answer({ message, attachment });
    assert.equal((answer.message as { code?: string }).code, "internal", message.verb);
    assert.ok(!JSON.stringify(answer).includes(canary.slice(0, 10)), message.verb);
  }
});
