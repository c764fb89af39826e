import assert from "node:assert/strict";
import type { Answer, Ask } from "./daemon.ts";
import { decidePrompt } from "./prompt.ts";
import { markSession, startSession } from "./session.ts";

const CALLER = { agent: "claude-code", session: "s", project: null, cwd: null };
const PLACES = { transcript: "/home/ada/.claude/projects/p/s.jsonl", project: null };

const ok = (message: Record<string, unknown>): Answer => ({ kind: "ok", message, attachment: new Uint8Array() });
const secret = (name: string, modes: string[], expired = false) => ({ name, grant: { modes }, expired });

async function told(session: Answer, list: Answer = ok({ secrets: [] })): Promise<string> {
  const ask: Ask = (request) => Promise.resolve(request.verb === "session" ? session : list);
  const verdict = await startSession(CALLER, ask, (verb) => `tacit --home '/h' ${verb}`);
  assert.equal(verdict.kind, "context");
  return verdict.kind === "context" ? verdict.text : "";
}

Deno.test("a session begins with the names, how to use them, and what cannot be used", async () => {
  const secrets = [
    secret("A", ["env"]),
    secret("B", ["sealed"]),
    secret("C", ["file"], true),
    secret("evil\n", ["env"]),
  ];
  const text = await told(ok({ state: "unlocked", names: [], scrubbing: true }), ok({ secrets }));
  assert.match(text, /\{\{NAME\}\}/);
  assert.match(text, /cd, exports and functions do not outlast/);
  assert.match(text, /Usable now: A\./);
  assert.match(text, /Not usable: B \(sealed, not usable yet\), C \(expired\)\./);
  assert.ok(!text.includes("evil"));
  assert.ok(!text.includes("NOT scrubbed"));
});

Deno.test("a session without key or daemon says so, and that output is not scrubbed", async () => {
  const off: Answer[] = [
    { kind: "unreachable" },
    { kind: "refused", code: "never_unlocked", message: "", hint: "" },
    ok({ state: "never_unlocked", names: [], scrubbing: false }),
  ];
  for (const session of off) {
    const text = await told(session);
    assert.match(text, /tacit --home '\/h' unlock/);
    assert.match(text, /NOT scrubbed|no output is scrubbed/);
  }
  const locked = await told(
    ok({ state: "locked", names: ["A"], scrubbing: true }),
    ok({ secrets: [secret("A", ["env"])] }),
  );
  assert.match(locked, /locked now/);
  assert.ok(!locked.includes("NOT scrubbed"));
});

Deno.test("more names than an agent should read are cut", async () => {
  const secrets = Array.from({ length: 100 }, (_, i) => secret(`N${i}`, ["env"]));
  assert.match(await told(ok({ state: "unlocked", scrubbing: true }), ok({ secrets })), /N59, and 40 more/);
});

Deno.test("later events of a session only reach the daemon", async () => {
  const asked: unknown[] = [];
  const ask: Ask = (request) => {
    asked.push(request);
    return Promise.resolve({ kind: "unreachable" });
  };
  assert.deepEqual(await markSession(CALLER, "end", ask), { kind: "pass" });
  assert.deepEqual(asked, [{ verb: "session", event: "end", caller: CALLER }]);
});

Deno.test("a prompt with a value is blocked without being repeated, and the traces it leaves are named", async () => {
  const prompt = "please use kzVALUEkzVALUE for this";
  const refused: Ask = (request, attachment = new Uint8Array(0)) =>
    Promise.resolve(
      request.verb === "scrub"
        ? { kind: "ok", message: { lengths: request.lengths, names: [] }, attachment }
        : { kind: "refused", code: "prompt_has_value", message: "Cannot send this prompt: TOKEN", hint: "" },
    );
  const verdict = await decidePrompt(CALLER, PLACES, prompt, refused);
  assert.equal(verdict.kind, "block_prompt");
  const reason = verdict.kind === "block_prompt" ? verdict.reason : "";
  assert.ok(reason.includes(PLACES.transcript));
  assert.ok(!reason.includes("please") && !reason.includes("kzVALUE"));
});

Deno.test("a prompt passes when nothing is found or nobody answers", async () => {
  for (const answer of [ok({}), { kind: "unreachable" } as Answer]) {
    assert.deepEqual(await decidePrompt(CALLER, PLACES, "x", () => Promise.resolve(answer)), { kind: "pass" });
  }
});
