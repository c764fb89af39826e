/**
 * Asks the daemon for values: the one place outside the daemon that receives them. They live as Secrets from the first
 * line on, and only for env and file grants; a sealed secret is refused.
 */
import { ask } from "../client/client.ts";
import { toHex } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import type { FillEntry, FillReply } from "../protocol/fill.ts";
import type { Caller } from "../protocol/messages.ts";
import { Secret } from "../secret.ts";

/** What a fill brought. */
export interface Fill {
  /** Names this use in `finish`; null where no value was asked for. */
  use: string | null;
  values: { secret: Secret; mode: "env" | "file" }[];
}

/**
 * Redeems a ticket for the command whose sha256 is `digest`, run in the current directory.
 * @throws {RefusedError} with the daemon's code, {UnreachableError} without a daemon.
 */
export async function redeem(homes: Homes, ticket: string, digest: Uint8Array): Promise<Fill> {
  const message = { verb: "redeem", ticket, command_sha256: toHex(digest), cwd: Deno.cwd() };
  return read(await ask(homes, message));
}

/**
 * Asks for values to run a command with, by name.
 * @throws {RefusedError} with the daemon's code, {UnreachableError} without a daemon.
 */
export async function request(
  homes: Homes,
  caller: Caller,
  wants: { name: string; mode: "env" | "file" }[],
): Promise<Fill> {
  return read(await ask(homes, { verb: "run", caller, wants }));
}

/** Tells the daemon how the command ended; the audit line of the use is already written, so no answer is needed. */
export async function finish(homes: Homes, use: string, exitStatus: number, durationMs: number): Promise<void> {
  try {
    const message = { verb: "finish", use, exit_status: exitStatus, duration_ms: Math.round(durationMs) };
    await ask(homes, message, undefined, { timeoutMs: 500 });
  } catch {
    // The daemon went away during the command: its audit has the use, and will miss the ending.
  }
}

function read(reply: { message: Record<string, unknown>; attachment: Uint8Array }): Fill {
  const { use, values } = reply.message as unknown as FillReply;
  let at = 0;
  const filled = values.map((entry: FillEntry) => {
    const secret = new Secret(entry.name, reply.attachment.slice(at, at + entry.length));
    at += entry.length;
    return { secret, mode: entry.mode };
  });
  reply.attachment.fill(0);
  return { use, values: filled };
}
