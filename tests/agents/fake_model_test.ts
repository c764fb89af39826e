import assert from "node:assert/strict";
import { join } from "node:path";
import { type Script, startFakeModel } from "./fake_model.ts";

const TOOLS = [{ name: "Bash" }];
const SCRIPT: Script = {
  turns: [
    { tool: "Bash", input: { command: "one" } },
    [{ tool: "Bash", input: { command: "two" } }, { tool: "Read", input: { file_path: "$last:saved to (\\S+)" } }],
  ],
  final: "the end",
  threads: [{ match: "SUB", turns: [{ tool: "Bash", input: { command: "sub" } }], final: "sub end" }],
};

type Message = { role: string; content: unknown };
const user = (text: string): Message => ({ role: "user", content: text });
const called = (count: number): Message => ({
  role: "assistant",
  content: Array.from({ length: count }, () => ({ type: "tool_use", name: "Bash", input: {} })),
});
const result = (text: string): Message => ({ role: "user", content: [{ type: "tool_result", content: text }] });

async function withModel(work: (url: string, directory: string, shown: () => string[]) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  const model = startFakeModel(SCRIPT, directory);
  try {
    await work(model.url, directory, model.shown);
  } finally {
    await model.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

async function ask(url: string, messages: Message[], more: Record<string, unknown> = {}): Promise<Response> {
  const body = JSON.stringify({ model: "m", tools: TOOLS, messages, ...more });
  return await fetch(`${url}/v1/messages?beta=true`, { method: "POST", body, headers: { "x-api-key": "dummy" } });
}

async function calls(url: string, messages: Message[]): Promise<unknown[]> {
  const { content } = await (await ask(url, messages)).json() as { content: Record<string, unknown>[] };
  return content.map((block) => block["text"] ?? block["input"]);
}

Deno.test("fake model: the next turn follows from the calls already made", () =>
  withModel(async (url, _, shown) => {
    assert.deepEqual(await calls(url, [user("go")]), [{ command: "one" }]);
    const second = [user("go"), called(1), result("saved to /x/y.txt now")];
    assert.deepEqual(await calls(url, second), [{ command: "two" }, { file_path: "/x/y.txt" }]);
    assert.deepEqual(shown(), ["saved to /x/y.txt now"]);
    assert.deepEqual(await calls(url, [user("go"), called(1), result("a"), called(2), result("b")]), ["the end"]);
    assert.deepEqual(await calls(url, [user("SUB task")]), [{ command: "sub" }]);
  }));

Deno.test("fake model: side requests without tools get a title and move nothing", () =>
  withModel(async (url) => {
    const answer = await (await ask(url, [user("go")], { tools: [] })).text();
    assert.match(answer, /title/);
    assert.deepEqual(await calls(url, [user("go")]), [{ command: "one" }]);
  }));

Deno.test("fake model: a stream carries the same turn in events", () =>
  withModel(async (url) => {
    const text = await (await ask(url, [user("go")], { stream: true })).text();
    const events = [...text.matchAll(/^event: (\S+)$/gm)].map((match) => match[1]);
    assert.deepEqual(events.slice(0, 2), ["message_start", "content_block_start"]);
    assert.equal(events.at(-1), "message_stop");
    assert.match(text, /input_json_delta.*\\"one\\"/);
    assert.match(text, /"stop_reason":"tool_use"/);
  }));

Deno.test("fake model: every request is kept as it arrived, headers too", () =>
  withModel(async (url, directory) => {
    await (await ask(url, [user("find me")])).body?.cancel();
    await (await fetch(url, { method: "HEAD" })).body?.cancel();
    const kept = await Deno.readTextFile(join(directory, "001.http"));
    assert.match(kept, /^POST \/v1\/messages\?beta=true\n/);
    assert.match(kept, /x-api-key: dummy/);
    assert.match(kept, /find me/);
    assert.match(await Deno.readTextFile(join(directory, "002.http")), /^HEAD \//);
  }));
