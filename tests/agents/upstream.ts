/**
 * The service that a secret is for, on loopback: it keeps the SHA-256 of every `Authorization` value it receives,
 * never the value, and answers with everything it was sent. An echoing service is the worst one for a secret.
 */
import { createHash } from "node:crypto";

export interface Upstream {
  url: string;
  /** Hex SHA-256 of each `Authorization` value received, in order. */
  received(): string[];
  stop(): Promise<void>;
}

/** `events` maps a path to something done before that request is answered, such as killing the daemon. */
export function startUpstream(events: Record<string, () => Promise<void>> = {}): Upstream {
  const received: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => undefined }, async (request) => {
    const authorization = request.headers.get("authorization");
    if (authorization !== null) received.push(sha256(authorization));
    const body = await request.text();
    await events[new URL(request.url).pathname]?.();
    return Response.json({ ok: true, echo: { authorization, url: request.url, body } });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, received: () => received, stop: () => server.shutdown() };
}

/** What `received` shows for a request with this `Authorization`. */
export function authorizationHash(authorization: string): string {
  return sha256(authorization);
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
