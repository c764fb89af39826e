/**
 * Vault files: whatever the bytes, a VaultError or a state that someone with the key has written. Two bytes before the
 * input say what it is and whose key opens it: a file as it is, one whose unkeyed checksum was made to fit, or, written
 * by a holder of the key who means ill or has a newer version, a header, an index or a sealed value. Or it is a recovery code as a person types it.
 */
import { concat, toHex, u64 } from "../../lib/bytes.ts";
import { AuthenticationError } from "../../lib/crypto/aead.ts";
import { sha256 } from "../../lib/crypto/hash.ts";
import { decode, encode, MsgpackError, type Packable } from "../../lib/msgpack.ts";
import { VaultError } from "../../lib/vault/fault.ts";
import { writeFrame } from "../../lib/vault/frame.ts";
import * as headers from "../../lib/vault/header.ts";
import { MINOR, SLOT_PASSPHRASE, SLOT_RECOVERY } from "../../lib/vault/layout.ts";
import { slotCost } from "../../lib/vault/passphrase.ts";
import { recordToPackable } from "../../lib/vault/record.ts";
import { parseRecoveryCode, recoveryCodeOf } from "../../lib/vault/recovery_code.ts";
import { openRecoverySlot } from "../../lib/vault/recovery_slot.ts";
import { slotToBytes } from "../../lib/vault/slot.ts";
import * as states from "../../lib/vault/state.ts";
import * as values from "../../lib/vault/value.ts";
import { blob, fixChecksum } from "../kit/vault_builder.ts";
import { msgpackPieces } from "./msgpack.ts";
import { textPieces } from "./mutate.ts";
import { demand, describe, type Entry, Finding, type Target } from "./target.ts";
import {
  cutAt,
  filePieces,
  frameStarts,
  type Holder,
  holders,
  sealHeader,
  unsealedHeader,
  VAULT_WORDS,
} from "./vault_corpus.ts";

/** The functions under test. */
export interface VaultParts {
  parseHeader: typeof headers.parseHeader;
  readState: typeof states.readState;
  openValue: typeof values.openValue;
}

const REAL: VaultParts = { ...headers, ...states, ...values };
const KINDS = ["file", "checksum", "header", "index", "delta", "value", "code"] as const;
/** The one address whose blob is fuzzed as a sealed value. */
const ADDRESS = { id: new Uint8Array(16).fill(9), rev: 3 };
const VALUE = "the value at that address";

export function vaultTarget(parts: VaultParts = REAL): Target {
  const all = holders();
  const written = all.map(authentic);
  return {
    name: "vault",
    corpus: corpus(all),
    dictionary: VAULT_WORDS,
    maxBytes: 16_384,
    run(input) {
      const kind = KINDS[(input[0] ?? 0) % KINDS.length] ?? "file";
      const at = (input[1] ?? 0) % all.length;
      const holder = all[at] as Holder;
      const body = input.subarray(2);
      try {
        if (kind === "value") return openedValue(parts, holder, body);
        if (kind === "code") return readCode(new TextDecoder().decode(body));
        const file = fileOf(kind, holder, body);
        const header = parts.parseHeader(file);
        // An index stands behind a header that is always the same.
        if (kind !== "index" && kind !== "delta") trySlots(holder, header);
        const state = parts.readState(file, holder.keys);
        const mark = `generation ${state.generation}${state.tornAt === null ? "" : " torn"}`;
        if (kind === "file" || kind === "checksum") {
          demand(written[at]?.has(fingerprint(state)) === true, `A state was read that nobody wrote: ${mark}`);
          return `read, ${mark}`;
        }
        demandSameAgain(state, holder);
        return `${kind} read`;
      } catch (error) {
        return faultOf(error);
      }
    },
    reaches: [
      ...["NOT_A_VAULT", "UNSUPPORTED_VERSION", "DAMAGED_HEADER", "KDF_OUT_OF_BOUNDS", "WRONG_SECRET", "TAMPERED"],
      ...["CORRUPT_FRAME", "read, generation 2 torn", "read, generation 1 torn"],
      ...["header read", "index read", "delta read", "value opened", "code read"],
    ],
  };
}

/** The state of every beginning of a holder's files that ends with a frame. */
function authentic({ files, keys }: Holder): Set<string> {
  const prefixes = files.flatMap(({ bytes }) => frameStarts(bytes).slice(1).map((end) => bytes.subarray(0, end)));
  return new Set(prefixes.map((prefix) => fingerprint(states.readState(prefix, keys))));
}

/** Everything that a state says, header and sealed values included, but for a torn tail. */
function fingerprint({ header, generation, lastMac, entries }: states.VaultState): string {
  const { minor, ignorableFlags, vaultId, epoch, dkCommit, slots, extensions, mac } = header;
  const said = encode({
    ...{ minor, ignorableFlags, vaultId, epoch, dkCommit, mac, generation: Math.min(generation, 2 ** 32), lastMac },
    slots: slots.map(slotToBytes),
    extensions: extensions.map(({ type, value }) => [type, value]),
    entries: [...entries].map(([key, { id, meta, blob }]) => [
      key.replace(/^\./, "internal "),
      recordToPackable({ id, meta, offset: 0, length: blob.length }),
      sha256(blob),
    ]),
  });
  return toHex(sha256(said, u64(generation)));
}

function fileOf(kind: typeof KINDS[number], { keys, built, files }: Holder, body: Uint8Array): Uint8Array {
  switch (kind) {
    case "checksum":
      return body.length < 64 ? body : fixChecksum(body);
    case "header": {
      const head = sealHeader(keys, body);
      const index = encode(EMPTY_INDEX);
      return concat(head.bytes, writeFrame({ type: 1, generation: 1, index, blobs: [] }, head.mac, keys, built));
    }
    case "index":
    case "delta": {
      const sound = files[0]?.bytes ?? body;
      const [start = 0, next = 0] = frameStarts(sound);
      const type = kind === "index" ? 1 : 2;
      // A delta goes behind the first checkpoint, whose records it may replace and remove.
      const before = sound.subarray(0, type === 1 ? start : next);
      const generation = type === 1 ? 1 : new DataView(sound.buffer, sound.byteOffset + start).getUint32(12) + 1;
      const blobs = [new Uint8Array(blobLengthOf(body))];
      return concat(before, writeFrame({ type, generation, index: body, blobs }, before.subarray(-32), keys, built));
    }
    default:
      return body;
  }
}

const EMPTY_INDEX = { v: 1, put: [], del: [] };

/** As many bytes of blobs as an index speaks of, so that its records are judged and not only their sum. */
function blobLengthOf(index: Uint8Array): number {
  try {
    const { put } = decode(index) as { put: { len: number }[] };
    const length = put.reduce((n, { len }) => n + len, 0);
    return length > 0 && length < 65_536 ? length : 0;
  } catch {
    return 0;
  }
}

/** No slot asks for more than the bounds allow, and none yields a key that is not the vault's own. */
function trySlots({ recovery, built }: Holder, header: headers.StoredHeader): void {
  for (const slot of header.slots) {
    try {
      if (slot.type === SLOT_PASSPHRASE) {
        const { memoryKib, passes, lanes } = slotCost(slot).kdf;
        const within = memoryKib >= 19_456 && memoryKib <= 1_048_576 && passes >= 1 && passes <= 16 && lanes >= 1 &&
          lanes <= 4 && memoryKib * passes <= 4_194_304;
        demand(within, "A slot's cost is out of the format's bounds");
      }
      if (slot.type === SLOT_RECOVERY) {
        const dataKey = openRecoverySlot(slot, recovery, header);
        demand(dataKey === null || toHex(dataKey) === toHex(built.dataKey), "A slot yields a key that nobody wrapped");
      }
    } catch (error) {
      // A slot that does not open is no reason not to read the rest.
      if (error instanceof VaultError && error.fault === "KDF_OUT_OF_BOUNDS") throw error;
      faultOf(error);
    }
  }
}

function openedValue(parts: VaultParts, { built, keys }: Holder, body: Uint8Array): string {
  const value = parts.openValue(keys, built, ADDRESS, body);
  demand(new TextDecoder().decode(value) === VALUE, "A value was opened that nobody sealed");
  return "value opened";
}

/** What is read as a recovery code is one, and is written as one that reads the same. */
function readCode(text: string): string {
  const bits = parseRecoveryCode(text);
  demand(toHex(parseRecoveryCode(recoveryCodeOf(bits))) === toHex(bits), "A recovery code is written as another one");
  return "code read";
}

/** What was read can be written, and then reads the same; a newer version's file may lose what it alone knows. */
function demandSameAgain(state: states.VaultState, { keys }: Holder): void {
  const { header, generation, entries } = state;
  if (header.minor > MINOR || generation >= Number.MAX_SAFE_INTEGER) return;
  const again = states.readState(states.writeState(header, generation, entries.values(), keys), keys);
  const plain = (s: states.VaultState) => fingerprint({ ...s, lastMac: new Uint8Array(32) });
  demand(plain(again) === plain(state), "A state that was read is another one after it was written");
}

/** The fault of a typed error; anything else, also as a cause that was taken for one of ours, is thrown on. */
function faultOf(error: unknown): string {
  if (!(error instanceof VaultError)) throw error;
  const { cause } = error;
  const ours = cause === undefined || cause instanceof MsgpackError || cause instanceof AuthenticationError ||
    cause instanceof TypeError && OUR_TYPE_ERROR.test(cause.message);
  if (!ours) throw new Finding(`An error of the runtime passes for a damaged file: ${describe(error)}`);
  demand(/^Cannot [^.]*[^.\s]$/.test(error.message), `An error's message has another form: ${error.message}`);
  return error.fault;
}

/** The runtime's own begin with "Cannot read properties" and the like. */
const OUR_TYPE_ERROR = /^Cannot read (index|record|grant|destination|position): /;

function corpus(all: readonly Holder[]): Entry[] {
  const entries: Entry[] = [];
  const add = (name: string, kind: typeof KINDS[number], holder: number, pieces: Uint8Array[], gives: string) =>
    entries.push({ name: `${kind}: ${name}`, pieces: [Uint8Array.of(KINDS.indexOf(kind), holder), ...pieces], gives });
  all.forEach(({ built, files, keys }, i) => {
    for (const { name, bytes } of files) {
      const { generation } = states.readState(bytes, keys);
      add(name, "file", i, filePieces(bytes), `read, generation ${generation}`);
      add(name, "checksum", i, filePieces(bytes), `read, generation ${generation}`);
      add(name, "header", i, unsealedHeader(bytes), "header read");
    }
    const sealed = blob(built, ADDRESS.id, ADDRESS.rev, VALUE);
    add("one", "value", i, cutAt(sealed, [0, 24, 28, sealed.length - 16]), "value opened");
    add("one", "code", i, textPieces(recoveryCodeOf(new Uint8Array(20).fill(i * 77))), "code read");
    for (const [name, index] of i === 0 ? Object.entries(indexes()) : []) {
      add(name, "index", i, msgpackPieces(encode(index)), "index read");
      if (index.put.length > 0) add(name, "delta", i, msgpackPieces(encode(index)), "delta read");
    }
  });
  return entries;
}

function indexes(): Record<string, { v: number; put: Packable[]; del: Packable[] }> {
  const [a, b] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  const grant = {
    destinations: [{ host: "api.example.com", suffix: true, port: 8443, methods: ["GET"], paths: ["/v1"] }],
    positions: [{ kind: "header", max: 1, name: "Authorization" }, { kind: "basic", max: 2 }],
    modes: ["sealed", "env", "file", "ssh-agent", "database"],
    agents: ["claude-code"],
    projects: ["/src/app"],
    confirm: "use",
    expires: 1_800_000_000_000,
  };
  const times = { created: 1_764_000_000_000, updated: 1_764_000_000_000 };
  return {
    "two records": {
      v: 1,
      put: [
        { id: a, rev: 1, name: "A", off: 0, len: 296, kind: "token", tags: ["x", "y"], grant, ...times, weak: true },
        { id: b, rev: 2, name: "B", off: 296, len: 552, description: "second", provider: "github" },
      ],
      del: [],
    },
    "an internal record": { v: 1, put: [{ id: a, rev: 1, name: "A", off: 0, len: 296, kind: ".internal" }], del: [] },
    "no record": EMPTY_INDEX,
  };
}
