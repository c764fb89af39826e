/** Mutants of a vault's records, and of the files around it: anchor, clock, backups, guarded and atomic files. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const STATE = "lib/vault/state_test.ts";
const VAULT = "lib/vault/vault_test.ts";
const SAVE = "lib/vault/save_protocol_test.ts";
const KAT = "tests/vectors/vault_kat_test.ts";
const ANCHOR = "lib/vault/anchor_test.ts";
const CLOCK = "lib/vault/clock_test.ts";
const BACKUPS = "lib/vault/backups_test.ts";
const TIMES = "lib/vault/times_test.ts";

export const VAULT_FILES: readonly Mutant[] = [
  ...mutantsOf("lib/vault/record.ts", [STATE, VAULT], {
    "record-name": ["if (!isName(name)) throw", 'if (name === "") throw', "a name in a vault keeps the grammar"],
    "record-unknown-choice": [
      "if (found === undefined && !newer) throw",
      "if (found === undefined && choices.length === 0) throw",
      "a grant with an unknown choice is refused",
    ],
    "record-newer-restriction": [
      "return unknown ? NO_GRANT : freezeGrant(grant);",
      "return freezeGrant(grant);",
      "a restriction that a newer version wrote is no permission",
    ],
    "record-unknown-field": [
      "  fields.end(newer);\n  return record;",
      "  return record;",
      "an unknown field is refused",
    ],
    "record-expiry-lost": [
      "if (grant.expires !== null) map.expires",
      "if (grant.expires === 0) map.expires",
      "an expiry is saved",
      [VAULT],
    ],
    "record-confirm-lost": [
      'if (grant.confirm !== "never") map.confirm',
      'if (grant.confirm === "use") map.confirm',
      "a confirmation is saved",
      [VAULT],
    ],
    "record-revision": ['"rev", undefined, 1, MAX_U32', '"rev", undefined, 0, MAX_U32', "a revision is 1 or more"],
    "record-not-frozen": [
      "return Object.freeze(grant) as Grant;",
      "return grant;",
      "a grant that was handed out cannot be changed",
      [VAULT],
    ],
  }),
  ...mutantsOf("lib/vault/fields.ts", [STATE], {
    "fields-text-length": [
      'typeof value !== "string" || value.length > max',
      'typeof value !== "string"',
      "a text in the index is bounded",
    ],
    "fields-left-over": [
      "Object.keys(this.#map).length > this.#taken",
      "Object.keys(this.#map).length < this.#taken",
      "a field that nobody read is noticed",
    ],
    "fields-id-length": [
      "|| value.length !== length) throw this.#wrong(key);\n    return value;",
      ") throw this.#wrong(key);\n    return value;",
      "an id has 16 bytes",
    ],
    "fields-integer-least": ["value < min || ", "", "an integer has its least"],
  }),
  ...mutantsOf("lib/vault/value.ts", ["lib/vault/value_test.ts", VAULT], {
    "value-without-address": [
      'concat(utf8("asv1/rec"), context.vaultId, u32(context.epoch), address.id, u32(address.rev))',
      'concat(utf8("asv1/rec"), context.vaultId, u32(context.epoch))',
      "a blob is sealed for its record and revision",
      [KAT],
    ],
    "value-padding-not-zero": [
      "|| padded.subarray(4 + length).some((b) => b !== 0)",
      "",
      "padding is zero",
    ],
    "value-padding-length": [
      "length > padded.length - 4",
      "length > padded.length + 4",
      "a length in a blob is checked",
    ],
    "value-unpadded": ["for (let size = 256;", "for (let size = 8;", "a short value's length does not show"],
    "value-too-large": ["value.length > MAX_VALUE_LENGTH", "value.length < 0", "a value has at most 1 MiB"],
    "value-blob-length": ["&& paddedLength(padded) === padded", "", "a blob has a size that can occur"],
  }),
  ...mutantsOf("lib/vault/anchor.ts", [ANCHOR, TIMES], {
    "anchor-one-behind": [
      "state.generation < anchor.generation",
      "state.generation + 1 < anchor.generation",
      "a file one generation old is a rollback",
    ],
    "anchor-fork": [
      "state.generation === anchor.generation && !equalConstantTime",
      "state.generation === -1 && !equalConstantTime",
      "another file of the same generation is a fork",
    ],
    "anchor-time-back": [
      'Math.max(now, typeof before === "string" ? 0 : before.seen)',
      "now",
      "a save under a clock set back does not lower the time seen",
    ],
  }),
  ...mutantsOf("lib/vault/clock.ts", [CLOCK, TIMES], {
    "clock-time-back": [
      "if (before !== null && before >= now) return before;",
      "",
      "the time seen never goes down",
    ],
    "clock-one-record": [
      "return Math.max(anchor.seen, clock ?? 0);",
      "return clock ?? anchor.seen;",
      "the higher of the two records of time counts",
    ],
    "clock-unsound": ['!== "unusable"', '!== "missing"', "a record of time that another hand wrote is told", [
      "lib/daemon/clock_test.ts",
    ]],
  }),
  ...mutantsOf("lib/vault/backups.ts", [BACKUPS, SAVE], {
    "backups-last": ["KEEP_LAST = 5", "KEEP_LAST = 4", "the last five backups are kept"],
    "backups-days": ["KEEP_DAYS = 7", "KEEP_DAYS = 6", "a backup a day is kept for a week"],
    "backups-torn": [".tornAt === null) return backup.path", ") return backup.path", "a torn backup is not offered"],
  }),
  ...mutantsOf("lib/vault/guarded_file.ts", [SAVE], {
    "guard-kind": [
      'if (!info.isFile()) throw unsafe(path, "not a regular file");',
      "",
      "only a regular file is read",
    ],
    "guard-owner": ["if (info.uid !== uid) throw", "if (info.uid === -1) throw", "another user's file is refused"],
    "guard-mode": ["(info.mode & 0o077) !== 0", "(info.mode & 0o007) !== 0", "a file that a group may read is refused"],
    "guard-size": ["if (whole && size > limit) throw", "if (size < 0) throw", "a file too large is refused unread"],
  }),
  ...mutantsOf("lib/vault/maced_file.ts", [ANCHOR, CLOCK], {
    "maced-mac": [
      "equalConstantTime(hmacSha256(keys.anchor, body), bytes.subarray(body.length)) &&",
      "body.length > 0 &&",
      "anchor and clock are authenticated",
    ],
    "maced-directory": [
      "  guardDirectory(dirname(path));\n",
      "",
      "what this machine remembers is not kept where others write",
    ],
  }),
  ...mutantsOf("lib/atomic_file.ts", ["lib/atomic_file_test.ts"], {
    "atomic-over-a-file": ["constants.O_EXCL | ", "", "a new file is never written over another"],
    "atomic-mode": [
      "export function writeNewFile(path: string, bytes: Uint8Array, mode = 0o600)",
      "export function writeNewFile(path: string, bytes: Uint8Array, mode = 0o644)",
      "a new file is for its owner alone",
      [SAVE],
    ],
    "atomic-replaces-a-link": [
      "there !== undefined && !there.isFile()",
      "there === null",
      "only a regular file is replaced",
    ],
    "atomic-part-left": ["    removeQuietly(path);\n", "", "a write that failed leaves no part of a file"],
  }),
];
