/**
 * One vault on disk with two processes that have it open, and ways to crash, copy and put back its files.
 * tests/reliability/model_test.ts drives it beside the model.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { toHex, utf8 } from "../../lib/bytes.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { Secret } from "../../lib/secret.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { newRecoveryCode, type OpenedSlot, openWithRecovery } from "../../lib/vault/slots.ts";
import { readState } from "../../lib/vault/state.ts";
import { type Edit, type OpenOptions, type Saving, Vault } from "../../lib/vault/vault.ts";
import { TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE } from "./open_vault.ts";
import type { ModelEdit } from "./vault_model.ts";

/** A vault as it was made, to be copied for each sequence: its passphrase costs a derivation only once. */
export interface Template {
  readonly file: Uint8Array;
  readonly anchor: Uint8Array;
  readonly dataKey: Uint8Array;
  readonly vaultId: Uint8Array;
  readonly code: string;
}

/** The files that a crash or a thief may bring to another time. */
export interface Files {
  readonly vault: Uint8Array;
  readonly anchor: Uint8Array;
}

/** Makes the template in a home that goes away again. */
export async function makeTemplate(base: string): Promise<Template> {
  const dir = Deno.makeTempDirSync({ dir: base, prefix: "tacit-model-" });
  const homes = homesOf(dir);
  const { code, bits } = newRecoveryCode();
  const { vault } = await Vault.create(homes, {
    passphrase: utf8(TEST_PASSPHRASE),
    recovery: bits,
    kdf: TEST_ONLY_CHEAP_KDF,
  });
  vault.close();
  const opened = await openWithRecovery(homes.vault, code);
  const template = {
    file: Deno.readFileSync(homes.vault),
    anchor: Deno.readFileSync(homes.anchor),
    dataKey: opened.dataKey,
    vaultId: opened.vaultId,
    code,
  };
  Deno.removeSync(dir, { recursive: true });
  return template;
}

/** A home with a copy of the template. */
export class World implements Disposable {
  readonly homes: Homes;
  readonly #saving: Saving;
  #secret: { dataKey: Uint8Array; vaultId: Uint8Array; epoch: number };
  #keys: KeyTree;

  constructor(base: string, template: Template, saving: Saving) {
    const dir = Deno.makeTempDirSync({ dir: base, prefix: "tacit-model-" });
    this.homes = homesOf(dir);
    this.#saving = saving;
    this.#secret = { dataKey: template.dataKey, vaultId: template.vaultId, epoch: 1 };
    this.#keys = this.keys();
    Deno.mkdirSync(this.homes.state, { mode: 0o700 });
    this.putBack({ vault: template.file, anchor: template.anchor });
  }

  /** Keys of its own, as another process has them. */
  keys(): KeyTree {
    return KeyTree.fromDataKey(this.#secret.dataKey, this.#secret.vaultId, this.#secret.epoch);
  }

  /** From now on the vault opens with the data key that this recovery code gives. */
  async takeKey(code: string): Promise<void> {
    const { dataKey, vaultId, epoch, keys } = await openWithRecovery(this.homes.vault, code);
    keys.wipe();
    this.#secret = { dataKey, vaultId, epoch };
    this.#keys = this.keys();
  }

  /** What a slot gives, without the derivation that would have to come first. */
  openedSlot(): OpenedSlot {
    const { dataKey, vaultId, epoch } = this.#secret;
    return { dataKey: dataKey.slice(), keys: this.keys(), vaultId, epoch, slotId: new Uint8Array(16), kdf: null };
  }

  /** The vault as another process opens it. */
  async open(more: OpenOptions = {}): Promise<Vault> {
    return await Vault.open(this.homes, this.keys(), { saving: this.#saving, ...more });
  }

  files(): Files {
    return { vault: Deno.readFileSync(this.homes.vault), anchor: Deno.readFileSync(this.homes.anchor) };
  }

  /** Puts these files in place, as a crash or a restored backup of the whole home leaves them. */
  putBack({ vault, anchor }: Partial<Files>): void {
    if (vault !== undefined) replace(this.homes.vault, vault);
    if (anchor !== undefined) replace(this.homes.anchor, anchor);
  }

  /** This machine forgets what it has seen. */
  loseAnchor(): void {
    Deno.removeSync(this.homes.anchor);
  }

  /** A temporary file beside the vault, as a process that died while saving leaves it. */
  leaveTemporary(bytes: Uint8Array): void {
    // Above the kernel's largest process id.
    const path = `${this.homes.vault}.tmp.${2 ** 22 + 1}.x`;
    Deno.writeFileSync(path, bytes, { mode: 0o600 });
  }

  /** Names of what lies beside the vault that must not stay for ever. */
  leftovers(): string[] {
    return [...Deno.readDirSync(this.homes.data)].map(({ name }) => name).filter((name) => /\.(tmp|torn)\./.test(name));
  }

  /** The same with keys that are kept, for many looks; not to be closed. */
  async look(): Promise<Vault> {
    return await Vault.open(this.homes, this.#keys, { saving: this.#saving });
  }

  /** The sealed values in the live file, by their nonces. */
  blobs(): Map<string, Uint8Array> {
    const { entries } = readState(Deno.readFileSync(this.homes.vault), this.#keys);
    return new Map([...entries.values()].map(({ blob }) => [toHex(blob.subarray(0, 24)), blob.slice()]));
  }

  /** Fails if one of `blobs` still stands anywhere in the live file. */
  assertForgotten(blobs: readonly Uint8Array[]): void {
    const file = Buffer.from(Deno.readFileSync(this.homes.vault).buffer);
    // A random nonce and more: nothing stands there by chance.
    const begins = blobs.map((blob) => Buffer.from(blob.buffer, blob.byteOffset, 48));
    assert.ok(!begins.some((begin) => file.includes(begin)), "a forgotten value is in the live file");
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.homes.data, { recursive: true });
  }
}

/** Edits as the vault takes them. */
export function editsOf(edits: readonly ModelEdit[]): Edit[] {
  return edits.map((edit) => {
    if (edit.op === "remove") return edit;
    if (edit.op === "put_internal") return { ...edit, value: utf8(edit.value) };
    const { record, value } = edit;
    return { op: "put", record, value: value === null ? null : new Secret(record.name, utf8(value)) };
  });
}

/** A new file under the name: what was linked as a backup must stay as it is. */
function replace(path: string, bytes: Uint8Array): void {
  const beside = `${path}.put`;
  Deno.writeFileSync(beside, bytes, { mode: 0o600 });
  Deno.renameSync(beside, path);
}
