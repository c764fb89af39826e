/**
 * A daemon on a stage: a throw-away home with a vault, and a daemon in this process under clocks that the test holds.
 * Where the process itself matters: tests/kit/daemon_process.ts.
 */
import { concat, utf8 } from "../../lib/bytes.ts";
import { connect, request } from "../../lib/client/client.ts";
import type { Clock } from "../../lib/daemon/clock.ts";
import { Daemon } from "../../lib/daemon/daemon.ts";
import { emptyGrant, type Grant } from "../../lib/grant/grant.ts";
import type { Homes } from "../../lib/paths.ts";
import type { Caller } from "../../lib/protocol/messages.ts";
import { Secret } from "../../lib/secret.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { newCanary } from "./canary.ts";
import { tmpHome } from "./tmp_home.ts";

/** The least derivation that a vault accepts: these vaults hold canaries only. */
export const TEST_ONLY_KDF = { memoryKib: 19_456, passes: 1, lanes: 1 };
export const PASSPHRASE = "correct horse battery staple";

export const HOUR = 3_600_000;

/** Clocks that move when told. */
export class HeldClock implements Clock {
  #wall = Date.now();
  #steady = 0;
  wall = () => this.#wall;
  steady = () => this.#steady;
  /** Time passes. */
  pass(ms: number): void {
    this.#wall += ms;
    this.#steady += ms;
  }
  /** Someone sets the clock; time does not pass. */
  set(wall: number): void {
    this.#wall = wall;
  }
}

/** Values by name with their grants. */
export interface Planted {
  readonly values: Record<string, string>;
  readonly grants?: Record<string, Partial<Grant>>;
}

/** A home with a vault that is closed again, and its key. */
export interface Stage extends AsyncDisposable {
  readonly homes: Homes;
  readonly clock: HeldClock;
  readonly prk: Uint8Array;
  readonly vaultId: Uint8Array;
  readonly values: Record<string, string>;
  /** A key tree of its own; the caller may wipe it. */
  keys(): KeyTree;
  /** Starts a daemon in this process, with the key unless told otherwise; it ends with the stage. */
  start(options?: { key?: boolean; idleMs?: number; absoluteMs?: number }): Promise<Daemon>;
}

/** The secrets that most tests need: one for env, one for env and file, one sealed, one expired in an hour. */
export function usualSecrets(now: number): Planted {
  return {
    values: { TOKEN: newCanary(), KEYFILE: newCanary(), SEALED: newCanary(), BRIEF: newCanary() },
    grants: {
      KEYFILE: { modes: ["env", "file"] },
      SEALED: {
        modes: ["sealed"],
        destinations: [{ host: "api.example.com", suffix: false, port: null, methods: [], paths: [] }],
      },
      BRIEF: { expires: now + HOUR },
    },
  };
}

/** Sets the stage. */
export async function setStage(planted?: Planted): Promise<Stage> {
  const home = tmpHome();
  const clock = new HeldClock();
  const { values, grants } = planted ?? usualSecrets(clock.wall());
  const { vault, keys } = await Vault.create(home.homes, { passphrase: utf8(PASSPHRASE), kdf: TEST_ONLY_KDF });
  await vault.change(
    Object.entries(values).map(([name, value]) => ({
      op: "put",
      record: {
        ...{ name, kind: "token", tags: [], description: "", provider: null, weak: false },
        grant: { ...emptyGrant(), modes: ["env"], ...grants?.[name] },
      },
      value: new Secret(name, utf8(value)),
    })),
  );
  const [prk, vaultId] = [keys.prk.slice(), keys.vaultId.slice()];
  vault.close();
  const daemons: Daemon[] = [];
  return {
    homes: home.homes,
    clock,
    prk,
    vaultId,
    values,
    keys: () => KeyTree.fromPrk(prk, vaultId, 1),
    async start({ key = true, idleMs = 8 * HOUR, absoluteMs = 24 * HOUR } = {}) {
      const handed = { prk, vaultId, epoch: 1, presence: "pipe" as const, limits: { idleMs, absoluteMs } };
      const options = { homes: home.homes, version: "test", key: key ? handed : null, testOnlyClock: clock };
      const daemon = await Daemon.start(options);
      daemons.push(daemon);
      return daemon;
    },
    async [Symbol.asyncDispose]() {
      for (const daemon of daemons) await daemon.stop();
      home[Symbol.dispose]();
    },
  };
}

export function callerOf(session = "s1", more: Partial<Caller> = {}): Caller {
  return { agent: "claude-code", session, project: "/", cwd: "/", tool: "Bash", tool_call: "c1", ...more };
}

export type Answered = { message: Record<string, unknown>; attachment: Uint8Array };

/** One exchange that gives the reply as it is, refusals included. */
export async function exchange(
  homes: Homes,
  message: object,
  attachment?: Uint8Array,
  admin = false,
): Promise<Answered> {
  const conn = await connect(admin ? homes.adminSocket : homes.useSocket);
  try {
    return await request(conn, message, attachment);
  } catch (error) {
    const refused = error as { code?: string; message: string; hint: string };
    if (refused.code === undefined) throw error;
    return {
      message: { ok: false, code: refused.code, message: refused.message, hint: refused.hint },
      attachment: new Uint8Array(0),
    };
  } finally {
    try {
      conn.close();
    } catch { /* closed by a failed request */ }
  }
}

/** `prepare` of one shell command. */
export function prepare(homes: Homes, command: string, caller = callerOf()): Promise<Answered> {
  const bytes = utf8(command);
  return exchange(homes, { verb: "prepare", caller, lengths: [bytes.length], command: 0 }, bytes);
}

/** `scrub` of some leaves, as text. */
export async function scrub(homes: Homes, ...leaves: string[]): Promise<{ leaves: string[]; reply: Answered }> {
  const parts = leaves.map(utf8);
  const lengths = parts.map((part) => part.length);
  const reply = await exchange(homes, { verb: "scrub", caller: callerOf(), lengths }, concat(...parts));
  let at = 0;
  const sizes = (reply.message["lengths"] ?? []) as number[];
  return { leaves: sizes.map((n) => new TextDecoder().decode(reply.attachment.subarray(at, at += n))), reply };
}

/** Lower-case hex of sha256. */
export async function sha256Hex(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...hash].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** `redeem` with the command and directory that `prepare` was asked for, unless told otherwise. */
export async function redeem(homes: Homes, ticket: unknown, command: string, cwd = "/"): Promise<Answered> {
  return await exchange(homes, { verb: "redeem", ticket, command_sha256: await sha256Hex(command), cwd });
}
