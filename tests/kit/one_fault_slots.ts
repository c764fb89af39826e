/** One fault in a key slot, in what a slot yields, or in what the header MAC covers. */
import { concat, u16, u32 } from "../../lib/bytes.ts";
import { type Draft, type Fault, FAULT_PASSPHRASE, flipped, patched } from "./one_fault_draft.ts";
import {
  derived,
  fixChecksum,
  FixedRandomness,
  item,
  newBuilt,
  passphraseParams,
  passphraseSpec,
  recoverySpec,
  type SlotFields,
  slotItem,
  type SlotSpec,
} from "./vault_builder.ts";

const recovery = (change: Partial<SlotSpec>) => (d: Draft) => void (d.recovery = { ...d.recovery, ...change });
const spoilt = (spoil: (slot: SlotFields) => Partial<SlotFields>) => recovery({ spoil });
const passphrase = (change: Partial<SlotSpec>) => (d: Draft) => {
  d.by = "passphrase";
  d.passphrase = { ...d.passphrase, ...change };
};
/** A slot that would open if its cost were accepted. */
const stretched = (memoryKib: number, passes: number, lanes: number) => async (d: Draft) => {
  const salt = d.passphrase.salt;
  const spec = await passphraseSpec(d.built, FAULT_PASSPHRASE, { memoryKib, passes, lanes }, salt);
  passphrase(spec)(d);
};
/** A slot that claims a cost at which nobody can have made it. */
const claimed = (memoryKib: number, passes: number, lanes: number) => (d: Draft) =>
  passphrase({ params: passphraseParams(memoryKib, passes, lanes, d.passphrase.salt) })(d);
/** The header changed without the key, its checksum made to fit. */
const changed = (change: Draft["file"]) => (d: Draft) => void (d.file = (f, at) => fixChecksum(change(f, at)));
const lengthened = (f: Uint8Array, at: number, more: Uint8Array, instead = 0) => {
  const length = new DataView(f.buffer).getUint32(20) + more.length - instead;
  return patched(concat(f.subarray(0, at), more, f.subarray(at + instead)), 20, u32(length));
};

const SHAPE: Fault[] = [
  ["an empty slot", "slot shape", "DAMAGED_HEADER", (d) => void d.header.items.push(item(0x10, new Uint8Array(0)))],
  ["a slot cut by one byte", "slot shape", "DAMAGED_HEADER", spoilt((s) => ({ wrapped: s.wrapped.slice(0, -1) }))],
  ["a byte after a slot", "slot shape", "DAMAGED_HEADER", spoilt((s) => ({ wrapped: concat(s.wrapped, u16(0)) }))],
  ["params one byte shorter than they claim", "slot shape", "DAMAGED_HEADER", spoilt(() => ({ paramsLength: 17 }))],
  ["params one byte longer than they claim", "slot shape", "DAMAGED_HEADER", spoilt(() => ({ paramsLength: 15 }))],
  ["params of 2^32 - 1 bytes", "slot shape", "DAMAGED_HEADER", spoilt(() => ({ paramsLength: 2 ** 32 - 1 }))],
  ["a recovery salt of 15 bytes", "slot shape", "DAMAGED_HEADER", salted(15)],
  ["a recovery salt of 17 bytes", "slot shape", "DAMAGED_HEADER", salted(17)],
  ["a passphrase slot's params cut", "slot shape", "DAMAGED_HEADER", (d) => derive(d, (p) => p.slice(0, -1))],
  [
    "a byte after a passphrase slot's params",
    "slot shape",
    "DAMAGED_HEADER",
    (d) => derive(d, (p) => concat(p, u16(0))),
  ],
  ["derivation 0", "slot shape", "DAMAGED_HEADER", (d) => derive(d, (p) => patched(p, 0, Uint8Array.of(0)))],
  ["derivation 2", "slot shape", "DAMAGED_HEADER", (d) => derive(d, (p) => patched(p, 0, Uint8Array.of(2)))],
];

const COST: Fault[] = [
  ["no memory", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(0, 1, 1)],
  ["memory of 8 KiB", "slot cost", "KDF_OUT_OF_BOUNDS", stretched(8, 1, 1)],
  ["memory one KiB below the floor", "slot cost", "KDF_OUT_OF_BOUNDS", stretched(19_455, 1, 1)],
  ["memory above what is taken without asking", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(524_289, 1, 1)],
  ["memory one KiB above the ceiling", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(1_048_577, 1, 1)],
  ["memory of 2^32 - 1 KiB", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(2 ** 32 - 1, 1, 1)],
  ["no pass", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(19_456, 0, 1)],
  ["17 passes", "slot cost", "KDF_OUT_OF_BOUNDS", stretched(19_456, 17, 1)],
  ["2^32 - 1 passes", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(19_456, 2 ** 32 - 1, 1)],
  ["no lane", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(19_456, 1, 0)],
  ["five lanes", "slot cost", "KDF_OUT_OF_BOUNDS", stretched(19_456, 1, 5)],
  ["255 lanes", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(19_456, 1, 255)],
  ["too much memory times passes", "slot cost", "KDF_OUT_OF_BOUNDS", claimed(524_288, 9, 1)],
  ["two slots that together ask for too much", "slot cost", "KDF_OUT_OF_BOUNDS", (d) => {
    const params = passphraseParams(524_288, 8, 1, d.passphrase.salt);
    d.by = "passphrase";
    d.header.items.push(slotItem({ ...d.built, random: new FixedRandomness("second") }, { ...d.passphrase, params }));
  }],
];

const COMMITMENT: Fault[] = [
  [
    "a bit of a commitment",
    "slot commitment",
    "WRONG_SECRET",
    spoilt((s) => ({ commitment: flipped(s.commitment, 0) })),
  ],
  ["a commitment of zeros", "slot commitment", "WRONG_SECRET", spoilt(() => ({ commitment: new Uint8Array(32) }))],
  ["a bit of a slot_id", "slot commitment", "WRONG_SECRET", spoilt((s) => ({ id: flipped(s.id, 0) }))],
  ["a bit of a recovery salt", "slot commitment", "WRONG_SECRET", spoilt((s) => ({ params: flipped(s.params, 0) }))],
  ["a slot of another epoch", "slot commitment", "WRONG_SECRET", recovery({ sealedFor: { epoch: 2 } })],
  [
    "a slot of another vault",
    "slot commitment",
    "WRONG_SECRET",
    recovery({ sealedFor: { vaultId: new Uint8Array(16) } }),
  ],
  [
    "a slot of another code",
    "slot commitment",
    "WRONG_SECRET",
    (d) => recovery({ ikm: flipped(d.recovery.ikm, 19) })(d),
  ],
  [
    "a passphrase slot's commitment",
    "slot commitment",
    "WRONG_SECRET",
    passphrase({ spoil: (s) => ({ commitment: flipped(s.commitment, 31) }) }),
  ],
  [
    "another cost than the slot was made with",
    "slot commitment",
    "WRONG_SECRET",
    passphrase({ spoil: (s) => ({ params: patched(s.params, 5, u32(2)) }) }),
  ],
];

const SEAL: Fault[] = [
  ["a bit of a wrapped data key", "slot seal", "TAMPERED", spoilt((s) => ({ wrapped: flipped(s.wrapped, 0) }))],
  ["a bit of a slot's tag", "slot seal", "TAMPERED", spoilt((s) => ({ wrapped: flipped(s.wrapped, -1) }))],
  ["a bit of a slot's nonce", "slot seal", "TAMPERED", spoilt((s) => ({ nonce: flipped(s.nonce, 0) }))],
  ["wrapped under a key that nobody committed to", "slot seal", "TAMPERED", recovery({ kek: new Uint8Array(32) })],
  ["the wrapped data key of another slot", "slot seal", "TAMPERED", (d) => {
    let other: SlotFields;
    passphrase({ spoil: (s) => (other = s, {}) })(d);
    spoilt(() => ({ nonce: other.nonce, wrapped: other.wrapped }))(d);
    d.by = "recovery code";
  }],
  [
    "a passphrase slot's wrapped data key",
    "slot seal",
    "TAMPERED",
    passphrase({ spoil: (s) => ({ wrapped: flipped(s.wrapped, 31) }) }),
  ],
];

const DK_COMMIT: Fault[] = [
  ["a recovery slot that yields another key", "dk_commit", "TAMPERED", recovery({ dataKey: new Uint8Array(32) })],
  ["a passphrase slot that yields another key", "dk_commit", "TAMPERED", passphrase({ dataKey: new Uint8Array(32) })],
  ["a bit of dk_commit", "dk_commit", "TAMPERED", (d) => committed(d, flipped(derived(d.built, "dk-commit"), 31))],
  ["dk_commit of zeros", "dk_commit", "TAMPERED", (d) => committed(d, new Uint8Array(32))],
];

const stranger = () => slotItem(newBuilt("a stranger"), recoverySpec(newBuilt("a stranger"), new Uint8Array(20)));
const HEADER_MAC: Fault[] = [
  ["a bit of header_mac, checksum right", "header MAC", "TAMPERED", (d) => mac(d, (m) => flipped(m, 0))],
  ["a header_mac of zeros", "header MAC", "TAMPERED", (d) => mac(d, () => new Uint8Array(32))],
  ["header_mac under the key of the chain", "header MAC", "TAMPERED", (d) => void (d.header.macUnder = "chain")],
  [
    "header_mac that leaves the preamble out",
    "header MAC",
    "TAMPERED",
    (d) => void (d.header.macOver = (_, items) => items),
  ],
  [
    "header_mac that leaves the items out",
    "header MAC",
    "TAMPERED",
    (d) => void (d.header.macOver = (preamble) => preamble),
  ],
  ["minor version raised without the key", "header MAC", "TAMPERED", changed((f) => patched(f, 10, u16(1)))],
  ["ignorable flag set without the key", "header MAC", "TAMPERED", changed((f) => patched(f, 16, u32(1)))],
  ["slot flag set without the key", "header MAC", "TAMPERED", changed((f, at) => flipped(f, at.passphrase + 6 + 19))],
  [
    "a bit of the other slot's cost",
    "header MAC",
    "TAMPERED",
    changed((f, at) => flipped(f, at.passphrase + 6 + 24 + 8)),
  ],
  ["a bit of the other slot's commitment", "header MAC", "TAMPERED", changed((f, at) => flipped(f, at.recovery - 80))],
  ["a bit of the other slot's seal", "header MAC", "TAMPERED", changed((f, at) => flipped(f, at.recovery - 1))],
  [
    "the other slot dropped",
    "header MAC",
    "TAMPERED",
    changed((f, at) => lengthened(f, at.passphrase, new Uint8Array(0), at.recovery - at.passphrase)),
  ],
  [
    "slots exchanged",
    "header MAC",
    "TAMPERED",
    changed((f, at) =>
      patched(f, at.passphrase, concat(f.slice(at.recovery, at.mac), f.slice(at.passphrase, at.recovery)))
    ),
  ],
  ["a slot twice", "header MAC", "TAMPERED", changed((f, at) => lengthened(f, at.mac, f.slice(at.recovery, at.mac)))],
  ["a stranger's slot added", "header MAC", "TAMPERED", changed((f, at) => lengthened(f, at.mac, stranger()))],
  ["an extension added", "header MAC", "TAMPERED", changed((f, at) => lengthened(f, at.mac, item(0x8000, u16(1))))],
  ["an extension changed", "header MAC", "TAMPERED", (d) => {
    d.header.items.push(item(0x8000, u16(1)));
    changed((f, at) => flipped(f, at.mac - 1))(d);
  }],
];

/** All that the holder of a passphrase or code finds before the first frame. */
export const SLOT_FAULTS: Fault[] = [...SHAPE, ...COST, ...COMMITMENT, ...SEAL, ...DK_COMMIT, ...HEADER_MAC];

function salted(length: number) {
  const salt = new Uint8Array(length).fill(0x5a);
  return recovery({ params: salt, salt });
}

function derive(d: Draft, change: (params: Uint8Array) => Uint8Array): void {
  passphrase({ params: change(d.passphrase.params) })(d);
}

function mac(d: Draft, change: (mac: Uint8Array) => Uint8Array): void {
  d.header.macItem = (right) => item(0x7fff, change(right));
}

function committed(d: Draft, commitment: Uint8Array): void {
  d.header.fixed = [
    item(1, d.built.vaultId),
    item(2, u32(d.built.epoch)),
    item(3, u16(1)),
    item(4, commitment),
  ];
}
