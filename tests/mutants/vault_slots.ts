/** Mutants of what a vault shows before its key is known: header, slots, passphrases, recovery codes, key tree. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const STATE = "lib/vault/state_test.ts";
const SLOTS = "lib/vault/slots_test.ts";
const KAT = "tests/vectors/vault_kat_test.ts";

export const VAULT_SLOTS: readonly Mutant[] = [
  ...mutantsOf("lib/vault/header.ts", [STATE, "lib/vault/header_test.ts"], {
    "header-magic": ["|| !startsWith(file, MAGIC)", "", "what is no vault is told from a damaged one", [
      "lib/vault/save_protocol_test.ts",
    ]],
    "header-major": ["major !== MAJOR", "major < MAJOR", "a later major version is refused"],
    "header-critical-flag": [
      "view.getUint32(12) !== 0",
      "view.getUint32(12) > 1",
      "a critical flag stops an old reader",
    ],
    "header-length-most": ["|| length > MAX_HEADER_LENGTH", "", "a header has at most 64 KiB"],
    "header-reserved": ["view.getBigUint64(24) !== 0n", "view.getBigUint64(24) < 0n", "reserved bytes are zero"],
    "header-checksum": [
      "!equalConstantTime(sha256(area), file.subarray(32, PREAMBLE_LENGTH))",
      "area.length === 0",
      "damage is told from a wrong passphrase",
    ],
    "header-mac": [
      "!equalConstantTime(hmacSha256(keys.header, ...header.covered), header.mac)",
      "header.mac.length === 0",
      "the header is authenticated",
    ],
    "header-mac-in-the-middle": [
      "if (end !== area.length || value.length !== MAC_LENGTH)",
      "if (value.length !== MAC_LENGTH)",
      "nothing stands behind the header's MAC",
    ],
    "header-other-vault": [
      "!equalConstantTime(header.vaultId, keys.vaultId) ||",
      "",
      "a key under another vault's name opens nothing",
    ],
    "header-other-epoch": [
      "keys.epoch !== undefined && keys.epoch !== header.epoch",
      "keys.epoch === -1",
      "the key of another epoch opens nothing",
    ],
    "header-commitment": [
      "!equalConstantTime(header.dkCommit, keys.commitment);",
      "header.dkCommit.length === 0;",
      "a foreign key is told from a changed header",
    ],
    "header-order": ["if (type < last || (type", "if ((type", "items stand in one order"],
    "header-extension-twice": [
      "|| (type === last && type !== SLOT)",
      "",
      "an item stands once",
    ],
    "header-unknown-item": [
      "else throw unsupported(`header item",
      "else if (minor > 99) throw unsupported(`header item",
      "an item of unknown meaning is refused",
    ],
    "header-many-slots": [
      "if (slots.length < 1 || slots.length > MAX_SLOTS) throw damaged",
      "if (slots.length < 1) throw damaged",
      "slots are bounded",
    ],
    "header-no-slot": [
      "if (slots.length < 1 || slots.length > MAX_SLOTS) throw damaged",
      "if (slots.length > MAX_SLOTS) throw damaged",
      "a vault that nothing opens is refused",
    ],
    "header-item-size": [
      "if (value?.length !== length) throw damaged",
      "if (value === undefined) throw damaged",
      "an item has its size",
    ],
    "header-suite": ["if (suite !== SUITE) throw", "if (suite === 0) throw", "an unknown cipher suite is refused"],
    "header-drops-extensions": [
      "...header.extensions.map((e) => item(e.type, e.value))",
      "...[]",
      "a save keeps extensions of later versions",
    ],
    "header-drops-flags": ["u32(header.ignorableFlags)", "u32(0)", "a save keeps ignorable flags"],
  }),
  ...mutantsOf("lib/vault/slot.ts", [SLOTS], {
    "slot-commitment": [
      "if (!equalConstantTime(okm.subarray(32), slot.commitment)) return null;",
      "",
      "a slot commits to one key: a wrong passphrase is told before the cipher is asked",
    ],
    "slot-without-vault": ["    context.vaultId,\n", "", "a slot is sealed for one vault", [KAT]],
    "slot-without-epoch": ["    u32(context.epoch),\n", "", "a slot is sealed for one epoch", [KAT]],
    "slot-size": [
      "bytes.length !== FIXED_LENGTH + paramsLength",
      "bytes.length < FIXED_LENGTH + paramsLength",
      "a slot has no bytes behind its seal",
      ["lib/vault/header_test.ts"],
    ],
    "slot-half-key": [
      "open(okm.subarray(0, 32), aad, slot.sealed)",
      "open(okm.subarray(32, 64), aad, slot.sealed)",
      "the published commitment is no key",
    ],
  }),
  ...mutantsOf("lib/vault/passphrase.ts", [SLOTS], {
    "passphrase-large-memory": [
      "kdf.memoryKib > ASK_ABOVE_KIB && !allowLargeMemory",
      "kdf.memoryKib < 0 && !allowLargeMemory",
      "a derivation above 512 MiB is asked for first",
    ],
    "passphrase-fixed-salt": [
      "const salt = randomBytes(SALT_LENGTH);",
      "const salt = new Uint8Array(SALT_LENGTH);",
      "each slot has a salt of its own",
    ],
    "passphrase-not-normal": ['text.normalize("NFC")', "text", "composed and decomposed accents are one passphrase"],
    "passphrase-not-utf8": ["fatal: true", "fatal: false", "what is not UTF-8 is no passphrase"],
    "passphrase-too-long": [
      'if (normal.length > MAX_PASSPHRASE) throw unusable("longer than 1024 bytes");',
      "",
      "a passphrase has at most 1,024 bytes",
    ],
    "passphrase-algorithm": [
      "params.length !== PARAMS_LENGTH || params[0] !== ARGON2ID",
      "params.length !== PARAMS_LENGTH",
      "a slot of another algorithm is refused",
    ],
    "passphrase-of-the-caller": [
      "let normal = passphrase.slice();",
      "let normal = passphrase;",
      "the caller's passphrase stays the caller's to wipe",
    ],
  }),
  ...mutantsOf("lib/vault/recovery_code.ts", ["lib/vault/recovery_code_test.ts"], {
    "recovery-one-check": ["if (s0 !== 0 || s1 !== 0) throw", "if (s0 !== 0) throw", "swapped neighbours are noticed"],
    "recovery-other-check": [
      "if (s0 !== 0 || s1 !== 0) throw",
      "if (s1 !== 0) throw",
      "every mistyped symbol is noticed",
    ],
    "recovery-locators": [
      "i === SYMBOLS - 1 ? SYMBOLS - 3 : i",
      "i === SYMBOLS - 1 ? SYMBOLS - 2 : i",
      "no two neighbours share a locator",
    ],
    "recovery-length": [
      "symbols.length !== LENGTH",
      "symbols.length < LENGTH",
      "a code with too many symbols is refused",
    ],
    "recovery-not-random": [
      "const bits = randomBytes(RECOVERY_LENGTH);",
      "const bits = new Uint8Array(RECOVERY_LENGTH);",
      "a code is drawn at random",
      [SLOTS],
    ],
    "recovery-look-alikes": ['.replace(/O/g, "0")', "", "an O is read as zero"],
  }),
  ...mutantsOf("lib/vault/recovery_slot.ts", [SLOTS], {
    "recovery-slot-salt": [
      "const salt = randomBytes(SALT_LENGTH);",
      "const salt = new Uint8Array(SALT_LENGTH);",
      "each recovery slot has a salt of its own",
    ],
    "recovery-slot-parameters": [
      "slot.params.length !== SALT_LENGTH",
      "slot.params.length < 0",
      "malformed parameters are damage, not a wrong code",
    ],
  }),
  ...mutantsOf("lib/vault/key_tree.ts", ["lib/vault/key_tree_test.ts", "tests/promises/key_leaves_test.ts"], {
    "keys-root-stays": ["    this.#prk.fill(0);\n", "", "a wiped tree holds no root"],
    "keys-derived-stay": [
      "for (const key of this.#derived.values()) key.fill(0);",
      "",
      "a wiped tree holds no derived key",
    ],
    "keys-work-after-wipe": [
      "if (this.#wiped) throw",
      "if (this.vaultId.length === 0) throw",
      "a wiped tree derives nothing",
    ],
    "keys-label": ["`asv1/${label}`", "`asv1/x${label}`", "keys are derived by the format's labels", [KAT]],
    "keys-audit-is-admin": [
      'return this.#derive("audit");',
      'return this.#derive("admin");',
      "each use has a key of its own",
    ],
    "keys-without-revision": [
      'concat(utf8("asv1/record"), id, u32(rev))',
      'concat(utf8("asv1/record"), id)',
      "each revision of a value has a key of its own",
      [KAT],
    ],
    "keys-share-the-root": [
      "new KeyTree(prk.slice(), vaultId, epoch)",
      "new KeyTree(prk, vaultId, epoch)",
      "a tree wipes bytes of its own, not the giver's",
    ],
  }),
  ...mutantsOf("lib/vault/open_slot.ts", [SLOTS], {
    "open-slot-commitment": [
      "if (!equalConstantTime(keys.commitment, header.dkCommit)) {",
      "if (keys.commitment.length === 0) {",
      "a slot that yields another data key is told as that",
    ],
    "open-slot-header-mac": ["    checkHeaderMac(header, keys);\n", "", "what opens a slot proves the whole header"],
    "open-slot-work": [
      "if (work > MAX_WORK_KIB) {",
      "if (work < 0) {",
      "many dear slots cost no more than one may",
    ],
  }),
];
