/**
 * Promise: no integer of a vault file, whatever its value, makes a reader allocate, derive or loop for what it claims.
 * Each is tried at its bounds, beside them and where widths end: once with every seal, MAC and checksum right, and once
 * written over in a finished file.
 */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { MAX_HEADER_LENGTH, MIN_HEADER_LENGTH } from "../../lib/vault/layout.ts";
import { describeSlots, openWithPassphrase } from "../../lib/vault/slots.ts";
import { readState } from "../../lib/vault/state.ts";
import { VaultError } from "../../lib/vault/vault.ts";
import { type BoundedInteger, fileWith, fileWithHeaderOf, INTEGERS, pointsOf } from "../kit/bounded_integers.ts";
import { FAULT_PASSPHRASE, faultKeys, patched, vectorOf } from "../kit/one_fault_draft.ts";
import { tmpHome } from "../kit/tmp_home.ts";
import { fixChecksum, passphraseParams, passphraseSpec } from "../kit/vault_builder.ts";

const { built } = faultKeys();
const keys = () => KeyTree.fromPrk(built.prk, built.vaultId);
/** A reader of a file below 80 KiB needs copies of it, and no more. */
const MOST_BYTES = 256 * 1024;

/** `opens`, or the fault; fails if more was allocated than reading the file takes. */
function outcome(file: Uint8Array): string {
  let read = "opens";
  const allocated = largestArray(() => {
    try {
      readState(file, keys());
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      read = error.fault;
    }
  });
  assert.ok(allocated <= MOST_BYTES, `${read} after an array of ${allocated} bytes`);
  return read;
}

/** Bytes of the largest array that `work` makes by its length. */
function largestArray(work: () => void): number {
  const Real = globalThis.Uint8Array;
  let largest = 0;
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args, newTarget) {
      const made = Reflect.construct(target, args, newTarget === globalThis.Uint8Array ? target : newTarget);
      largest = Math.max(largest, made.buffer.byteLength);
      return made;
    },
  });
  try {
    work();
  } finally {
    globalThis.Uint8Array = Real;
  }
  return largest;
}

for (const integer of INTEGERS) {
  Deno.test(`an integer is accepted within its bounds and refused beyond: ${integer.name}`, async () => {
    for (const n of pointsOf(integer)) {
      const read = outcome(await fileWith(integer, n));
      if (n >= integer.min && n <= integer.max) assert.equal(read, "opens", `${n}`);
      else assert.match(read, integer.fault, `${n}`);
    }
  });
}

Deno.test("a header area is accepted from 256 to 65,536 bytes", async () => {
  for (const length of [MIN_HEADER_LENGTH - 1, MIN_HEADER_LENGTH, MAX_HEADER_LENGTH, MAX_HEADER_LENGTH + 1]) {
    const file = await fileWithHeaderOf(length);
    assert.equal(new DataView(file.buffer).getUint32(20), length);
    const within = length >= MIN_HEADER_LENGTH && length <= MAX_HEADER_LENGTH;
    assert.equal(outcome(file), within ? "opens" : "DAMAGED_HEADER", `${length}`);
  }
});

Deno.test("whatever integer is written over in a finished file, it is refused or leaves an earlier generation", async () => {
  const intact = (await vectorOf(["intact", "preamble", "", () => {}])).file;
  let places: Record<string, number> = {};
  await vectorOf(["places", "preamble", "", (d) => void (d.file = (f, at) => (places = { ...at }, f))]);
  const heads = ["first", "middle", "last"].map((name) => places[name] ?? assert.fail());
  const items = [64, 86, 96, 104, places.passphrase, places.recovery, places.mac].map((at) => at ?? assert.fail());
  const fields: [at: number, bytes: number][] = [
    ...[[8, 2], [10, 2], [12, 4], [16, 4], [20, 4], [24, 4], [28, 4], [92, 4], [102, 2]] as [number, number][],
    ...items.flatMap((at): [number, number][] => [[at, 2], [at + 2, 4]]),
    ...items.slice(4, 6).flatMap((at): [number, number][] => [[at + 22, 2], [at + 24, 2], [at + 26, 4]]),
    ...heads.flatMap((at) => [4, 8, 12, 16, 20].map((more): [number, number] => [at + more, 4])),
  ];
  const seen: Record<string, number> = {};
  for (const [at, bytes] of fields) {
    const view = new DataView(intact.buffer, at);
    const right = BigInt(bytes === 2 ? view.getUint16(0) : view.getUint32(0));
    for (const n of pointsOf({ bits: 8 * bytes, min: right, max: right })) {
      if (n === right) continue;
      const changed = patched(intact, at, bigEndian(n, bytes));
      const inHeader = at >= 20 && at < 24 && n > intact.length - 64 ? [changed] : [changed, fixChecksum(changed)];
      for (const file of inHeader) {
        const read = outcome(file);
        seen[read] = (seen[read] ?? 0) + 1;
        // Only the last frame's sizes and type can pass for a write that was cut short.
        if (read === "opens") assert.ok(at >= (places.last ?? 0), `${n} at ${at}`);
      }
    }
  }
  assert.ok(fields.length >= 40 && Object.keys(seen).length >= 5, JSON.stringify(seen));
});

const COSTS:
  (Pick<BoundedInteger, "name" | "bits" | "min" | "max"> & { params: (n: number) => [number, number, number] })[] = [
    { name: "memory", bits: 32, min: 19_456n, max: 1_048_576n, params: (n) => [n, 1, 1] },
    { name: "passes", bits: 32, min: 1n, max: 16n, params: (n) => [19_456, n, 1] },
    { name: "lanes", bits: 8, min: 1n, max: 4n, params: (n) => [19_456, 1, n] },
  ];

for (const cost of COSTS) {
  Deno.test(`a cost beyond its bounds is refused before anything is derived: ${cost.name}`, async () => {
    using home = tmpHome();
    using derivations = new Derivations();
    for (const n of pointsOf(cost)) {
      const [memory, passes, lanes] = cost.params(Number(n));
      const params = (salt: Uint8Array) => passphraseParams(memory, passes, lanes, salt);
      const change: Parameters<typeof vectorOf>[0][3] = (d) => {
        d.passphrase = { ...d.passphrase, params: params(d.passphrase.salt) };
      };
      Deno.writeFileSync(home.homes.vault, (await vectorOf([cost.name, "slot cost", "", change])).file, {
        mode: 0o600,
      });
      const before = derivations.count;
      if (n >= cost.min && n <= cost.max) {
        assert.deepEqual(describeSlots(home.homes.vault)[0]?.kdf, { memoryKib: memory, passes, lanes });
        continue;
      }
      assert.throws(() => describeSlots(home.homes.vault), { fault: "KDF_OUT_OF_BOUNDS" }, `${n}`);
      for (const allowLargeMemory of [false, true]) {
        const open = openWithPassphrase(home.homes.vault, utf8(FAULT_PASSPHRASE), { allowLargeMemory });
        await assert.rejects(open, { fault: "KDF_OUT_OF_BOUNDS" }, `${n}`);
      }
      assert.equal(derivations.count, before, `${n}`);
    }
  });
}

Deno.test("an accepted cost is derived, once for each passphrase slot that is tried", async () => {
  using home = tmpHome();
  for (const [passes, lanes] of [[1, 1], [16, 1], [1, 4]] as const) {
    const { file } = await vectorOf(["cost", "slot cost", "", async (d) => {
      const kdf = { memoryKib: 19_456, passes, lanes };
      d.passphrase = await passphraseSpec(d.built, FAULT_PASSPHRASE, kdf, d.passphrase.salt);
    }]);
    Deno.writeFileSync(home.homes.vault, file, { mode: 0o600 });
    using derivations = new Derivations();
    assert.deepEqual((await openWithPassphrase(home.homes.vault, utf8(FAULT_PASSPHRASE))).dataKey, built.dataKey);
    assert.ok(derivations.count > 0, `${passes} passes, ${lanes} lanes`);
  }
});

/** Counts how often WebAssembly is set to work: Argon2id is the only one that uses it. */
class Derivations implements Disposable {
  count = 0;
  readonly #real = WebAssembly.instantiate;

  constructor() {
    const real = this.#real;
    WebAssembly.instantiate = ((...args: Parameters<typeof real>) => {
      this.count++;
      return real(...args);
    }) as typeof real;
  }

  [Symbol.dispose](): void {
    WebAssembly.instantiate = this.#real;
  }
}

Deno.test("what is allocated is seen", () => {
  assert.equal(largestArray(() => void new Uint8Array(12_345)), 12_345);
  const file = new Uint8Array(0);
  assert.equal(largestArray(() => void file.subarray()), 0);
});

function bigEndian(n: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number(n >> BigInt(8 * (length - 1 - i)) & 0xffn));
}
