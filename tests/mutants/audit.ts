/** Mutants of lib/audit. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const VERIFY = "lib/audit/verify_test.ts";
const LOG = "lib/audit/log_test.ts";
const ENTRY = "lib/audit/entry_test.ts";

export const AUDIT: readonly Mutant[] = [
  ...mutantsOf("lib/audit/chain.ts", [VERIFY], {
    "audit-hash": [
      "return sha256Hex(canonical) === record.hash;",
      "return canonical.length > 0;",
      "a changed line is named",
    ],
    "audit-mac": [
      "sameHex(hmacHex(key, LINE_LABEL, record.hash), record.mac)",
      "key.length > 0",
      "lines made anew without the key are named",
    ],
    "audit-head-mac": [
      "return sameHex(headMac(key, seq, hash), mac);",
      "return mac.length > 0;",
      "a forged head is named",
    ],
    "audit-one-label": ['"asv1/audit/head\\0"', '"asv1/audit/line\\0"', "no MAC of one use stands for another", [
      "lib/audit/chain_test.ts",
    ]],
  }),
  ...mutantsOf("lib/audit/record.ts", [ENTRY, VERIFY], {
    "audit-second-spelling": [
      "return sound && lineOf(record) === line ? record : null;",
      "return sound ? record : null;",
      "a line has one spelling",
    ],
    "audit-mac-without-key": [
      "record.key === null ? record.mac === null :",
      "record.key === null ? true :",
      "a MAC stands exactly where a key does",
    ],
  }),
  ...mutantsOf("lib/audit/entry.ts", [ENTRY], {
    "audit-open-set": [
      "if (!(ENTRY_FIELDS as readonly string[]).includes(key)) {",
      'if (key === "") {',
      "an entry has no other fields",
    ],
    "audit-own-event": [
      "if (clean.event === OWN_EVENT) throw",
      'if (clean.event === "") throw',
      "nobody else writes the log's own lines",
    ],
    "audit-query-kept": ['field === "path" ? text.replace(/[?#].*$/s, "") : text', "text", "a query is never kept"],
    "audit-terminal": [
      "const escaped = escapeForDisplay(text.slice(0, cap + 1));",
      "const escaped = text.slice(0, cap + 1);",
      "a label steers no terminal and ends no line",
    ],
    "audit-detail": [
      "/^[a-z0-9][a-z0-9 ,.:;_()=/-]{0,199}$/",
      "/^[a-z0-9][^\\n]{0,199}$/",
      "a detail is a phrase of our own",
    ],
  }),
  ...mutantsOf("lib/audit/verify.ts", [VERIFY], {
    "audit-chain": [
      "if (record.prev !== this.#hash) return",
      "if (record.prev === this.#hash + this.#hash) return",
      "a line follows from the one before",
    ],
    "audit-number": ["if (record.seq !== this.seq + 1) {", "if (record.seq < 0) {", "no line is missing"],
    "audit-cut": [
      "if (this.#head === null || this.#head.seq <= this.seq) return null;",
      "if (this.#head === null || this.#head.seq > 0) return null;",
      "a log that was cut is named",
    ],
    "audit-end-replaced": [
      "if (record.seq !== this.#head?.seq || record.hash === this.#head.hash) return null;",
      "if (record.seq > 0) return null;",
      "a replaced end is named",
    ],
    "audit-head-missing": [
      "if (walk.keyedLines > 0) return fault(",
      "if (walk.keyedLines < 0) return fault(",
      "a head that is gone is named",
    ],
    "audit-alarm-unseen": [
      "if (said !== null) return this.#fault(",
      'if (said === "") return this.#fault(',
      "an alarm on record is told",
    ],
    "audit-checkpoint": [
      "record.to === record.seq - 1 && record.ref === record.prev &&",
      "record.to === record.seq - 1 &&",
      "a checkpoint names the line before",
    ],
  }),
  ...mutantsOf("lib/audit/files.ts", [LOG], {
    "audit-link": ["O_NOFOLLOW | O_NONBLOCK", "O_NONBLOCK", "a link in a log's place is refused"],
    "audit-mode": [
      "(info.mode & 0o7777) !== 0o600",
      "(info.mode & 0o007) !== 0",
      "a log that others may read is refused",
    ],
    "audit-second-name": ["if (info.nlink !== 1) throw", "if (info.nlink < 1) throw", "a log has one name"],
    "audit-directory-mode": [
      "((info.mode ?? 0o777) & 0o077) !== 0",
      "((info.mode ?? 0o777) & 0o007) === 0o007",
      "a directory that others may enter is refused",
    ],
    "audit-unlocked": [
      "while (!lock.tryLockSync(true)) {",
      "while (!lock.tryLockSync(false)) {",
      "one process appends at a time",
      [
        "tests/promises/no_line_no_use_test.ts",
      ],
    ],
  }),
  ...mutantsOf("lib/audit/log.ts", [LOG, VERIFY], {
    "audit-file-bound": [
      "(tail.size >= MAX_FILE_BYTES && !tail.open)",
      "tail.open",
      "a full file is followed by the next",
    ],
    "audit-no-head": [
      "if (key !== null) writeHead(",
      "if (key === null) writeHead(",
      "the head names the last keyed line",
    ],
    "audit-checkpoints": [
      "if (key !== null && seq - from >= CHECKPOINT_EVERY) add",
      "if (key !== null && seq - from < 0) add",
      "a keyed checkpoint stands every 1,024 lines",
    ],
    "audit-failure-passes": [
      "      throw new AuditWriteError(`Cannot write",
      "      if (this.#seen >= 0) return undefined as T;\n      throw new AuditWriteError(`Cannot write",
      "no line, no use",
      [
        "tests/promises/no_line_no_use_test.ts",
      ],
    ],
  }),
  ...mutantsOf("lib/audit/tail.ts", [LOG, VERIFY], {
    "audit-tail-chain": [
      "this.#later?.seq !== record.seq + 1 || this.#later.prev !== record.hash",
      "this.#later?.seq !== record.seq + 1",
      "a line changed before it is covered is put on record",
    ],
  }),
];
