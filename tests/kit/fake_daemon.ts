/**
 * A stand-in for the daemon on a real socket: speaks the frames, knows a few values, does by plain replacement what
 * the daemon does properly. For tests of what asks the daemon.
 */
import { concat } from "../../lib/bytes.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { encodeFrame, type Frame, FrameReader } from "../../lib/protocol/frame.ts";

export interface FakeDaemon {
  homes: Homes;
  /** Every message received, in order. */
  asked: Record<string, unknown>[];
  /** What it holds; may be changed while it runs. */
  values: Record<string, string>;
  state: "unlocked" | "locked" | "never_unlocked";
  /** Stops listening and drops every connection. */
  stop(): Promise<void>;
}

/** Starts one in a home of its own. */
export async function startFakeDaemon(values: Record<string, string>): Promise<FakeDaemon> {
  const homes = homesOf(await Deno.makeTempDir({ prefix: "tacit-fake-" }));
  await Deno.mkdir(homes.runtime, { recursive: true, mode: 0o700 });
  const listener = Deno.listen({ transport: "unix", path: homes.useSocket });
  const connections = new Set<Deno.Conn>();
  const daemon: FakeDaemon = {
    homes,
    asked: [],
    values,
    state: "unlocked",
    async stop() {
      listener.close();
      for (const connection of connections) connection.close();
      connections.clear();
      await accepting;
    },
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      serve(daemon, connection).catch(() => {}).finally(() => {
        if (connections.delete(connection)) connection.close();
      });
    }
  })();
  return daemon;
}

async function serve(daemon: FakeDaemon, connection: Deno.Conn): Promise<void> {
  const reader = new FrameReader((p) => connection.read(p));
  let held: Uint8Array = new Uint8Array(0);
  for (let frame = await reader.next(); frame !== null; frame = await reader.next()) {
    daemon.asked.push(frame.message);
    let bytes: Uint8Array;
    if (frame.message["verb"] === "feed" || frame.message["verb"] === "feed_end") {
      const all = scrub(daemon, concat(held, frame.attachment));
      const longest = Math.max(0, ...Object.values(daemon.values).map((value) => value.length - 1));
      const keep = frame.message["verb"] === "feed" ? Math.min(longest, all.length) : 0;
      held = all.slice(all.length - keep);
      bytes = encodeFrame({ ok: true, held: keep }, all.slice(0, all.length - keep));
    } else bytes = reply(daemon, frame);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  }
}

function reply(daemon: FakeDaemon, { message, attachment }: Frame): Uint8Array {
  const names = Object.keys(daemon.values);
  const refuse = (code: string, text: string, hint = "") => encodeFrame({ ok: false, code, message: text, hint });
  const text = latin1(attachment);
  const off = daemon.state === "never_unlocked";
  switch (message["verb"]) {
    case "status":
      return encodeFrame({ ok: true, state: daemon.state, scrubbing: !off });
    case "session":
      return encodeFrame({ ok: true, state: daemon.state, names: off ? [] : names, scrubbing: !off });
    case "list":
      if (off) return refuse("never_unlocked", "Cannot list secrets: the vault was never unlocked", "tacit unlock");
      return encodeFrame({
        ok: true,
        secrets: names.map((name) => ({ name, grant: { modes: ["env"] }, expired: false })),
      });
    case "scrub_stream":
      return off ? refuse("never_unlocked", "Cannot scrub: the vault was never unlocked") : encodeFrame({ ok: true });
    case "scrub": {
      const lengths: number[] = [];
      const parts: Uint8Array[] = [];
      let at = 0;
      for (const length of message["lengths"] as number[]) {
        parts.push(scrub(daemon, attachment.subarray(at, at += length)));
        lengths.push(parts.at(-1)?.length ?? 0);
      }
      const found = names.filter((name) => text.includes(daemon.values[name] ?? ""));
      return encodeFrame({ ok: true, lengths, names: found }, concat(...parts));
    }
    case "prompt": {
      const found = names.find((name) => text.includes(daemon.values[name] ?? ""));
      if (found === undefined) return encodeFrame({ ok: true });
      return refuse(
        "prompt_has_value",
        `Cannot send this prompt: it holds the value of ${found}`,
        `write {{${found}}}`,
      );
    }
    case "prepare":
      return prepare(daemon, names, text, message["command"] !== null);
    default:
      return encodeFrame({ ok: true });
  }

  function prepare(daemon: FakeDaemon, names: string[], text: string, shell: boolean): Uint8Array {
    const literal = names.find((name) => text.includes(daemon.values[name] ?? ""));
    if (literal !== undefined) {
      return refuse("literal_value", `Cannot run this: it holds the value of ${literal}`, `write {{${literal}}}`);
    }
    const used = names.filter((name) => text.includes(`{{${name}}}`));
    if (shell && daemon.state !== "unlocked" && /\{\{[A-Z]/.test(text)) {
      return refuse(daemon.state, "Cannot use a secret: the vault is locked", "tacit unlock");
    }
    const ticket = shell && used.length > 0 ? "TICKET0123456789" : null;
    return encodeFrame({ ok: true, ticket, names: used, passed_marker: false });
  }
}

/** Values by their markers, each standing for one byte per character. */
function scrub(daemon: FakeDaemon, bytes: Uint8Array): Uint8Array {
  let text = latin1(bytes);
  for (const [name, value] of Object.entries(daemon.values)) text = text.replaceAll(value, `[REDACTED:${name}]`);
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}
