/** Vaults of the corpus that differ in slots, header, frames, damage or version. */
import { concat } from "../../lib/bytes.ts";
import type { Plan, PlannedFrame, PlannedRecord } from "./corpus_writer.ts";
import { type Built, FixedRandomness, item, type SlotSpec } from "./vault_builder.ts";

const record = (n: number, name: string, more: Partial<PlannedRecord> = {}): PlannedRecord => ({
  n,
  name,
  value: `made-up value ${more.rev ?? 1} of ${name}`,
  ...more,
});
const A = record(1, "ALPHA", { fields: { kind: "token", grant: { modes: ["env"] } } });
const B = record(2, "BETA");
const C = record(3, "GAMMA");
const one: PlannedFrame[] = [{ type: "checkpoint", put: [A] }];
const two: PlannedFrame = { type: "checkpoint", put: [A, B] };
const addsC: PlannedFrame = { type: "delta", put: [C] };
const NO_CODE = { codes: 0 };

/** A slot of a type that this version cannot open. */
const foreign = (type: number, paramsLength: number) => (built: Built): SlotSpec => {
  const params = built.random.bytes(paramsLength);
  return { type, params, ikm: built.random.bytes(32), salt: params };
};

const SLOTS: Plan[] = [
  {
    name: "passphrase_slot",
    feature: "a passphrase slot alone",
    passphrases: ["correct horse"],
    ...NO_CODE,
    frames: one,
  },
  { name: "recovery_slot", feature: "a recovery slot alone", frames: one },
  {
    name: "both_slots",
    feature: "a passphrase slot and a recovery slot",
    passphrases: ["battery staple"],
    frames: one,
  },
  {
    name: "two_passphrase_slots",
    feature: "two passphrase slots",
    passphrases: ["one", "two"],
    ...NO_CODE,
    frames: one,
  },
  { name: "two_recovery_slots", feature: "two recovery slots", codes: 2, frames: one },
  { name: "slots_32", feature: "32 slots, the most there may be", codes: 32, frames: one },
  {
    name: "slots_of_other_types",
    feature: "slots of types 3 to 6 and of one that has no meaning yet, kept byte for byte",
    slots: (built) => [[3, 17], [4, 64], [5, 1200], [6, 42], [4242, 0]].map(([t = 0, n = 0]) => foreign(t, n)(built)),
    frames: one,
  },
  { name: "slot_flags", feature: "slots with flags, kept", slotFlags: 0x8001, passphrases: ["flags"], frames: one },
  {
    name: "passphrase_cost",
    feature: "another cost: 32 MiB, three passes, four lanes",
    passphrases: ["dear"],
    kdf: { memoryKib: 32_768, passes: 3, lanes: 4 },
    ...NO_CODE,
    frames: one,
  },
  {
    name: "passphrase_composed",
    feature: "a passphrase with accents, typed composed or decomposed",
    passphrases: ["Z\u00fcrich caf\u00e9 \u1e9b\u0323"],
    alsoOpens: ["Zu\u0308rich cafe\u0301 \u017f\u0323\u0307"],
    ...NO_CODE,
    frames: one,
  },
  {
    name: "passphrase_hangul",
    feature: "a passphrase in syllables, typed as syllables or as letters",
    passphrases: ["\ud55c\uae00"],
    alsoOpens: ["\u1112\u1161\u11ab\u1100\u1173\u11af"],
    ...NO_CODE,
    frames: one,
  },
  {
    name: "passphrase_emoji",
    feature: "a passphrase beyond the basic plane",
    passphrases: ["\u{1f469}\u200d\u{1f4bb} \u{1d49c}"],
    ...NO_CODE,
    frames: one,
  },
  {
    name: "passphrase_longest",
    feature: "a passphrase of 1,024 bytes, the longest there may be",
    passphrases: ["p".repeat(1024)],
    ...NO_CODE,
    frames: one,
  },
];

const HEADERS: Plan[] = [
  {
    name: "extensions",
    feature: "extension items, kept",
    items: [item(0x8000, new Uint8Array(0)), item(0x8001, new Uint8Array(100).fill(7)), item(0xffff, Uint8Array.of(1))],
    frames: one,
  },
  { name: "ignorable_flags", feature: "ignorable flags, kept", header: { ignorableFlags: 0x80000001 }, frames: one },
  {
    name: "header_smallest",
    feature: "a header area of 256 bytes, which nothing but the data key opens",
    codes: 0,
    slots: (built) => [foreign(99, 6)(built)],
    frames: one,
  },
  {
    name: "header_largest",
    feature: "a header area of 65,536 bytes",
    items: [item(0x8000, new Uint8Array(65_536 - 78 - 150 - 6 - 38))],
    frames: one,
  },
  { name: "epoch_2", feature: "the second data key", epoch: 2, passphrases: ["second epoch"], frames: [two, addsC] },
  { name: "epoch_last", feature: "the highest epoch", epoch: 2 ** 32 - 1, frames: one },
];

const FRAMES: Plan[] = [
  { name: "empty", feature: "no record at all" },
  { name: "delta_adds", feature: "a delta that adds", frames: [two, addsC] },
  {
    name: "delta_replaces",
    feature: "a delta that replaces a value",
    frames: [two, { type: "delta", put: [record(1, "ALPHA", { rev: 2 })] }],
  },
  { name: "delta_removes", feature: "a delta that removes", frames: [two, { type: "delta", del: [1] }] },
  { name: "delta_removes_all", feature: "a delta that leaves nothing", frames: [two, { type: "delta", del: [2, 1] }] },
  { name: "delta_empty", feature: "a delta that changes nothing", frames: [two, { type: "delta" }] },
  {
    name: "delta_renames",
    feature: "a delta that gives a record another name",
    frames: [two, { type: "delta", put: [record(2, "RENAMED", { value: B.value })] }],
  },
  {
    name: "delta_exchanges_names",
    feature: "a delta in which two records exchange their names",
    frames: [two, { type: "delta", put: [record(1, "BETA", { rev: 2 }), record(2, "ALPHA", { rev: 2 })] }],
  },
  {
    name: "delta_removes_and_adds_one_id",
    feature: "a delta that removes a record and adds one of the same id",
    frames: [two, { type: "delta", del: [1], put: [record(1, "ALPHA", { rev: 9 })] }],
  },
  {
    name: "delta_reuses_a_name",
    feature: "a name that goes from a removed record to a new one",
    frames: [two, { type: "delta", del: [2], put: [record(4, "BETA")] }],
  },
  {
    name: "delta_of_several_blocks",
    feature: "a delta whose index fills more than 512 bytes",
    frames: [two, { type: "delta", put: Array.from({ length: 20 }, (_, i) => record(10 + i, `MORE_${i}`)) }],
  },
  {
    name: "deltas_40",
    feature: "forty deltas",
    frames: [
      two,
      ...Array.from({ length: 40 }, (_, i): PlannedFrame => ({
        type: "delta",
        put: i % 4 === 3 ? [] : [record(i % 4 === 0 ? 1 : 10 + i, i % 4 === 0 ? "ALPHA" : `MORE_${i}`, { rev: 2 + i })],
        del: i % 8 === 7 ? [10 + i - 1] : [],
      })),
    ],
  },
  {
    name: "checkpoint_again",
    feature: "a second checkpoint, which replaces all before it",
    frames: [two, addsC, { type: "checkpoint", put: [record(1, "ALPHA", { rev: 5 })] }, addsC],
  },
  { name: "generation_large", feature: "a generation beyond 32 bits", generation: 2 ** 40, frames: [two, addsC] },
  { name: "generation_last_but_one", feature: "a generation of 2^53 - 2", generation: 2 ** 53 - 2, frames: one },
];

const DAMAGE: Plan[] = [
  ...([["head", 47], ["index", 400], ["blobs", 700], ["mac", 900]] as const).map(([where, at]): Plan => ({
    name: `torn_in_${where}`,
    feature: `a last frame cut in its ${where === "mac" ? "MAC" : where}`,
    frames: [two, addsC],
    damage: (file, lastAt) => file.subarray(0, lastAt + at),
    lost: true,
    torn: true,
  })),
  {
    name: "torn_zeros",
    feature: "a last frame of which the length reached the disk and the bytes did not",
    frames: [two, addsC],
    damage: (file, lastAt) => concat(file.subarray(0, lastAt), new Uint8Array(file.length - lastAt)),
    lost: true,
    torn: true,
  },
  {
    name: "torn_rest",
    feature: "a whole last frame, and the beginning of nothing after it",
    frames: [two, addsC],
    damage: (file) => concat(file, new FixedRandomness("rest").bytes(100)),
    torn: true,
  },
];

const unknown = { grant: { modes: ["env"], only_on: "mondays" } };
const NEWER: Plan[] = [
  {
    name: "future_minor",
    feature: "a higher minor version with fields that nobody knows yet: readable, never saved",
    header: { minor: 1 },
    passphrases: ["from the future"],
    frames: [{
      type: "checkpoint",
      put: [
        record(1, "ALPHA", {
          fields: { shade: "blue", grant: { modes: ["env"] } },
          readsAs: plain({ modes: ["env"] }),
        }),
        record(2, "BETA", { fields: unknown, readsAs: plain({}) }),
      ],
      more: { shards: [1, 2, 3] },
    }, {
      type: "delta",
      put: [record(3, "GAMMA", { fields: { weight: 7 }, readsAs: plain({}) })],
      more: { why: "edit" },
    }],
    readOnly: true,
  },
  {
    name: "future_minor_restrictions",
    feature:
      "a higher minor version whose grants have restrictions and choices that nobody knows yet: they allow nothing",
    header: { minor: 2 },
    frames: [{
      type: "checkpoint",
      put: ([
        { modes: ["env", "telepathy"] },
        { modes: ["env"], confirm: "twice" },
        { modes: ["env"], destinations: [{ host: "api.example.com", except: "/admin" }] },
        { modes: ["env"], positions: [{ kind: "cookie", max: 1 }] },
        { modes: ["env"], positions: [{ kind: "header", max: 1, once_a: "day" }] },
      ] as PlannedRecord["fields"][]).map((grant = {}, i) =>
        record(i, `RESTRICTED_${i}`, { fields: { grant }, readsAs: plain({}) })
      ),
    }],
    readOnly: true,
  },
  {
    name: "future_minor_last",
    feature: "the highest minor version",
    header: { minor: 0xffff },
    frames: one,
    readOnly: true,
  },
  { name: "future_major", feature: "a higher major version", header: { major: 2 }, frames: one, ...refusedAs() },
  {
    name: "future_major_of_another_shape",
    feature: "a higher major version of which nothing but magic and version is known",
    damage: (file) => concat(file.subarray(0, 8), Uint8Array.of(0, 7, 0, 3), new FixedRandomness("shape").bytes(500)),
    ...refusedAs(),
  },
  { name: "future_critical_flag", feature: "an unknown critical flag", header: { criticalFlags: 4 }, ...refusedAs() },
  {
    name: "future_critical_item",
    feature: "an unknown critical item",
    items: [item(0x11, new Uint8Array(8))],
    ...refusedAs(),
  },
  { name: "future_suite", feature: "another cipher suite", header: { suite: 2 }, ...refusedAs() },
];

export const FORMAT_PLANS: Plan[] = [...SLOTS, ...HEADERS, ...FRAMES, ...DAMAGE, ...NEWER];

/** Without the fields that nobody knows. */
function plain(grant: { modes?: string[] }): PlannedRecord["readsAs"] & object {
  const nothing = { destinations: [], positions: [], modes: [], agents: [], projects: [], confirm: "never" };
  return { grant: { ...nothing, expires: null, ...grant } };
}

function refusedAs() {
  return { refused: "UNSUPPORTED_VERSION" };
}
