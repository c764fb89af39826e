/**
 * admin.sock: what narrows is done for anyone of this user; what widens comes sealed under a key that only a holder of
 * the passphrase can derive. docs/protocol.md, "Challenge".
 */
import { fromHex, toHex } from "../bytes.ts";
import { AuthenticationError } from "../crypto/aead.ts";
import { Channel, clientProof, daemonProof, newNonce, proofMatches } from "../protocol/channel.ts";
import { encodeFrame, FrameError, FrameReader } from "../protocol/frame.ts";
import type { AdminRequest } from "../protocol/messages.ts";
import { BadRequestError, parseWideningRequest } from "../protocol/parse.ts";
import { Stopwatch } from "./clock.ts";
import { status } from "./requests_status.ts";
import { widen } from "./requests_widen.ts";
import { type Answer, humanCommand, RefusedRequest, type Service } from "./service.ts";

/** Presence is fresh for so long after the proof: enough to save, too short to be left lying about. */
export const PRESENCE_LIFE_MS = 60_000;
/** Failed proofs that cost nothing; a person's client never fails one, a wrong key does each time. */
const FREE_FAILURES = 3;
/** The wait after that, doubled with each further failure. */
const FIRST_WAIT_MS = 1_000;
/** The longest wait. */
const LONGEST_WAIT_MS = 60_000;
/** A failure is forgotten after this time. */
const FAILURE_LIFE_MS = 60_000;

/** Failed proofs of all connections; shared, so that a new connection is no new beginning. */
export class ProofFailures {
  #count = 0;
  #last: Stopwatch | null = null;

  /** Milliseconds to wait before the next proof is looked at. */
  get wait(): number {
    if (this.#last === null) return 0;
    if (this.#last.elapsed() > FAILURE_LIFE_MS + this.#penalty()) this.#count = 0;
    return Math.max(0, this.#penalty() - this.#last.elapsed());
  }

  add(last: Stopwatch): void {
    this.#count++;
    this.#last = last;
  }

  #penalty(): number {
    if (this.#count < FREE_FAILURES) return 0;
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(16, this.#count - FREE_FAILURES));
  }
}

/** What one connection of admin.sock has proven. */
export interface AdminState {
  nonces: { client: Uint8Array; daemon: Uint8Array } | null;
  channel: { cipher: Channel; age: Stopwatch } | null;
}

/** Answers one request of admin.sock. @throws {RefusedRequest} */
export async function admin(
  service: Service,
  state: AdminState,
  failures: ProofFailures,
  request: AdminRequest,
  attachment: Uint8Array,
): Promise<Answer> {
  switch (request.verb) {
    case "status":
      return status(service);
    case "lock":
      service.lock("asked");
      return { message: { ok: true } };
    case "stop":
      return { message: { ok: true }, afterwards: () => service.stop() };
    case "challenge":
      return challenge(service, state, fromHex(request.nonce));
    case "prove":
      return await prove(service, state, failures, fromHex(request.proof));
    case "sealed":
      return await sealed(service, state, request.counter, attachment);
  }
}

function adminKey(service: Service): Uint8Array {
  const key = service.keyring.keys?.admin;
  if (key !== undefined) return key;
  const hint = humanCommand(service.homes, "unlock");
  throw service.keyring.state === "locked"
    ? new RefusedRequest("locked", "Cannot prove presence: tacit is locked", hint)
    : new RefusedRequest("never_unlocked", "Cannot prove presence: tacit was not unlocked since it started", hint);
}

function challenge(service: Service, state: AdminState, client: Uint8Array): Answer {
  const key = adminKey(service);
  const daemon = newNonce();
  state.nonces = { client, daemon };
  state.channel = null;
  return { message: { ok: true, nonce: toHex(daemon), proof: toHex(daemonProof(key, client, daemon)) } };
}

async function prove(
  service: Service,
  state: AdminState,
  failures: ProofFailures,
  proof: Uint8Array,
): Promise<Answer> {
  const key = adminKey(service);
  const { nonces } = state;
  // A pair of nonces is good for one try.
  state.nonces = null;
  if (nonces === null) throw new RefusedRequest("bad_request", 'Cannot prove "presence": ask for a challenge first');
  const { wait } = failures;
  if (wait > 0) {
    throw new RefusedRequest(
      "busy",
      "Cannot prove presence: too many failed proofs",
      `wait ${Math.ceil(wait / 1000)}s`,
    );
  }
  if (!proofMatches(clientProof(key, nonces.client, nonces.daemon), proof)) {
    failures.add(new Stopwatch(service.clock));
    await service.journal.note({ event: "presence", decision: "alarm", code: "presence_failed" });
    throw new RefusedRequest("presence_failed", "Cannot prove presence: the proof is wrong");
  }
  const cipher = new Channel(key, nonces.client, nonces.daemon, "daemon");
  state.channel = { cipher, age: new Stopwatch(service.clock) };
  return { message: { ok: true } };
}

async function sealed(service: Service, state: AdminState, counter: number, attachment: Uint8Array): Promise<Answer> {
  const { channel } = state;
  if (channel === null || channel.age.elapsed() >= PRESENCE_LIFE_MS || service.keyring.keys === null) {
    dropChannel(state);
    throw new RefusedRequest(
      "presence_required",
      "Cannot change the vault: this needs the passphrase, fresh",
      "try the command again",
    );
  }
  let inner: Uint8Array;
  try {
    inner = channel.cipher.open(counter, attachment);
  } catch (error) {
    if (!(error instanceof AuthenticationError || error instanceof RangeError)) throw error;
    dropChannel(state);
    await service.journal.note({ event: "presence", decision: "alarm", code: "presence_failed" });
    throw new RefusedRequest("presence_failed", "Cannot change the vault: the sealed request is not the next one");
  }
  try {
    const reply = await answerInner(service, inner);
    const { counter: number, sealed } = channel.cipher.seal(encodeFrame(reply));
    return { message: { ok: true, sealed: true, counter: number }, attachment: sealed };
  } finally {
    inner.fill(0);
  }
}

/** The reply to a widening request; its refusals travel inside the channel as well. */
async function answerInner(service: Service, inner: Uint8Array): Promise<object> {
  try {
    const frame = await frameIn(inner);
    return await widen(service, parseWideningRequest(frame.message, frame.attachment.length), frame.attachment);
  } catch (error) {
    if (error instanceof RefusedRequest) {
      return { ok: false, code: error.code, message: error.message, hint: error.hint };
    }
    if (error instanceof BadRequestError || error instanceof FrameError) {
      return { ok: false, code: "bad_request", message: error.message, hint: "" };
    }
    throw error;
  }
}

async function frameIn(bytes: Uint8Array) {
  let at = 0;
  const reader = new FrameReader((p) => {
    const part = bytes.subarray(at, at + p.length);
    p.set(part);
    at += part.length;
    return Promise.resolve(part.length === 0 ? null : part.length);
  });
  const frame = await reader.next();
  if (frame === null || at !== bytes.length) throw new BadRequestError("sealed", "not one frame");
  return frame;
}

/** Forgets what a connection had proven. */
export function dropChannel(state: AdminState): void {
  state.channel?.cipher.wipe();
  state.channel = null;
}
