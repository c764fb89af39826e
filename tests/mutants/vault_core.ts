/** Mutants of the vault itself: frames, state, edits, lock, store, slots changed. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const STATE = "lib/vault/state_test.ts";
const VAULT = "lib/vault/vault_test.ts";
const SAVE = "lib/vault/save_protocol_test.ts";
const SLOTS = "lib/vault/slots_test.ts";
const ANCHOR = "lib/vault/anchor_test.ts";
const TIMES = "lib/vault/times_test.ts";
const SEALED = "tests/promises/every_byte_of_the_vault_is_sealed_test.ts";

export const VAULT_CORE: readonly Mutant[] = [
  ...mutantsOf("lib/vault/frame.ts", [STATE, SEALED], {
    "frame-mac": [
      "if (!equalConstantTime(chainMac(",
      "if (mac.length === 0 && !equalConstantTime(chainMac(",
      "a frame is authenticated",
    ],
    "frame-without-chain": [
      "hmacSha256(keys.chain, previous, head,",
      "hmacSha256(keys.chain, head,",
      "a frame follows from the one before",
    ],
    "frame-values-unsealed": [", sha256(blobs));", ");", "the frame's MAC covers its values"],
    "frame-torn-anywhere": [
      "torn: end === file.length",
      "torn: true",
      "a bad MAC before the end of the file is damage, not a torn write",
    ],
    "frame-later-unseen": [
      "if (later >= BigInt(generation) && later <= BigInt(generation) + 65536n) return true;",
      "if (later < 0n) return true;",
      "damage before a later frame is no torn tail",
    ],
    "frame-head-flags": [
      " && view.getUint32(4) % 2 ** 24 === 0;",
      ";",
      "reserved bytes of a frame are zero",
    ],
  }),
  ...mutantsOf("lib/vault/state.ts", [STATE], {
    "state-header-unproven": ["  checkHeaderMac(header, keys);\n", "", "a whole vault is read under a proven header"],
    "state-first-is-delta": [
      "if (first && frame.type !== CHECKPOINT) throw",
      "if (first && frame.type < 0) throw",
      "the first frame is a checkpoint",
    ],
    "state-checkpoint-adds": [
      "if (frame.type === CHECKPOINT) this.#byId = new Map();",
      "",
      "a checkpoint begins anew",
    ],
    "state-two-names": ["if (named.size !== this.#byId.size) throw", "if (named.size < 0) throw", "a name stands once"],
    "state-two-ids": ["if (seen.has(id)) throw", 'if (id === "") throw', "a record stands once in a frame"],
    "state-removes-nothing": [
      "if (!this.#byId.delete(id)) throw",
      'if (!this.#byId.delete(id) && id === "") throw',
      "a tombstone names a record that is there",
    ],
    "state-blob-places": ["record.offset !== offset || ", "", "blobs stand one after the other"],
    "state-blob-sizes": ["|| !isBlobLength(record.length)) throw", ") throw", "a blob has a size that can occur"],
    "state-newer-saved": [
      "if (state.header.minor <= MINOR) return;",
      "if (state.header.minor <= MINOR + 1) return;",
      "what a newer version wrote is not saved by this one",
      [SAVE],
    ],
  }),
  ...mutantsOf("lib/vault/store.ts", [ANCHOR, SAVE], {
    "store-anchor-at-open": [
      "checkAnchor(state, anchor);\n    } catch",
      "anchor.generation;\n    } catch",
      "opening compares the file with what this machine remembers",
    ],
    "store-anchor-at-save": [
      'if (typeof anchor !== "string") checkAnchor(state, anchor);',
      "",
      "saving compares a changed file with what this machine remembers",
    ],
    "store-known-at-save": [
      "  checkAnchor(state, known);\n",
      "",
      "saving compares a changed file with what this process remembers",
    ],
    "store-rollback-taken": [
      "if (!acceptRollback || !(error instanceof VaultError)) throw error;",
      "if (!(error instanceof VaultError)) throw error;",
      "a rollback is taken only when it is accepted",
    ],
    "store-no-backup": [
      'if (backup === "keep backup") keepBackup',
      'if (backup !== "keep backup") keepBackup',
      "a save keeps the file before",
    ],
    "store-anchor-unwritten": [
      "    writeAnchor(homes, keys, state, Date.now());\n    return [];",
      "    return [];",
      "a save is remembered",
    ],
    "store-temporary-left": [
      "    } catch (error) {\n      removeQuietly(temporary);\n",
      "    } catch (error) {\n",
      "a save that failed leaves no temporary file",
    ],
    "store-sweeps-the-living": [
      "pid === undefined || isAlive(Number(pid))",
      "pid === undefined",
      "a living process's temporary file stays",
    ],
    "store-sweeps-the-young": ["> STALE_MS", "> 0", "a temporary file stays for an hour"],
    "store-directory-unguarded": ["  checkDirectory(homes.data);\n", "", "a directory open to others is not read"],
    "store-over-a-vault": [
      'if ((error as { code?: unknown }).code === "EEXIST") throw exists(path);\n    refuseExisting(path);',
      "",
      "a new vault never takes the name of another",
      [
        "lib/vault/create_test.ts",
      ],
    ],
  }),
  ...mutantsOf("lib/vault/vault.ts", [VAULT, SAVE], {
    "vault-internal-listed": [".filter((meta) => meta.kind !== INTERNAL_KIND)", "", "internal records are not listed"],
    "vault-internal-read": [
      "return isName(name) ? this.#state.entries.get(name) : undefined;",
      "return this.#state.entries.get(name);",
      "internal records are not read as secrets",
    ],
    "vault-generation": ["fresh.generation + 1", "fresh.generation", "each save has a generation of its own"],
    "vault-unlocked": [
      "return await withLock(this.#homes.vaultLock, () => {",
      "return await Promise.resolve().then(() => {",
      "one process saves at a time",
    ],
    "vault-close-keeps-keys": ["    this.#keys.wipe();\n", "", "a closed vault holds no key"],
  }),
  ...mutantsOf("lib/vault/edits.ts", [VAULT, TIMES, SAVE], {
    "edits-conflict": [
      "if (loaded !== fresh) refuseConflict(",
      "if (loaded === null) refuseConflict(",
      "an edit of what another process changed is a conflict",
    ],
    "edits-revision": [
      "+ (value === undefined ? 0 : 1)",
      "+ (before === undefined ? 1 : 0)",
      "a new value has a new revision",
    ],
    "edits-created": ["before?.meta.created ?? now", "now", "a secret keeps the time of its making"],
    "edits-updated-back": [
      "Math.max(now, before?.meta.updated ?? 0)",
      "now",
      "a change under a clock set back does not look older",
    ],
    "edits-reserved-kind": [
      'if (edit.record.kind.startsWith("."))',
      'if (edit.record.kind === "")',
      "nobody stores a record of tacit's own kind",
    ],
    "edits-old-values-untold": [
      "dropsValues ||= before !== undefined && replacesValue;",
      "dropsValues ||= before === undefined && replacesValue;",
      "people are told which copies hold an old value",
    ],
    "edits-old-values-overtold": [
      "dropsValues ||= before !== undefined && replacesValue;",
      "dropsValues ||= before !== undefined;",
      "a change of metadata alarms nobody",
    ],
    "edits-internal-removed": [
      "if (!isName(edit.name)) throw missing(edit.name);",
      "",
      "an internal record is not removed as a secret",
    ],
  }),
  ...mutantsOf("lib/vault/lock.ts", [SAVE], {
    "lock-link": ["  guardFile(path);\n", "", "the lock is a plain file of ours"],
  }),
  ...mutantsOf("lib/vault/rekey.ts", [SLOTS], {
    "rekey-foreign-key": [
      "    refuseForeignKey(opened, state.header.dkCommit);\n",
      "",
      "a slot with another key would lock the owner out",
    ],
    "rekey-last-slot": [
      "if (slots.length === 0) {",
      "if (slots.length < 0) {",
      "the last way into a vault cannot be removed",
    ],
    "rekey-newer": ["    refuseNewer(state);\n", "", "slots of a newer version's vault are not changed"],
  }),
];
