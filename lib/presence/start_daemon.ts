/**
 * Starts a fresh daemon and hands it the key over an inherited pipe. A key is never given to a process that was found
 * running: it may be an impostor, or started with foreign code. docs/protocol.md, "Starting".
 */
import { toHex } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import { encodeFrame, type Frame, FrameReader } from "../protocol/frame.ts";
import { type RefusalCode, REFUSALS } from "../protocol/refusals.ts";
import { selfCommand, selfEnvironment } from "../self.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import { keepDescriptorsHere } from "./inherited.ts";
import type { ProofSource } from "./open_slot.ts";
import { PresenceError } from "./presence_error.ts";

/** How long a key stays with the daemon, in ms. */
export interface Lifetime {
  /** Without any use. */
  readonly idleMs: number;
  /** In any case. */
  readonly absoluteMs: number;
}

/** A working day without use, a day in any case. */
export const DEFAULT_LIFETIME: Lifetime = { idleMs: 8 * 3600e3, absoluteMs: 24 * 3600e3 };

// A fresh daemon opens the vault and answers in well under a second; a loaded machine may need longer.
const START_WAIT_MS = 5_000;
// A running daemon closes its sockets at once when told to stop.
const STOP_WAIT_MS = 2_000;

/**
 * Replaces whatever daemon runs for `homes` by a fresh one that holds `keys` (the caller's copy stays the caller's).
 * Returns its pid.
 * @throws {PresenceError} with the daemon's refusal, or `unreachable` if none answers in time.
 */
export async function startDaemon(
  homes: Homes,
  keys: KeyTree,
  epoch: number,
  lifetime: Lifetime,
  source: ProofSource,
): Promise<number> {
  await stopDaemon(homes);
  keepDescriptorsHere();
  const [program, ...args] = [...selfCommand(), ...(homes.chosen === null ? [] : ["--home", homes.chosen]), "daemon"];
  const child = new Deno.Command(program ?? "", {
    args,
    env: selfEnvironment(),
    clearEnv: true,
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    detached: true,
  }).spawn();
  // The daemon outlives us; its pipes must not keep this process waiting.
  child.unref();
  const request = { vault_id: toHex(keys.vaultId), epoch, presence: source, idle_ms: lifetime.idleMs };
  const frame = encodeFrame({ ...request, absolute_ms: lifetime.absoluteMs }, keys.prk);
  try {
    const reply = await within(START_WAIT_MS, () => handOver(child, frame));
    // One that took the key and answers too late would serve on while the person is told that nothing runs.
    if (reply === null) end(child);
    return pidOf(reply);
  } finally {
    frame.fill(0);
  }
}

/**
 * Asks a running daemon to end, and waits until it has gone. Nobody listening is fine.
 * @throws {PresenceError} `impostor` if something keeps listening.
 */
export async function stopDaemon(homes: Homes): Promise<void> {
  const deadline = Date.now() + STOP_WAIT_MS;
  while (Date.now() < deadline) {
    let conn: Deno.UnixConn;
    try {
      conn = await Deno.connect({ transport: "unix", path: homes.adminSocket });
    } catch {
      return;
    }
    try {
      await within(deadline - Date.now(), async () => {
        await writeAll(conn, encodeFrame({ verb: "stop" }));
        return await new FrameReader((p) => conn.read(p)).next();
      });
    } catch {
      /* it may close before it answers; what counts is that it goes */
    } finally {
      conn.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new PresenceError(
    "impostor",
    `Cannot replace the daemon of "${homes.data}": something listens on its socket and does not stop when asked`,
    "tacit doctor",
  );
}

async function handOver(child: Deno.ChildProcess, frame: Uint8Array): Promise<Frame | null> {
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  let rest = new Uint8Array(0);
  const replies = new FrameReader(async (into) => {
    if (rest.length === 0) {
      const { value, done } = await reader.read();
      if (done) return null;
      rest = new Uint8Array(value);
    }
    const n = Math.min(into.length, rest.length);
    into.set(rest.subarray(0, n));
    rest = rest.subarray(n);
    return n;
  });
  try {
    await writer.write(frame);
    await writer.close();
    return await replies.next();
  } catch {
    return null;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function pidOf(reply: Frame | null): number {
  const message = reply?.message;
  if (message?.["ok"] === true && typeof message["pid"] === "number") return message["pid"];
  if (message?.["ok"] === false) {
    const code = REFUSALS.find((known): known is RefusalCode => known === message["code"]) ?? "internal";
    const text = (key: string) => typeof message[key] === "string" ? message[key] as string : "";
    throw new PresenceError(code, text("message") || "Cannot start the daemon: it gave no reason", text("hint"));
  }
  throw new PresenceError("unreachable", "Cannot start the daemon: it gave no answer", "tacit doctor");
}

async function writeAll(conn: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** The result of `work`, or null once `ms` have passed. */
async function within<T>(ms: number, work: () => Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), ms);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
