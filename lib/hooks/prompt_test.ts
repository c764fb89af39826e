import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import type { RefusalCode } from "../protocol/refusals.ts";
import { type Answer, type Ask, MAX_BATCH_BYTES } from "./daemon.ts";
import { decidePrompt } from "./prompt.ts";

const VALUE = `kz${crypto.randomUUID()}`;
const caller = { agent: "claude-code", session: "s1", project: "/", cwd: "/" };

/** Refuses prompts with the value; scrubs by replacement unless told that it cannot. */
const daemon = (scrubs: boolean): Ask => (request, attachment = new Uint8Array(0)) => {
  const text = new TextDecoder().decode(attachment);
  if (request.verb === "prompt" && text.includes(VALUE)) {
    return Promise.resolve({ kind: "refused", code: "prompt_has_value", message: "Cannot send this", hint: "" });
  }
  if (!scrubs) return Promise.resolve({ kind: "unreachable" });
  const clean = utf8(text.replaceAll(VALUE, "[REDACTED:TOKEN]"));
  return Promise.resolve({ kind: "ok", message: { lengths: [clean.length], names: [] }, attachment: clean });
};

async function reasonOf(transcript: string | null, scrubs = true): Promise<string> {
  const verdict = await decidePrompt(caller, { transcript, project: null }, `use ${VALUE}`, daemon(scrubs));
  assert.equal(verdict.kind, "block_prompt");
  return verdict.kind === "block_prompt" ? verdict.reason : "";
}

Deno.test("a stopped prompt says where it may still be, and holds no value even if the file's own path does", async () => {
  assert.match(await reasonOf("/home/ada/.claude/projects/p/s1.jsonl"), /\(\/home\/ada\/.*\/s1\.jsonl is one\)/);
  const hidden = await reasonOf(`/home/ada/${VALUE}/s1.jsonl`);
  assert.match(hidden, /\/home\/ada\/\[REDACTED:TOKEN\]\/s1\.jsonl/);
  for (const reason of [hidden, await reasonOf(`/${VALUE}`, false), await reasonOf(null)]) {
    assert.ok(!reason.includes(VALUE));
  }
});

const PLACES = { transcript: null, project: null };

const refusing = (code: RefusalCode): Ask => () =>
  Promise.resolve({ kind: "refused", code, message: "Cannot send this prompt", hint: "" } satisfies Answer);

Deno.test("a prompt is blocked for what was found in it, and for no other refusal", async () => {
  const blocks = async (code: RefusalCode) => (await decidePrompt(caller, PLACES, "x", refusing(code))).kind;
  assert.equal(await blocks("prompt_has_value"), "block_prompt");
  assert.equal(await blocks("prompt_has_token"), "block_prompt");
  for (const code of ["locked", "never_unlocked", "busy", "internal", "audit_unavailable"] as const) {
    assert.equal(await blocks(code), "pass", code);
  }
});

Deno.test("a prompt too large to be searched is blocked, and nobody is asked", async () => {
  const ask: Ask = () => assert.fail("it was asked");
  const verdict = await decidePrompt(caller, PLACES, "é".repeat(MAX_BATCH_BYTES / 2 + 1), ask);
  assert.equal(verdict.kind, "block_prompt");
});
