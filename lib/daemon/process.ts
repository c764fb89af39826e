/**
 * The daemon as a process: hardened first, then the key from its starter's pipe if there is one, then serving until it
 * is told to stop. It prints nothing but one frame to the starter that handed it a key. docs/protocol.md, "Starting".
 */
import { fromHex } from "../bytes.ts";
import { foreignCode, harden } from "../harden.ts";
import type { Homes } from "../paths.ts";
import { encodeFrame, type Frame, FrameError, FrameReader } from "../protocol/frame.ts";
import type { Refusal } from "../protocol/refusals.ts";
import { VaultError } from "../vault/vault.ts";
import { AlreadyRunningError, Daemon, type HandedKey } from "./daemon.ts";
import { releaseMemory } from "./memory.ts";
import { refusal } from "./requests.ts";
import { SocketError } from "./socket.ts";
import { closeStandardStreams } from "./standard_streams.ts";

/** A starter writes the key at once; a pipe that stays silent is none of ours. */
const KEY_WAIT_MS = 5_000;
/** A daemon that was told to stop is given so long to free its lock. */
const LOCK_WAIT_MS = 2_000;
/** Longest idle and absolute time that a starter may ask for: ten years. */
const MAX_LIMIT_MS = 3650 * 86_400_000;

/** How the process ended. */
export type DaemonOutcome = "ended" | "already_running" | "refused";

/**
 * Runs a daemon until it is stopped. Nothing is printed; `report` is told what a person started in vain should read.
 */
export async function daemonProcess(
  homes: Homes,
  version: string,
  report: (message: string, hint: string) => void,
): Promise<DaemonOutcome> {
  harden({ clearEnvironment: true, directory: "/" });
  surviveFaults();
  let handed: Frame | null;
  try {
    handed = await readKeyFrame();
  } catch (error) {
    const why = error instanceof FrameError ? error.message : "Cannot read the key: no frame came";
    return await sayNo(refusal("bad_request", why));
  }
  const say = (refused: Refusal) => handed === null ? Promise.resolve() : sayNo(refused);
  try {
    if (handed !== null && foreignCode().length > 0) {
      const why = `Cannot take the key: foreign code was loaded into the daemon (${foreignCode().join(", ")})`;
      return await sayNo(refusal("unsafe_process", why, "tacit doctor"));
    }
    const key = handed === null ? null : handedKey(handed);
    const daemon = await Daemon.start({ homes, version, key, lockWaitMs: handed === null ? 0 : LOCK_WAIT_MS });
    stopOnSignals(daemon);
    key?.prk.fill(0);
    if (handed !== null) {
      await writeOut(encodeFrame({ ok: true, pid: Deno.pid }));
      closeStandardStreams();
    }
    // Building the tables opened every value once.
    releaseMemory();
    await daemon.ended;
    return "ended";
  } catch (error) {
    const refused = startRefusal(error);
    await say(refused);
    if (handed === null) report(refused.message, refused.hint);
    return error instanceof AlreadyRunningError ? "already_running" : "refused";
  } finally {
    handed?.attachment.fill(0);
  }
}

/** The starter's frame, or null where standard input is a terminal, empty or silent. */
async function readKeyFrame(): Promise<Frame | null> {
  if (Deno.stdin.isTerminal()) return null;
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), KEY_WAIT_MS);
  const reading = new FrameReader((p) => Deno.stdin.read(p)).next();
  reading.catch(() => {});
  try {
    return await Promise.race([reading, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function handedKey(frame: Frame): HandedKey {
  const { vault_id, epoch, presence, idle_ms, absolute_ms } = frame.message;
  const limit = (n: unknown): n is number => Number.isSafeInteger(n) && Number(n) > 0 && Number(n) <= MAX_LIMIT_MS;
  const source = (["prompt", "pipe", "file"] as const).find((word) => word === presence);
  const sound = typeof vault_id === "string" && /^[0-9a-f]{32}$/.test(vault_id) && Number.isSafeInteger(epoch) &&
    frame.attachment.length === 32 && source !== undefined;
  if (!sound || !limit(idle_ms) || !limit(absolute_ms)) {
    throw new FrameError("not_an_object", "the starter's message is not a key");
  }
  return {
    prk: frame.attachment,
    vaultId: fromHex(vault_id),
    epoch: Number(epoch),
    presence: source,
    limits: { idleMs: idle_ms, absoluteMs: absolute_ms },
  };
}

function startRefusal(error: unknown): Refusal {
  if (error instanceof AlreadyRunningError) return refusal("busy", error.message);
  if (error instanceof SocketError) return refusal("internal", error.message, error.hint);
  if (error instanceof VaultError) {
    return refusal(error.fault === "BUSY" ? "busy" : "vault_fault", error.message, error.hint ?? "tacit doctor");
  }
  if (error instanceof FrameError) return refusal("bad_request", error.message);
  return refusal("internal", "Cannot start the daemon: unexpected fault", "tacit doctor");
}

async function sayNo(refused: Refusal): Promise<"refused"> {
  await writeOut(encodeFrame(refused)).catch(() => {});
  closeStandardStreams();
  return "refused";
}

async function writeOut(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

/** A fault that no request caught must neither end the daemon nor be printed: its text may quote anything. */
function surviveFaults(): void {
  for (const kind of ["error", "unhandledrejection"]) {
    globalThis.addEventListener(kind, (event) => event.preventDefault());
  }
}

function stopOnSignals(daemon: Daemon): void {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGTERM", "SIGINT", "SIGHUP"];
  const stop = () => void daemon.stop();
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  void daemon.ended.then(() => {
    for (const signal of signals) Deno.removeSignalListener(signal, stop);
  });
}
