/** One sequence of operations on a real vault and on the model, compared after every step. */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { listBackups } from "../../lib/vault/backups.ts";
import {
  changeDataKey,
  newRecoveryCode,
  openWithPassphrase,
  openWithRecovery,
  setPassphrase,
  setRecovery,
} from "../../lib/vault/slots.ts";
import { readState } from "../../lib/vault/state.ts";
import { type Vault, VaultError } from "../../lib/vault/vault.ts";
import { recordOf, TEST_ONLY_CHEAP_KDF } from "./open_vault.ts";
import { applied, EMPTY, listed, type ModelEdit, type ModelState, rewritten } from "./vault_model.ts";
import { editsOf, type Files, type World } from "./vault_world.ts";

/** One step; `who` is one of two processes that have the vault open. */
export type Operation =
  | { kind: "change"; who: 0 | 1; edits: ModelEdit[]; aim: number }
  | { kind: "reload" | "reopen" | "compact"; who: 0 | 1 }
  | { kind: "recovery"; remove: boolean }
  | { kind: "passphrase" | "data key" | "remember" | "fork" }
  | { kind: "crash"; when: "before the rename" | "before the anchor" | "in the last frame"; cut: number }
  | { kind: "rollback"; which: number; how: "refused" | "accepted" | "without the anchor" }
  | { kind: "whole home"; which: number }
  | { kind: "clock"; ms: number };

/** A moment to which files may be put back. */
interface Moment {
  readonly files: Files;
  readonly state: ModelState;
  readonly code: string | null;
  readonly forgotten: readonly Uint8Array[];
}

/** The wall clock of a run. */
export const clock = { now: 0 };

/** Drives one world. `done` counts what really happened, so that a run that avoids everything is noticed. */
export class VaultRun {
  readonly #world: World;
  readonly #done: Map<string, number>;
  readonly #processes: { vault: Vault; seen: ModelState }[] = [];
  readonly #moments: Moment[] = [];
  #state: ModelState = EMPTY;
  #code: string | null;
  #forgotten: readonly Uint8Array[] = [];
  #blobs: ReadonlyMap<string, Uint8Array> = new Map();
  /** As it was before the change that was acknowledged last; null where no crash can lead back to it. */
  #before: Moment | null = null;

  constructor(world: World, code: string, done: Map<string, number>) {
    this.#world = world;
    this.#code = code;
    this.#done = done;
  }

  async run(operations: readonly Operation[]): Promise<void> {
    await this.#restart();
    this.#moments.push(this.#moment());
    for (const operation of operations) {
      await this.#step(operation);
      if (operation.kind !== "remember" && operation.kind !== "clock") await this.#compare();
    }
  }

  #count(what: string): void {
    this.#done.set(what, (this.#done.get(what) ?? 0) + 1);
  }

  #moment(): Moment {
    return { files: this.#world.files(), state: this.#state, code: this.#code, forgotten: this.#forgotten };
  }

  async #step(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "change":
        return await this.#change(operation.who, operation.edits.map((edit) => this.#aimed(edit, operation.aim)));
      case "reload":
        return await this.#reload(operation.who);
      case "reopen":
        return await this.#reopen(operation.who);
      case "compact":
        return await this.#compact(operation.who);
      case "recovery":
        return await this.#recovery(operation.remove);
      case "passphrase":
        return await this.#passphrase();
      case "data key":
        return await this.#dataKey();
      case "remember":
        return void this.#moments.push(this.#moment());
      case "crash":
        return await this.#crash(operation.when, operation.cut);
      case "rollback":
        return await this.#rollback(operation.which, operation.how);
      case "fork":
        return await this.#fork();
      case "whole home":
        return await this.#wholeHome(operation.which);
      case "clock":
        this.#count("clock set");
        clock.now = Math.max(1, clock.now + operation.ms);
    }
  }

  /** Most edits that need a secret get one that is there; otherwise hardly any would do anything. */
  #aimed(edit: ModelEdit, aim: number): ModelEdit {
    const names = [...this.#state.records.keys()].filter((key) => !key.startsWith("."));
    if (edit.op === "put_internal") return edit;
    if (names.length === 0) return { op: "put", record: recordOf("FIRST"), value: `${aim}` };
    const name = names[aim % (names.length + 1)];
    if (name === undefined) return edit;
    if (edit.op === "remove") return { ...edit, name };
    return edit.value === null ? { ...edit, record: { ...edit.record, name } } : edit;
  }

  async #change(who: 0 | 1, edits: readonly ModelEdit[]): Promise<void> {
    const process = this.#process(who);
    const before = this.#moment();
    clock.now++;
    const expected = applied(process.seen, this.#state, edits, clock.now);
    let result;
    try {
      result = await process.vault.change(editsOf(edits));
    } catch (error) {
      assert.ok(error instanceof VaultError, `${error}`);
      assert.equal(error.fault, expected);
      assert.deepEqual(this.#world.files().vault, before.files.vault, "a refused change changed the file");
      return this.#count(error.fault);
    }
    assert.ok(typeof expected === "object", `accepted, and should be ${expected}`);
    assert.equal(result.generation, this.#state.generation + 1, "one generation per change");
    assert.equal(result.backupsWithOldValues > 0, expected.drops);
    this.#acknowledge(before, expected.state);
    process.seen = expected.state;
    this.#count(who === 0 ? "change" : "change by another process");
  }

  /** What is saved now is `state`; what it dropped must never be seen again. */
  #acknowledge(before: Moment, state: ModelState): void {
    const was = this.#blobs;
    this.#blobs = this.#world.blobs();
    this.#before = before;
    this.#state = state;
    const dropped = [...was].filter(([nonce]) => !this.#blobs.has(nonce)).map(([, blob]) => blob);
    this.#forgotten = [...this.#forgotten, ...dropped];
  }

  async #reload(who: 0 | 1): Promise<void> {
    const process = this.#process(who);
    await process.vault.reload();
    process.seen = this.#state;
    this.#count("reload");
  }

  async #reopen(who: 0 | 1): Promise<void> {
    this.#process(who).vault.close();
    this.#processes[who] = { vault: await this.#world.open(), seen: this.#state };
    this.#count("reopen");
  }

  /** A value put twice in one change: the file is written anew as one frame. */
  async #compact(who: 0 | 1): Promise<void> {
    const put = { op: "put_internal" as const, name: "COMPACTED", value: "x" };
    await this.#change(who, [put, put]);
    const { deltas } = readState(this.#world.files().vault, this.#world.keys());
    if (this.#process(who).seen === this.#state) assert.equal(deltas, 0);
    this.#count("compact");
  }

  async #recovery(remove: boolean): Promise<void> {
    const { code, bits } = newRecoveryCode();
    const [before, retired] = [this.#moment(), this.#code];
    const opened = this.#world.openedSlot();
    const changed = await setRecovery(this.#world.homes, opened, remove ? null : bits);
    opened.keys.wipe();
    assert.equal(changed.generation, this.#state.generation + 1);
    this.#acknowledge(before, rewritten(this.#state));
    this.#code = remove ? null : code;
    const path = this.#world.homes.vault;
    if (!remove) (await openWithRecovery(path, code)).keys.wipe();
    if (retired !== null) {
      for (const file of [path, ...listBackups(this.#world.homes).map((backup) => backup.path)]) {
        await assert.rejects(openWithRecovery(file, retired), { fault: "WRONG_SECRET" });
      }
    }
    this.#count(remove ? "recovery code removed" : "recovery code replaced");
  }

  async #passphrase(): Promise<void> {
    const before = this.#moment();
    const opened = this.#world.openedSlot();
    const passphrase = utf8(`passphrase ${crypto.randomUUID()}`);
    await setPassphrase(this.#world.homes, opened, passphrase, TEST_ONLY_CHEAP_KDF);
    opened.keys.wipe();
    this.#acknowledge(before, rewritten(this.#state));
    (await openWithPassphrase(this.#world.homes.vault, passphrase)).keys.wipe();
    this.#count("passphrase changed");
  }

  /** Every sealed byte becomes another; what was remembered is of keys that nobody has any more. */
  async #dataKey(): Promise<void> {
    const before = this.#moment();
    const opened = this.#world.openedSlot();
    const { code, bits } = newRecoveryCode();
    const passphrase = utf8(`passphrase ${crypto.randomUUID()}`);
    const kdf = TEST_ONLY_CHEAP_KDF;
    const changed = await changeDataKey(this.#world.homes, opened, { passphrase, kdf, recovery: bits });
    opened.keys.wipe();
    assert.deepEqual([changed.generation, changed.epoch], [this.#state.generation + 1, this.#state.epoch + 1]);
    changed.keys.wipe();
    for (const { vault } of this.#processes) await assert.rejects(vault.reload(), { fault: "WRONG_SECRET" });
    await this.#world.takeKey(code);
    this.#acknowledge(before, { ...rewritten(this.#state), epoch: changed.epoch });
    this.#code = code;
    this.#before = null;
    await this.#restart();
    this.#moments.splice(0, Infinity, this.#moment());
    this.#count("data key changed");
  }

  /** Both processes die, and the files are what a crash in the midst of the last change leaves. */
  async #crash(when: (Operation & { kind: "crash" })["when"], cut: number): Promise<void> {
    const before = this.#before;
    if (before === null) return;
    const { vault: now } = this.#world.files();
    const was = before.files.vault;
    if (when === "before the anchor") this.#world.putBack({ anchor: before.files.anchor });
    else if (when === "before the rename") {
      this.#world.putBack(before.files);
      this.#world.leaveTemporary(now.subarray(0, cut % (now.length + 1)));
      this.#goBack(before);
    } else {
      const appended = now.length > was.length && was.every((byte, i) => byte === now[i]);
      if (!appended) return;
      const length = was.length + 1 + cut % (now.length - was.length - 1);
      this.#world.putBack({ vault: now.subarray(0, length), anchor: before.files.anchor });
      this.#goBack(before);
      const torn = await this.#world.open();
      assert.match(torn.notes.join(), /TORN_TAIL/);
      torn.close();
    }
    this.#count(`crash ${when}`);
    await this.#restart(when === "in the last frame");
  }

  /** An older file put back: refused to everyone, also to those who still have the newer state in memory. */
  async #rollback(which: number, how: (Operation & { kind: "rollback" })["how"]): Promise<void> {
    const moment = this.#moments[which % this.#moments.length];
    if (moment === undefined || moment.state.generation >= this.#state.generation) return;
    const now = this.#world.files();
    this.#world.putBack({ vault: moment.files.vault });
    if (how === "without the anchor") this.#world.loseAnchor();
    else {
      await assert.rejects(this.#world.open(), { fault: "ROLLED_BACK" });
      for (const { vault } of this.#processes) await assert.rejects(vault.reload(), { fault: "ROLLED_BACK" });
    }
    for (const { vault, seen } of this.#processes) {
      // Not refused yet: who slept at exactly that generation takes the file for the one it knows, and asks no anchor.
      if (how === "without the anchor" ? seen.generation <= moment.state.generation : seen === moment.state) continue;
      const edits = editsOf([{ op: "put_internal", name: "ROLLED_BACK", value: "x" }]);
      await assert.rejects(vault.change(edits), (error) => {
        return error instanceof VaultError && ["ROLLED_BACK", "FORKED"].includes(error.fault);
      });
    }
    assert.deepEqual(Deno.readFileSync(this.#world.homes.vault), moment.files.vault);
    this.#count(`rollback ${how}`);
    if (how !== "accepted") return this.#world.putBack(now);
    const accepted = await this.#world.open({ acceptRollback: true });
    assert.match(accepted.notes.join(), /ROLLED_BACK: accepted/);
    accepted.close();
    this.#goBack(moment);
    await this.#restart();
  }

  /** Two different files of one generation: the second is refused. */
  async #fork(): Promise<void> {
    const before = this.#before;
    if (before === null || before.state.generation + 1 !== this.#state.generation) return;
    const now = this.#world.files();
    this.#world.putBack(before.files);
    const other = await this.#world.open();
    await other.change(editsOf([{ op: "put_internal", name: "FORK", value: "x" }]));
    other.close();
    this.#world.putBack({ vault: now.vault });
    await assert.rejects(this.#world.open(), { fault: "FORKED" });
    this.#world.putBack(now);
    this.#count("fork refused");
  }

  /** Vault and anchor together from another day: nothing here can tell, and what was then holds. */
  async #wholeHome(which: number): Promise<void> {
    const moment = this.#moments[which % this.#moments.length];
    if (moment === undefined) return;
    this.#world.putBack(moment.files);
    this.#goBack(moment);
    this.#count("whole home put back");
    await this.#restart();
  }

  #goBack(moment: Moment): void {
    this.#state = moment.state;
    this.#code = moment.code;
    this.#forgotten = moment.forgotten;
    this.#before = null;
  }

  /** Both processes begin anew. */
  async #restart(torn = false): Promise<void> {
    for (const { vault } of this.#processes) vault.close();
    this.#processes.length = 0;
    for (let i = 0; i < 2; i++) {
      const vault = await this.#world.open();
      // A torn tail stays until the next save, also where files of such a moment were put back.
      const notes = vault.notes.filter((note) => !note.startsWith("TORN_TAIL"));
      assert.deepEqual(torn ? [] : notes, []);
      this.#processes.push({ vault, seen: this.#state });
    }
    this.#blobs = this.#world.blobs();
  }

  #process(who: 0 | 1) {
    return this.#processes[who] ?? assert.fail("no process");
  }

  /** Another process proves the whole file and finds exactly what the model has; those that are open show what they saw. */
  async #compare(): Promise<void> {
    const fresh = await this.#world.look();
    assert.deepEqual(fresh.list(), listed(this.#state));
    assert.deepEqual([fresh.generation, fresh.epoch], [this.#state.generation, this.#state.epoch]);
    for (const [key, { value }] of this.#state.records) {
      const stored = key.startsWith(".") ? fresh.internal(key.slice(1)) : fresh.read(key).reveal();
      assert.equal(new TextDecoder().decode(stored), value);
    }
    for (const { vault, seen } of this.#processes) {
      assert.equal(vault.generation, seen.generation);
      assert.deepEqual(vault.list(), listed(seen));
    }
    this.#world.assertForgotten(this.#forgotten);
  }
}
