/**
 * A stdio MCP server whose tool returns the contents of the file named by the first argument: a third party that
 * hands out a secret which tacit happens to know.
 */
import { createInterface } from "node:readline";

interface Rpc {
  id?: number | string;
  method: string;
  params?: { protocolVersion?: string; name?: string };
}

const value = (await Deno.readTextFile(Deno.args[0] ?? "")).trimEnd();

function send(message: Record<string, unknown>): void {
  console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
}

const tool = (name: string, description: string) => ({ name, description, inputSchema: { type: "object" } });

function result(request: Rpc): Record<string, unknown> {
  const text = { type: "text", text: `token: ${value}` };
  switch (request.method) {
    case "initialize": {
      const serverInfo = { name: "notes", version: "1.0.0" };
      return { protocolVersion: request.params?.protocolVersion, capabilities: { tools: {} }, serverInfo };
    }
    case "tools/list":
      return {
        tools: [
          tool("read_note", "Reads the note"),
          tool("structured_note", "Reads the note as data"),
          tool("failing_note", "Fails and shows the note"),
          tool("send_note", "Sends a note away"),
        ],
      };
    case "tools/call":
      switch (request.params?.name) {
        case "structured_note":
          return { content: [text], structuredContent: { note: value } };
        case "failing_note":
          return { content: [text], isError: true };
        case "send_note":
          return { content: [{ type: "text", text: "sent" }] };
        default:
          return { content: [text] };
      }
    default:
      return {};
  }
}

const lines = createInterface({ input: (await import("node:process")).stdin });
for await (const line of lines) {
  const request = JSON.parse(line) as Rpc;
  if (request.id !== undefined) send({ id: request.id, result: result(request) });
}
