/**
 * A model that says what a scenario tells it to: the Messages API (JSON and server-sent events), on loopback only.
 *
 * Which turn comes next is worked out from the tool calls that the conversation already holds, so that side requests
 * (titles, token counts) and other conversations (subagents) do not upset the order. Every request is written to disk
 * exactly as it arrived: it is what a model's owner would have seen.
 */
import { join } from "node:path";

/** One tool call of the model. */
export interface Call {
  tool: string;
  /** String leaves may be `$last:REGEX`: the last match of its first group in the request just received. */
  input: Record<string, unknown>;
}

/** What the model does in one turn: calls tools, several at once if so told. */
export type Turn = Call | Call[];

export interface Conversation {
  turns: Turn[];
  /** Text that ends it. */
  final: string;
}

/** A conversation of its own for subagents, recognised by a part of the first user message. */
export interface Thread extends Conversation {
  match: string;
}

export interface Script extends Conversation {
  threads: Thread[];
}

interface Block {
  type: string;
  text?: string;
  content?: unknown;
}

interface Message {
  role: string;
  content: string | Block[];
}

interface MessagesRequest {
  model: string;
  stream?: boolean;
  messages: Message[];
  tools?: unknown[];
}

export interface FakeModel {
  url: string;
  /** Requests so far, token counts and probes included. */
  requests(): number;
  /** Every tool result that the model has been shown, in any conversation, as text. */
  shown(): string[];
  /** The first message of each conversation, with what hooks added to it. */
  told(): string[];
  stop(): Promise<void>;
}

/** Starts the model; requests are written below `directory`, which must exist. */
export function startFakeModel(script: Script, directory: string): FakeModel {
  let requests = 0;
  const shown = new Set<string>();
  const told = new Set<string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => undefined }, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const url = new URL(request.url);
    const head = `${request.method} ${url.pathname}${url.search}\n${
      [...request.headers].map(([name, value]) => `${name}: ${value}\n`).join("")
    }\n`;
    const file = `${String(++requests).padStart(3, "0")}.http`;
    await Deno.writeFile(join(directory, file), joined(new TextEncoder().encode(head), body));
    if (request.method === "HEAD") return new Response(null);
    if (url.pathname.endsWith("/count_tokens")) return Response.json({ input_tokens: 100 });
    if (!url.pathname.endsWith("/messages")) {
      return Response.json({ type: "error", error: { type: "not_found_error", message: "no such route" } }, {
        status: 404,
      });
    }
    const text = new TextDecoder().decode(body);
    const asked = JSON.parse(text) as MessagesRequest;
    for (const result of toolResults(asked.messages)) shown.add(result);
    told.add(textOf(asked.messages.find((message) => message.role === "user")));
    return answer(asked, next(script, asked, text));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests: () => requests,
    shown: () => [...shown],
    told: () => [...told],
    stop: () => server.shutdown(),
  };
}

/** The content blocks of the next turn. */
function next(script: Script, asked: MessagesRequest, request: string): Record<string, unknown>[] {
  if ((asked.tools ?? []).length === 0) return [{ type: "text", text: '{"title":"scripted","isNewTopic":false}' }];
  const first = textOf(asked.messages.find((message) => message.role === "user"));
  const conversation = script.threads.find((thread) => first.includes(thread.match)) ?? script;
  let made = asked.messages.filter((message) => message.role === "assistant")
    .flatMap((message) => blocks(message)).filter((block) => block.type === "tool_use").length;
  for (const turn of conversation.turns) {
    const calls = Array.isArray(turn) ? turn : [turn];
    if (made === 0) {
      return calls.map((call) => ({
        type: "tool_use",
        id: unique("toolu_01"),
        name: call.tool,
        input: filled(call.input, request),
      }));
    }
    made -= calls.length;
  }
  return [{ type: "text", text: conversation.final }];
}

function answer(asked: MessagesRequest, content: Record<string, unknown>[]): Response {
  const stop_reason = content.some((block) => block["type"] === "tool_use") ? "tool_use" : "end_turn";
  const message = {
    id: unique("msg_01"),
    type: "message",
    role: "assistant",
    model: asked.model,
    content,
    stop_reason,
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
  };
  if (asked.stream !== true) return Response.json(message);
  const events: [string, Record<string, unknown>][] = [
    ["message_start", { message: { ...message, content: [], stop_reason: null } }],
  ];
  content.forEach((block, index) => {
    if (block["type"] === "text") {
      events.push(["content_block_start", { index, content_block: { type: "text", text: "" } }]);
      events.push(["content_block_delta", { index, delta: { type: "text_delta", text: block["text"] } }]);
    } else {
      events.push(["content_block_start", { index, content_block: { ...block, input: {} } }]);
      const partial_json = JSON.stringify(block["input"]);
      events.push(["content_block_delta", { index, delta: { type: "input_json_delta", partial_json } }]);
    }
    events.push(["content_block_stop", { index }]);
  });
  events.push(["message_delta", { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 10 } }]);
  events.push(["message_stop", {}]);
  const stream = events.map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`).join(
    "",
  );
  return new Response(stream, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}

function filled(value: unknown, request: string): unknown {
  if (typeof value === "string" && value.startsWith("$last:")) {
    const matches = [...request.matchAll(new RegExp(value.slice("$last:".length), "g"))];
    return matches.at(-1)?.[1] ?? "";
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, request));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, request)]));
}

function blocks(message: Message): Block[] {
  return typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content;
}

function textOf(message: Message | undefined): string {
  return message === undefined ? "" : blocks(message).map((block) => block.text ?? "").join("\n");
}

function toolResults(messages: Message[]): string[] {
  return messages.flatMap(blocks).filter((block) => block.type === "tool_result").map((block) =>
    typeof block.content === "string" ? block.content : JSON.stringify(block.content)
  );
}

function unique(prefix: string): string {
  return prefix + crypto.randomUUID().replaceAll("-", "").slice(0, 20);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
