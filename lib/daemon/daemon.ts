/** One daemon: its rooms put together, its sockets, its timers. lib/daemon/process.ts makes a process of it. */
import { utf8 } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import type { StatusReply } from "../protocol/messages.ts";
import { carrySeen } from "../vault/data_key.ts";
import { type Clock, ClockFloor, systemClock } from "./clock.ts";
import { acceptedKeys, coverLog } from "./cover_log.ts";
import { type KeyLimits, Keyring, type LockReason } from "./keyring.ts";
import { scrubLeaf, textOf } from "./leaves.ts";
import { Prompts } from "./prompts.ts";
import { adminConversation, type Conversation, useConversation } from "./requests.ts";
import { ProofFailures } from "./requests_admin.ts";
import { MAX_ADMIN_CONNECTIONS, MAX_USE_CONNECTIONS, ReceiveBudget, Server } from "./server.ts";
import { Journal, type Service } from "./service.ts";
import { Sessions } from "./sessions.ts";
import { type DaemonLock, listenAt, privateDirectory, takeLock } from "./socket.ts";
import { sweepOneShot } from "./sweep.ts";
import { Tickets } from "./tickets.ts";
import { Uses } from "./uses.ts";

/** How often deadlines are looked at between requests; each request looks too. */
const REAP_EVERY_MS = 1_000;

/** A key as it was handed over. */
export interface HandedKey {
  prk: Uint8Array;
  vaultId: Uint8Array;
  epoch: number;
  presence: StatusReply["presence"];
  limits: KeyLimits;
}

/** What a daemon is started with. */
export interface DaemonOptions {
  homes: Homes;
  version: string;
  key: HandedKey | null;
  /** Waits at most so long for the lock of a daemon that is about to end. */
  lockWaitMs?: number;
  /** Other clocks than the machine's: for tests only, since whoever sets them decides what has expired. */
  testOnlyClock?: Clock;
}

/** Another daemon serves this home. */
export class AlreadyRunningError extends Error {
  constructor() {
    super('Cannot start "the tacit daemon": another one is running');
    this.name = "AlreadyRunningError";
  }
}

/** A running daemon. */
export class Daemon {
  /** For tests that look inside. */
  readonly service: Service;
  readonly #lock: DaemonLock;
  readonly #servers: Server[];
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #budget = new ReceiveBudget();
  readonly #ended = Promise.withResolvers<void>();
  #ending = false;

  /**
   * Starts serving.
   * @throws {AlreadyRunningError} @throws {SocketError} if the place cannot be used.
   * @throws {VaultError} if there is a key and the vault does not open with it.
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { homes } = options;
    for (const path of [homes.data, homes.state, homes.runtime, homes.oneShot]) privateDirectory(path);
    const lock = await waitForLock(homes, options.lockWaitMs ?? 0);
    if (lock === null) throw new AlreadyRunningError();
    const listeners: Deno.UnixListener[] = [];
    try {
      sweepOneShot(homes.oneShot);
      const service = makeService(options);
      if (options.key !== null) await takeKey(service, options.key);
      else await service.journal.open();
      listeners.push(listenAt(homes.useSocket), listenAt(homes.adminSocket));
      return new Daemon(service, lock, listeners);
    } catch (error) {
      for (const listener of listeners) listener.close();
      lock.release();
      throw error;
    }
  }

  /** Callers use `Daemon.start`, which makes the place first. */
  constructor(service: Service, lock: DaemonLock, listeners: Deno.UnixListener[]) {
    this.service = { ...service, lock: (reason) => this.lock(reason), stop: () => void this.stop() };
    this.#lock = lock;
    const budget = this.#budget;
    const failures = new ProofFailures();
    const { homes } = service;
    const kinds = [
      { path: homes.useSocket, maxConnections: MAX_USE_CONNECTIONS, open: () => useConversation(this.service) },
      {
        path: homes.adminSocket,
        maxConnections: MAX_ADMIN_CONNECTIONS,
        open: () => adminConversation(this.service, failures),
      },
    ];
    this.#servers = kinds.map(({ path, maxConnections, open }, i) => {
      const listener = listeners[i];
      if (listener === undefined) throw new Error("Cannot serve a socket: it was not opened");
      return new Server(listener, { path, maxConnections, budget, converse: () => this.#watched(open()) });
    });
    this.#timer = setInterval(() => this.reap(), REAP_EVERY_MS);
  }

  /** Resolves when the daemon has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Looks at every deadline. */
  reap(): void {
    const { keyring, tickets, floor } = this.service;
    const due = keyring.due;
    if (due !== null) this.lock(due);
    tickets.reap();
    if (keyring.keys !== null) floor.save(keyring.keys, false);
  }

  /** The key leaves at once; its line is written while it still is here. */
  lock(reason: LockReason): void {
    const { keyring, tickets, floor, journal } = this.service;
    if (keyring.keys === null) return;
    floor.save(keyring.keys, true);
    journal.noteNow({ event: "lock", decision: "info", code: "ok", detail: reason });
    keyring.lock();
    tickets.clear();
  }

  /** Ends: no new requests, key gone, sockets gone, lock free. */
  async stop(): Promise<void> {
    if (this.#ending) return await this.ended;
    this.#ending = true;
    clearInterval(this.#timer);
    this.lock("stop");
    await Promise.all(this.#servers.map((server) => server.close()));
    this.#budget.close();
    await this.service.keyring.settled();
    await this.service.journal.note({ event: "stop", decision: "info", code: "ok" });
    for (const path of [this.service.homes.useSocket, this.service.homes.adminSocket]) removeSocket(path);
    this.#lock.release();
    this.#ended.resolve();
  }

  /** Deadlines count to the moment: each request looks at them first. */
  #watched(conversation: Conversation): Conversation {
    const reap = () => this.reap();
    return {
      get patient() {
        return conversation.patient;
      },
      end: () => conversation.end(),
      answer: (frame) => {
        reap();
        return conversation.answer(frame);
      },
    };
  }
}

function makeService(options: DaemonOptions): Service {
  const { homes, version } = options;
  const clock = options.testOnlyClock ?? systemClock;
  const floor = new ClockFloor(homes, clock);
  const keyring = new Keyring(homes, clock);
  return {
    homes,
    version,
    clock,
    floor,
    keyring,
    sessions: new Sessions(clock),
    tickets: new Tickets(clock),
    uses: new Uses(),
    streams: { open: 0 },
    prompts: new Prompts(clock),
    journal: new Journal(homes.audit, floor, () => keyring.keys?.audit ?? null, () => keyring.generation, (text) => {
      return keyring.tables === null ? text : textOf(scrubLeaf(keyring.tables, utf8(text)).output);
    }),
    widening: { last: Promise.resolve() },
    notes: options.testOnlyClock === undefined ? [] : ["test-only clock in use"],
    lock: () => {},
    stop: () => {},
  };
}

async function takeKey(service: Service, key: HandedKey): Promise<void> {
  const { keyring, floor, journal, notes } = service;
  await keyring.unlock(key.prk, key.vaultId, key.epoch, key.limits, key.presence);
  const keys = keyring.keys;
  if (keys === null) return;
  const accepted = acceptedKeys(service);
  const carried = carrySeen(service.homes, keys, accepted);
  if (carried !== null) floor.raise(carried);
  if (!floor.load(keys) && carried === null) {
    notes.push("the record of the latest time seen was changed by someone else");
  }
  await coverLog(service, keys, key.epoch, accepted);
  floor.save(keys, true);
  await journal.note({
    event: "unlock",
    decision: "info",
    code: "ok",
    detail: `presence by ${key.presence ?? "none"}`,
  });
}

async function waitForLock(homes: Homes, waitMs: number): Promise<DaemonLock | null> {
  const until = performance.now() + waitMs;
  for (;;) {
    const lock = takeLock(homes);
    if (lock !== null || performance.now() >= until) return lock;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function removeSocket(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* gone already */ }
}
