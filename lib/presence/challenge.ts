/**
 * Requests that widen what is allowed. Both sides first prove that they hold `K_admin`, each time anew; a daemon that
 * cannot is an impostor and is sent nothing. No passphrase crosses the socket. docs/protocol.md, "Challenge".
 */
import { fromHex, toHex } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import {
  Channel,
  clientProof,
  daemonProof,
  newNonce,
  NONCE_BYTES,
  PROOF_BYTES,
  proofMatches,
} from "../protocol/channel.ts";
import { encodeFrame, type Frame, FrameReader, readReply } from "../protocol/frame.ts";
import type { WideningRequest } from "../protocol/messages.ts";
import { type RefusalCode, REFUSALS } from "../protocol/refusals.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import { PresenceError } from "./presence_error.ts";

// The daemon rewrites the vault file (two fsyncs) or waits up to 5 s for another writer of it; then it has answered.
const ANSWER_WAIT_MS = 10_000;

/**
 * Sends one sealed request and returns the daemon's answer.
 * @throws {PresenceError} with the daemon's refusal; `impostor` if it does not hold the key; `unreachable` if it does
 * not answer.
 */
export async function widen(
  homes: Homes,
  keys: KeyTree,
  request: WideningRequest,
  attachment: Uint8Array = new Uint8Array(0),
): Promise<Record<string, unknown>> {
  const socket = await connect(homes);
  const timer = setTimeout(() => socket.close(), ANSWER_WAIT_MS);
  const reader = new FrameReader((into) => socket.read(into));
  const exchange = async (message: object, sealed?: Uint8Array) => {
    await writeAll(socket, encodeFrame(message, sealed));
    const frame = await reader.next();
    if (frame === null) throw unreachable("it closed the connection");
    return accepted(readReply(frame));
  };
  let channel: Channel | null = null;
  try {
    channel = await prove(keys, exchange);
    const inner = encodeFrame(request, attachment);
    const { counter, sealed } = channel.seal(inner);
    inner.fill(0);
    const reply = await exchange({ verb: "sealed", counter }, sealed);
    return await openReply(channel, reply);
  } catch (error) {
    if (error instanceof PresenceError) throw error;
    // What the socket, the frame reader or the seal throw all mean one thing here.
    throw unreachable("it went away or answered in another language");
  } finally {
    clearTimeout(timer);
    channel?.wipe();
    close(socket);
  }
}

async function prove(keys: KeyTree, exchange: (message: object) => Promise<Frame>): Promise<Channel> {
  const ours = newNonce();
  const { message } = await exchange({ verb: "challenge", nonce: toHex(ours) });
  const theirs = bytesOf(message["nonce"], NONCE_BYTES);
  const proof = bytesOf(message["proof"], PROOF_BYTES);
  if (theirs === null || proof === null || !proofMatches(daemonProof(keys.admin, ours, theirs), proof)) {
    throw new PresenceError(
      "impostor",
      `Cannot trust the daemon: it answers on tacit's socket but does not hold this vault's key`,
      "tacit unlock --again",
    );
  }
  await exchange({ verb: "prove", proof: toHex(clientProof(keys.admin, ours, theirs)) });
  return new Channel(keys.admin, ours, theirs, "client");
}

async function openReply(channel: Channel, reply: Frame): Promise<Record<string, unknown>> {
  const counter = reply.message["counter"];
  const bytes = channel.open(typeof counter === "number" ? counter : 0, reply.attachment);
  let at = 0;
  const inner = await new FrameReader((into) => {
    const n = Math.min(into.length, bytes.length - at);
    into.set(bytes.subarray(at, at + n));
    at += n;
    return Promise.resolve(n === 0 ? null : n);
  }).next();
  if (inner === null) throw unreachable("its answer is empty");
  return accepted(readReply(inner)).message;
}

function accepted(frame: Frame): Frame {
  const { message } = frame;
  if (message["ok"] === true) return frame;
  const code = REFUSALS.find((known): known is RefusalCode => known === message["code"]) ?? "internal";
  const text = (key: string) => typeof message[key] === "string" ? message[key] as string : "";
  throw new PresenceError(code, text("message") || "Cannot answer: the daemon gave no reason", text("hint"));
}

async function connect(homes: Homes): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path: homes.adminSocket });
  } catch {
    throw unreachable("it does not run");
  }
}

function unreachable(state: string): PresenceError {
  return new PresenceError("unreachable", `Cannot reach "the tacit daemon": ${state}`, "tacit unlock");
}

function bytesOf(hex: unknown, length: number): Uint8Array | null {
  return typeof hex === "string" && hex.length === 2 * length && /^[0-9a-f]*$/.test(hex) ? fromHex(hex) : null;
}

function close(socket: Deno.UnixConn): void {
  try {
    socket.close();
  } catch { /* the timer closed it */ }
}

async function writeAll(socket: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}
