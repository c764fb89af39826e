/**
 * One open vault: names and metadata in memory, values sealed until one is read. docs/format.md.
 *
 * A `Vault` never writes last-use times or counts: they belong to the audit log, and backups must not reveal activity.
 */
import type { KdfParams } from "../../wasm/argon2id.ts";
import { randomBytes } from "../crypto/hash.ts";
import type { SecretMetadata } from "../grant/grant.ts";
import { isName } from "../names.ts";
import type { Homes } from "../paths.ts";
import { Secret } from "../secret.ts";
import { checkAnchor } from "./anchor.ts";
import { UnsyncedError } from "./append.ts";
import { applyEdits, type Edit, type Edited, merged } from "./edits.ts";
import { VaultError } from "./fault.ts";
import { guardDirectory } from "./guarded_file.ts";
import { KEY_LENGTH, KeyTree, VAULT_ID_LENGTH } from "./key_tree.ts";
import { MINOR } from "./layout.ts";
import { withLock } from "./lock.ts";
import { passphraseSlot } from "./passphrase.ts";
import { INTERNAL_KIND } from "./record.ts";
import { recoverySlot } from "./recovery_slot.ts";
import { compactionDue, type Saving, savingAt } from "./saving.ts";
import { type Entry, nameKey, refuseNewer, writeDelta, writeState } from "./state.ts";
import {
  commitDelta,
  commitNewVault,
  type Committed,
  commitVault,
  type Loaded,
  loadVault,
  mayAppend,
  refuseExisting,
  reread,
  type StoredState,
} from "./store.ts";
import { openValue } from "./value.ts";

export type { Edit, NewRecord } from "./edits.ts";
export { VaultError, type VaultFault } from "./fault.ts";
export type { Saving } from "./saving.ts";

/** Metadata of one secret; deeply frozen. Copy it to change it. */
export type SecretRecord = Readonly<SecretMetadata>;

/** What a save left behind. */
export interface ChangeResult {
  /** Generation of the saved file. */
  generation: number;
  /** Backups that may still hold a value which this change replaced or removed; 0 if it did neither. */
  backupsWithOldValues: number;
  /** Warnings for people. */
  notes: string[];
}

/** How a vault may be made. */
export interface CreateOptions {
  /** UTF-8, 1…1,024 bytes after NFC; left to the caller to wipe. */
  passphrase: Uint8Array;
  /** 20 bytes from `newRecoveryCode`, or null for a vault without a recovery code. */
  recovery?: Uint8Array | null;
  /** Cost of the passphrase slot, from `calibrateKdf`. */
  kdf: KdfParams;
  /** How it is saved; by default what suits the place where it lies. */
  saving?: Saving;
}

/** How a vault may be opened. */
export interface OpenOptions {
  /** A person with presence accepted that the file is older than, or differs from, what this machine remembers. */
  acceptRollback?: boolean;
  /** How it is saved; by default what suits the place where it lies. */
  saving?: Saving;
}

/** An open vault. Not for use by two owners at once within one process. */
export class Vault {
  readonly #homes: Homes;
  readonly #keys: KeyTree;
  readonly #saving: Saving;
  #state: StoredState;
  #notes: string[];
  #mustReload = false;
  /** The file may have an end that is not durable: add nothing to it. */
  #mustRewrite = false;
  /** Inode of the file whose name this process knows to be durable. */
  #durableName: bigint | null = null;

  /** Callers use `create` or `open`. */
  constructor(homes: Homes, keys: KeyTree, { state, notes }: Loaded, saving: Saving | undefined) {
    this.#homes = homes;
    this.#keys = keys;
    this.#state = state;
    this.#notes = notes;
    this.#saving = saving ?? savingAt(homes.vault);
  }

  /**
   * Makes an empty vault with a new data key, which is forgotten again. The key tree is the vault's own: `close` wipes it.
   * @throws {VaultError} EXISTS before anything is derived; KDF_OUT_OF_BOUNDS; UNSAFE_FILE; WRITE_FAILED.
   */
  static async create(homes: Homes, options: CreateOptions): Promise<{ vault: Vault; keys: KeyTree }> {
    refuseExisting(homes.vault);
    guardDirectory(homes.data);
    const context = { vaultId: randomBytes(VAULT_ID_LENGTH), epoch: 1 };
    const dataKey = randomBytes(KEY_LENGTH);
    const keys = KeyTree.fromDataKey(dataKey, context.vaultId, context.epoch);
    try {
      const slots = [await passphraseSlot(options.passphrase, options.kdf, dataKey, context)];
      if (options.recovery) slots.push(recoverySlot(options.recovery, dataKey, context));
      const header = { minor: MINOR, ignorableFlags: 0, ...context, dkCommit: keys.commitment, slots, extensions: [] };
      const bytes = writeState(header, 1, [], keys);
      const loaded = await withLock(homes.vaultLock, () => commitNewVault(homes, keys, bytes));
      return { vault: new Vault(homes, keys, loaded, options.saving), keys };
    } catch (error) {
      keys.wipe();
      throw error;
    } finally {
      dataKey.fill(0);
    }
  }

  /**
   * Reads and proves the whole file and compares it with the anchor; opens no value. The key tree becomes the vault's
   * own: `close` wipes it. On a throw it stays the caller's.
   * @throws {VaultError} any fault but those of writing.
   */
  // deno-lint-ignore require-await -- a rejected promise rather than a throw
  static async open(homes: Homes, keys: KeyTree, options: OpenOptions = {}): Promise<Vault> {
    return new Vault(homes, keys, loadVault(homes, keys, options), options.saving);
  }

  /** Counts saves; never decreases. */
  get generation(): number {
    return this.#state.generation;
  }

  /** Counts changes of the data key. */
  get epoch(): number {
    return this.#state.header.epoch;
  }

  /** 16 bytes, constant for the vault's life. */
  get vaultId(): Uint8Array {
    return this.#state.header.vaultId;
  }

  /** Warnings for people, such as a recovered torn tail; each begins with a word in capitals. */
  get notes(): string[] {
    return [...this.#notes];
  }

  /** True if a newer version wrote the file, so that this one must not save it. */
  get readOnly(): boolean {
    return this.#state.header.minor > MINOR;
  }

  /** Metadata of all secrets, internal records excluded. */
  list(): SecretRecord[] {
    return [...this.#state.entries.values()].map((entry) => entry.meta).filter((meta) => meta.kind !== INTERNAL_KIND);
  }

  /** Metadata of one secret. */
  find(name: string): SecretRecord | undefined {
    return this.#entry(name)?.meta;
  }

  /**
   * Opens one value. The caller wipes it after use.
   * @throws {VaultError} MISSING, TAMPERED or CORRUPT_FRAME.
   */
  read(name: string): Secret {
    const entry = this.#entry(name);
    if (entry === undefined) throw new VaultError("MISSING", `Cannot read "${name}": there is no such secret`);
    return new Secret(name, this.#open(entry));
  }

  /** The value of an internal record in bytes of its own, or undefined. */
  internal(name: string): Uint8Array | undefined {
    const entry = this.#state.entries.get(nameKey({ name, kind: INTERNAL_KIND }));
    return entry && this.#open(entry);
  }

  /**
   * Saves `edits` together, on top of what other processes saved meanwhile; on return this object shows the new state
   * and the file no longer holds replaced or removed values. Values given are left to the caller to wipe.
   * @throws {VaultError} CONFLICT if another process changed the same secret (call `reload`, look again); BUSY; READ_ONLY;
   *   MISSING; TOO_LARGE; ROLLED_BACK or FORKED if the file was exchanged; WRITE_FAILED.
   * @throws {TypeError} if a record cannot be stored as it is.
   */
  async change(edits: Edit[]): Promise<ChangeResult> {
    return await withLock(this.#homes.vaultLock, () => {
      if (this.#mustReload) this.#load(true);
      const fresh = reread(this.#homes, this.#keys, this.#state);
      refuseNewer(fresh);
      const edited = applyEdits(this.#state, fresh, edits, this.#keys, Date.now());
      const { state, notes, backups } = this.#save(fresh, edited);
      this.#state = state;
      this.#notes.push(...notes);
      const backupsWithOldValues = edited.dropsValues ? backups : 0;
      if (backupsWithOldValues > 0) notes.push(`backups: ${backups} earlier copies may still hold the old values`);
      return { generation: state.generation, backupsWithOldValues, notes };
    });
  }

  /**
   * Reads the file again, after another process changed it.
   * @throws {VaultError} as `open`; the old state then stays.
   */
  // deno-lint-ignore require-await -- a rejected promise rather than a throw
  async reload(): Promise<void> {
    this.#load(false);
  }

  /** Wipes the keys; the vault must not be used afterwards. */
  close(): void {
    this.#keys.wipe();
  }

  #load(locked: boolean): void {
    const { state, notes } = loadVault(this.#homes, this.#keys, { locked });
    // Whoever deletes the anchor does not reach what this process remembers.
    checkAnchor(state, this.#state);
    this.#state = state;
    this.#notes = notes;
    this.#mustReload = false;
  }

  #save(fresh: StoredState, edited: Edited): Committed {
    const frame = this.#delta(fresh, edited);
    try {
      if (frame !== null) {
        const known = this.#durableName === fresh.standing.inode;
        const added = commitDelta(this.#homes, this.#keys, fresh, frame, known);
        this.#durableName = fresh.standing.inode;
        return { ...added, backups: 0 };
      }
      const bytes = writeState(fresh.header, fresh.generation + 1, merged(fresh, edited.changed), this.#keys);
      const saved = commitVault(this.#homes, this.#keys, fresh, bytes);
      this.#mustRewrite = false;
      this.#durableName = saved.state.standing.inode;
      return saved;
    } catch (error) {
      // Which of the two files has the name, or how far the file reaches, is unknown after a failed write.
      this.#mustReload = true;
      this.#mustRewrite ||= error instanceof Error && error.cause instanceof UnsyncedError;
      this.#durableName = null;
      throw error;
    }
  }

  /** The frame to add, or null where the file is to be written anew. */
  #delta(fresh: StoredState, { changed, dropsValues }: Edited): Uint8Array | null {
    // A file that still holds what was replaced or removed would keep it for as long as nothing else is.
    if (this.#saving === "rewrite" || this.#mustRewrite || dropsValues) return null;
    if (!mayAppend(this.#homes, fresh) || compactionDue(fresh, 0)) return null;
    const frame = writeDelta(fresh, [...changed.values()].filter((entry) => entry !== null), this.#keys);
    return compactionDue(fresh, frame.length) ? null : frame;
  }

  /** Internal records have keys that are no names. */
  #entry(name: string): Entry | undefined {
    return isName(name) ? this.#state.entries.get(name) : undefined;
  }

  #open(entry: Entry): Uint8Array {
    return openValue(this.#keys, this.#state.header, { id: entry.id, rev: entry.meta.rev }, entry.blob);
  }
}
