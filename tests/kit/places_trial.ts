/**
 * Tries every wrong thing in the place of every file and directory of ours, and prints one line of JSON for each:
 * `places_trial.ts BASE [THING]`. It runs apart from its test, which can so end it if it hangs, or start it as another
 * user.
 */
import { join } from "node:path";
import { AuditLog } from "../../lib/audit/log.ts";
import { utf8 } from "../../lib/bytes.ts";
import { Daemon } from "../../lib/daemon/daemon.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { listBackups } from "../../lib/vault/backups.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { put, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE, textOf } from "./open_vault.ts";
import { type Placing, stateOf, thingsFor, treeOf } from "./wrong_things.ts";

/** What is done with the home. */
export type Work = "open" | "change" | "audit" | "daemon";

/** How one attempt ended. */
export interface Attempt {
  /** `ok`, the error's fault, or its class. */
  outcome: string;
  message: string;
  hint: string;
  /** Warnings of an attempt that went well. */
  notes: string[];
  ms: number;
}

/** One wrong thing in one place. */
export interface Trial extends Attempt {
  place: string;
  thing: string;
  work: Work;
  path: string;
  /** The thing is as it was, and nothing appeared where a link leads. */
  intact: boolean;
  /** The same once the original is back, after a refusal. */
  afterwards: Attempt | null;
}

/** Our files and directories, and what has to do with each. */
const PLACES: Record<string, { path: (homes: Homes) => string; works: Work[] }> = {
  "data": { path: (homes) => homes.data, works: ["open", "change", "daemon"] },
  "vault": { path: (homes) => homes.vault, works: ["open", "change", "daemon"] },
  "vault lock": { path: (homes) => homes.vaultLock, works: ["open", "change"] },
  "backup directory": { path: (homes) => homes.backups, works: ["open", "change"] },
  "backup": { path: (homes) => listBackups(homes)[0]?.path ?? "", works: ["change"] },
  "state": { path: (homes) => homes.state, works: ["open", "change", "audit", "daemon"] },
  "anchor": { path: (homes) => homes.anchor, works: ["open", "change", "daemon"] },
  "clock": { path: (homes) => homes.clockFloor, works: ["daemon"] },
  "audit directory": { path: (homes) => homes.audit, works: ["audit", "daemon"] },
  "audit file": { path: (homes) => join(homes.audit, "audit-0001.jsonl"), works: ["audit", "daemon"] },
  "audit head": { path: (homes) => `${homes.audit}.head`, works: ["audit", "daemon"] },
  "audit lock": { path: (homes) => join(homes.audit, "lock"), works: ["audit", "daemon"] },
  "runtime": { path: (homes) => homes.runtime, works: ["daemon"] },
  "daemon lock": { path: (homes) => join(homes.runtime, "daemon.lock"), works: ["daemon"] },
  "use socket": { path: (homes) => homes.useSocket, works: ["daemon"] },
  "admin socket": { path: (homes) => homes.adminSocket, works: ["daemon"] },
  "one-shot": { path: (homes) => homes.oneShot, works: ["daemon"] },
};
/** Those that are directories. */
const DIRECTORIES = ["data", "backup directory", "state", "audit directory", "runtime", "one-shot"];

/** The vault of all trials. */
class Trials {
  readonly #base: string;
  #prk = new Uint8Array(0);
  #vaultId = new Uint8Array(0);

  constructor(base: string) {
    this.#base = base;
  }

  async prepare(): Promise<void> {
    const homes = homesAt(join(this.#base, "template"));
    for (const dir of [homes.data, homes.state, homes.runtime]) Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const { vault, keys } = await Vault.create(homes, { passphrase: utf8(TEST_PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF });
    [this.#prk, this.#vaultId] = [keys.prk.slice(), keys.vaultId.slice()];
    for (const value of ["one", "two"]) await vault.change([put("A", value)]);
    const { outcome, message } = await this.#attempt("daemon", homes);
    if (outcome !== "ok") throw new Error(`Cannot prepare: ${message}`);
    remove(homes.oneShot);
  }

  async tryOne(place: string, thing: string, work: Work, placing: Placing): Promise<Trial> {
    const [dir, aside] = [join(this.#base, "home"), join(this.#base, "aside")];
    copyTree(join(this.#base, "template"), dir);
    const oneShot = homesAt(dir).oneShot;
    const path = PLACES[place]?.path(homesAt(dir)) ?? "";
    try {
      const stood = stateOf(path) !== "nothing";
      // What is made anew at each start has no original to stand aside.
      if (stood) Deno.renameSync(path, aside);
      else if (DIRECTORIES.includes(place)) Deno.mkdirSync(aside, { mode: 0o700 });
      else Deno.writeTextFileSync(aside, "", { mode: 0o600 });
      placing(path, aside);
      const states = () => [path, aside, `${aside}.nowhere`].map(treeOf).join("\n\n");
      const before = states();
      const attempt = await this.#attempt(work, homesAt(dir));
      const intact = before === states();
      remove(path);
      if (stood) Deno.renameSync(aside, path);
      const afterwards = attempt.outcome === "ok" ? null : await this.#attempt(work, homesAt(dir));
      return { place, thing, work, path, ...attempt, intact, afterwards };
    } finally {
      for (const left of [dir, aside, `${aside}.nowhere`, oneShot]) remove(left);
    }
  }

  async #attempt(work: Work, homes: Homes): Promise<Attempt> {
    const started = performance.now();
    const ms = () => performance.now() - started;
    try {
      return { outcome: "ok", message: "", hint: "", notes: await this.#work(work, homes), ms: ms() };
    } catch (error) {
      const { name, message, fault, hint } = error as Error & { fault?: string; hint?: string };
      return { outcome: fault ?? name, message, hint: hint ?? "", notes: [], ms: ms() };
    }
  }

  async #work(work: Work, homes: Homes): Promise<string[]> {
    const keys = KeyTree.fromPrk(this.#prk, this.#vaultId);
    if (work === "open" || work === "change") {
      const vault = await Vault.open(homes, keys);
      if (textOf(vault, "A") !== "two") throw new Error("Cannot accept: other contents");
      // A value that is replaced makes the file anew in either mode of saving.
      if (work === "change") { for (const value of ["three", "four"]) await vault.change([put("B", value)]); }
      return vault.notes;
    }
    if (work === "audit") {
      const log = await AuditLog.open(homes.audit);
      const covered = log.cover(keys.audit);
      log.append({ event: "lock", decision: "info", code: "ok", time: Date.now() }, keys.audit);
      return covered.ok ? [] : [covered.reason];
    }
    const key = { prk: this.#prk.slice(), vaultId: this.#vaultId, epoch: 1, presence: "pipe" as const };
    const limits = { idleMs: 3_600_000, absoluteMs: 3_600_000 };
    const daemon = await Daemon.start({ homes, version: "test", key: { ...key, limits } });
    const notes = [...daemon.service.notes, ...daemon.service.keyring.notes];
    await daemon.stop();
    return notes;
  }
}

/** Data, state and runtime beside each other, as they are by default. */
function homesAt(dir: string): Homes {
  const [state, runtime] = [join(dir, "state"), join(dir, "run")];
  return {
    ...homesOf(join(dir, "data")),
    ...{ state, anchor: join(state, "anchor"), clockFloor: join(state, "clock"), audit: join(state, "audit") },
    ...{ runtime, useSocket: join(runtime, "use.sock"), adminSocket: join(runtime, "admin.sock") },
  };
}

function remove(path: string): void {
  if (stateOf(path) === "nothing") return;
  if (Deno.lstatSync(path).isDirectory) Deno.chmodSync(path, 0o700);
  Deno.removeSync(path, { recursive: true });
}

/** A copy of a home as it was prepared: plain files and directories of this user alone. */
function copyTree(from: string, to: string): void {
  Deno.mkdirSync(to, { mode: 0o700 });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyTree(join(from, name), join(to, name));
    else Deno.copyFileSync(join(from, name), join(to, name));
  }
}

if (import.meta.main) {
  const [base = "", only] = Deno.args;
  const trials = new Trials(base);
  await trials.prepare();
  for (const [place, { works }] of Object.entries(PLACES)) {
    for (const [thing, placing] of Object.entries(thingsFor(DIRECTORIES.includes(place)))) {
      if (only !== undefined && only !== thing) continue;
      for (const work of works) {
        // What it hangs at is the last line that its test sees.
        Deno.stderr.writeSync(utf8(`${place}, ${thing}, ${work}\n`));
        console.log(JSON.stringify(await trials.tryOne(place, thing, work, placing)));
      }
    }
  }
}
