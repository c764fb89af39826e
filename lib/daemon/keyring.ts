/**
 * The key while it is here, and what stays when it is gone: names, metadata and keyed fingerprint tables, never a
 * value. The key leaves after a time without use, after a longer time in any case, and at `lock`.
 * docs/protocol.md, "States".
 */
import type { SecretMetadata } from "../grant/grant.ts";
import type { Homes } from "../paths.ts";
import type { DaemonState, StatusReply } from "../protocol/messages.ts";
import { buildTables, type ScrubTables } from "../scrub/tables.ts";
import type { Secret } from "../secret.ts";
import { KeyTree } from "../vault/key_tree.ts";
import type { Edit, Vault } from "../vault/vault.ts";
import { type Clock, Stopwatch } from "./clock.ts";
import { openKnownVault } from "./known_vault.ts";

/** How long a key may stay; both in milliseconds. */
export interface KeyLimits {
  /** Since the last use of a secret or change of the vault. */
  idleMs: number;
  /** Since the unlock. */
  absoluteMs: number;
}

/** Why a key left. */
export type LockReason = "asked" | "idle" | "absolute" | "stop";

interface Open {
  readonly keys: KeyTree;
  readonly vault: Vault;
  readonly limits: KeyLimits;
  readonly since: Stopwatch;
  readonly idle: Stopwatch;
}

/** The one holder of the key. */
export class Keyring {
  readonly #homes: Homes;
  readonly #clock: Clock;
  #open: Open | null = null;
  /** Edits follow one another, and a lock waits for the one that is being saved. */
  #saving: Promise<unknown> = Promise.resolve();
  #records = new Map<string, SecretMetadata>();
  #tables: ScrubTables | null = null;
  #presence: StatusReply["presence"] = null;

  constructor(homes: Homes, clock: Clock) {
    this.#homes = homes;
    this.#clock = clock;
  }

  get state(): DaemonState {
    return this.#open !== null ? "unlocked" : this.#tables !== null ? "locked" : "never_unlocked";
  }

  /** How the last unlock proved presence. */
  get presence(): StatusReply["presence"] {
    return this.#presence;
  }

  /** Null unless unlocked. The tree's own; nobody wipes it but this keyring. */
  get keys(): KeyTree | null {
    return this.#open?.keys ?? null;
  }

  /** Known names, also while locked. */
  get names(): ReadonlyMap<string, SecretMetadata> {
    return this.#records;
  }

  /** Null if never unlocked. */
  get tables(): ScrubTables | null {
    return this.#tables;
  }

  /** Generation of the open vault; null unless unlocked. */
  get generation(): number | null {
    return this.#open?.vault.generation ?? null;
  }

  get notes(): string[] {
    return this.#open?.vault.notes ?? [];
  }

  /**
   * Takes the key and opens the vault. `prk` stays the caller's, who wipes it.
   * @throws {VaultError} if the vault cannot be opened with it; nothing is kept then.
   */
  async unlock(
    prk: Uint8Array,
    vaultId: Uint8Array,
    epoch: number,
    limits: KeyLimits,
    presence: StatusReply["presence"],
  ): Promise<void> {
    const keys = KeyTree.fromPrk(prk, vaultId, epoch);
    try {
      const vault = await openKnownVault(this.#homes, keys);
      const clock = this.#clock;
      this.#open = { keys, vault, limits, since: new Stopwatch(clock), idle: new Stopwatch(clock) };
      this.#refresh(true);
      this.#presence = presence;
    } catch (error) {
      this.#open = null;
      keys.wipe();
      throw error;
    }
  }

  /** One value, which the caller wipes; null while locked or if there is none of this name. */
  read(name: string): Secret | null {
    return this.#open === null || !this.#records.has(name) ? null : this.#open.vault.read(name);
  }

  /** The value of a record of tacit's own; undefined while locked or if there is none. */
  internal(name: string): Uint8Array | undefined {
    return this.#open?.vault.internal(name);
  }

  /** A use: the idle time begins anew. */
  touch(): void {
    this.#open?.idle.restart();
  }

  /** Unix milliseconds at which the key leaves; null while locked. */
  get deadlines(): { idle: number | null; absolute: number | null } {
    if (this.#open === null) return { idle: null, absolute: null };
    const now = this.#clock.wall();
    const { limits, idle, since } = this.#open;
    const left = (limit: number, watch: Stopwatch) => Math.round(now + limit - watch.elapsed());
    return { idle: left(limits.idleMs, idle), absolute: left(limits.absoluteMs, since) };
  }

  /** Why the key must leave now, or null. */
  get due(): LockReason | null {
    if (this.#open === null) return null;
    if (this.#open.since.elapsed() >= this.#open.limits.absoluteMs) return "absolute";
    return this.#open.idle.elapsed() >= this.#open.limits.idleMs ? "idle" : null;
  }

  /** The key leaves at once; memory that a running save still needs is wiped when that has ended. */
  lock(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const wipe = () => {
      open.vault.close();
      open.keys.wipe();
    };
    this.#saving = this.#saving.then(wipe, wipe);
  }

  /**
   * Saves `edits`, one caller after the other, and shows the new state.
   * @throws {VaultError} if it was not saved.
   */
  change(edits: Edit[]): Promise<string[]> {
    const values = edits.some((edit) => edit.op === "remove" || (edit.op === "put" && edit.value !== null));
    return this.#save(async (vault) => {
      const before = vault.generation;
      const { generation, notes } = await vault.change(edits);
      // Another process may have saved in between, and what it changed is not known here.
      return { result: notes, values: values || generation !== before + 1 };
    });
  }

  /** Reads the vault again after another process wrote it. @throws {VaultError} */
  reload(): Promise<void> {
    return this.#save(async (vault) => ({ result: await vault.reload(), values: true }));
  }

  /** Resolves when nothing is being saved or wiped any more. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  /** `values` of what `work` gives: some may be others now, so that what is looked for in output must be made anew. */
  #save<T>(work: (vault: Vault) => Promise<{ result: T; values: boolean }>): Promise<T> {
    const open = this.#open;
    if (open === null) return Promise.reject(new Error("Cannot change the vault: it is locked"));
    const saved = this.#saving.then(() => work(open.vault));
    this.#saving = saved.then(({ values }) => {
      if (this.#open === open) this.#refresh(values);
    }).catch(() => {});
    return saved.then(async ({ result }) => {
      await this.#saving;
      return result;
    });
  }

  /** Tables take a millisecond and more for each secret, and an edit of metadata leaves them as they are. */
  #refresh(valuesChanged: boolean): void {
    const vault = this.#open?.vault;
    if (vault === undefined) return;
    const records = vault.list();
    if (valuesChanged) this.#tables = tablesOf(vault, records);
    // The vault's own objects may change under a later edit; what is kept here outlives the key.
    this.#records = new Map(records.map((record) => [record.name, structuredClone(record)]));
  }
}

function tablesOf(vault: Vault, records: SecretMetadata[]): ScrubTables {
  const values: Secret[] = [];
  try {
    for (const { name } of records) values.push(vault.read(name));
    return buildTables(values);
  } finally {
    for (const value of values) value.wipe();
  }
}
