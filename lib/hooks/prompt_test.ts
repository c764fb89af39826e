import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import type { Ask } from "./daemon.ts";
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
