/**
 * Promise: parts of vault files, put together in any other way than they were written, are refused, or read as a state
 * that this very vault once had, which the anchor then refuses. The parts come from the vault itself, a fork of it, a
 * copy with other key slots, its next epoch (with the same data key, and with another) and a stranger, all of the same
 * shape and generations.
 */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { concat, toHex } from "../../lib/bytes.ts";
import { checkAnchor } from "../../lib/vault/anchor.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { recoveryCodeOf } from "../../lib/vault/recovery_code.ts";
import { openWithRecovery } from "../../lib/vault/slots.ts";
import { readState } from "../../lib/vault/state.ts";
import { VaultError } from "../../lib/vault/vault.ts";
import {
  BITS,
  type CutVault,
  cutVaults,
  GENERATIONS,
  joined,
  type Part,
  partsOf,
  withFittingLength,
} from "../kit/rearranged.ts";
import { tmpHome } from "../kit/tmp_home.ts";
import { fixChecksum } from "../kit/vault_builder.ts";

const VAULTS = cutVaults();
const { mine } = VAULTS;
const ALL = Object.values(VAULTS);
const MINE = partsOf(mine);
/** The parts of all vaults with whose they are, without those that have the same bytes. */
const OTHERS = new Map(
  ALL.toReversed().flatMap((vault) => partsOf(vault).map((part) => [toHex(part.bytes), { ...part, of: vault.name }])),
).values().toArray();
const KEYS = KeyTree.fromPrk(mine.built.prk, mine.built.vaultId, mine.built.epoch);
const NEWEST_FILE = joined(mine);
const NEWEST = readState(NEWEST_FILE, KEYS);

/** Those that the keys of mine open. */
const OURS = [mine, VAULTS.fork, VAULTS.reslotted];
/** Every file that this vault ever was, by the MAC of its last frame. */
const GENUINE = new Map(OURS.flatMap((vault) =>
  Array.from({ length: GENERATIONS }, (_, i) => {
    const file = joined(vault, i + 1);
    return [toHex(file.subarray(-32)), file] as const;
  })
));

/** What comes of files that were put together; throws where anything is read that was never written so. */
class Tally {
  readonly seen: Record<string, number> = {};

  open(file: Uint8Array, what: () => string): void {
    if (same(file, NEWEST_FILE)) return;
    const read = outcome(file, what);
    this.seen[read] = (this.seen[read] ?? 0) + 1;
  }

  /** With header length and unkeyed checksum as they fall, and made to fit. */
  openAll(parts: Part[], what: () => string): void {
    const file = join(parts);
    this.open(file, what);
    if (mine.header.every((part, i) => parts[i] === part)) return;
    for (const other of [file, join(withFittingLength(parts))]) {
      const fitting = withFittingChecksum(other);
      if (!same(fitting, file)) this.open(fitting, what);
    }
  }

  expect(atLeast: Record<string, number>): void {
    for (const [read, n] of Object.entries(atLeast)) {
      assert.ok((this.seen[read] ?? 0) >= n, `${read}: ${JSON.stringify(this.seen)}`);
    }
  }
}

function outcome(file: Uint8Array, what: () => string): string {
  let state;
  try {
    state = readState(file, KEYS);
  } catch (error) {
    if (error instanceof VaultError) return error.fault;
    throw new Error(`Cannot open vault: not a typed refusal: ${what()}`, { cause: error });
  }
  const genuine = GENUINE.get(toHex(state.lastMac)) ?? assert.fail(`never written: ${what()}`);
  // What was taken for good is byte for byte a file of this vault, nothing before, between or after.
  const good = state.tornAt === null ? file : file.subarray(0, state.tornAt);
  assert.ok(same(good, genuine), what());
  if (same(genuine, NEWEST_FILE)) return "newest torn";
  assert.throws(() => checkAnchor(state, NEWEST), { name: "VaultError", fault: /^(ROLLED_BACK|FORKED)$/ }, what());
  return `generation ${state.generation}${state.tornAt === null ? "" : " torn"}`;
}

function withFittingChecksum(file: Uint8Array): Uint8Array {
  const length = file.length < 64 ? Infinity : new DataView(file.buffer).getUint32(20);
  return 64 + length <= file.length ? fixChecksum(file) : file;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

Deno.test("each vault opens as it was written, and no other key or epoch opens it", () => {
  for (const vault of ALL) {
    const { built } = vault;
    const keys = KeyTree.fromPrk(built.prk, built.vaultId, built.epoch);
    assert.equal(readState(joined(vault), keys).generation, GENERATIONS);
    if (vault === mine) continue;
    assert.equal(outcome(joined(vault), () => vault.name), OURS.includes(vault) ? "generation 3" : "WRONG_SECRET");
  }
});

Deno.test("frames in any order, dropped, repeated or from any of the vaults", () => {
  const tally = new Tally();
  const frames = ALL.flatMap((vault) =>
    vault.frames.map((parts, i) => [`${vault.name} ${i + 1}`, join(parts)] as const)
  );
  const visit = (names: string[], body: Uint8Array, left: number) => {
    for (const vault of ALL) {
      // A foreign header is refused before a frame is looked at, and the fork has the same header as mine.
      const longest = vault === mine ? 3 : vault === VAULTS.reslotted ? 2 : 1;
      if (names.length > longest) continue;
      tally.open(concat(join(vault.header), body), () => `${vault.name}: ${names.join(", ")}`);
    }
    if (left === 0) return;
    for (const [name, bytes] of frames) visit([...names, name], concat(body, bytes), left - 1);
  };
  visit([], new Uint8Array(0), 3);
  // Four in a row: only what begins well is of interest.
  const [first, second, third] = mine.frames.map(join) as [Uint8Array, Uint8Array, Uint8Array];
  for (const [name, bytes] of frames) {
    for (const [other, more] of frames) {
      tally.open(concat(join(mine.header), first, second, bytes, more), () => `1, 2, ${name}, ${other}`);
      tally.open(concat(join(mine.header), first, second, third, bytes, more), () => `1, 2, 3, ${name}, ${other}`);
    }
  }
  tally.expect({ CORRUPT_FRAME: 3000, WRONG_SECRET: 30, "generation 2 torn": 9, "generation 1": 1 });
});

Deno.test("parts of any of the vaults in the place of others, also of another kind", () => {
  const tally = new Tally();
  MINE.forEach((part, i) => {
    for (const other of OTHERS) {
      tally.openAll(MINE.with(i, other), () => `${other.of}'s ${other.name} for ${part.name}`);
    }
  });
  tally.expect({ CORRUPT_FRAME: 1000, TAMPERED: 20, DAMAGED_HEADER: 1000, WRONG_SECRET: 5, "generation 2 torn": 500 });
});

Deno.test("parts exchanged, dropped, repeated or inserted", () => {
  const tally = new Tally();
  MINE.forEach((part, i) => {
    tally.openAll(MINE.toSpliced(i, 1), () => `${part.name} dropped`);
    tally.openAll(MINE.toSpliced(i, 0, part), () => `${part.name} twice`);
    MINE.forEach((other, j) => {
      if (i < j) tally.openAll(MINE.with(i, other).with(j, part), () => `${part.name} and ${other.name} exchanged`);
    });
    for (const other of OTHERS) tally.openAll(MINE.toSpliced(i, 0, other), () => `${other.name} before ${part.name}`);
  });
  for (const other of OTHERS) tally.openAll([...MINE, other], () => `${other.name} at the end`);
  tally.expect({ CORRUPT_FRAME: 1000, TAMPERED: 20, DAMAGED_HEADER: 1000, "newest torn": 40 });
});

Deno.test("the beginning of one file and the end of another, at every pair of boundaries", () => {
  const tally = new Tally();
  for (const head of ALL) {
    for (const tail of ALL) {
      // A beginning of the fork is one of mine, or has a whole frame of its own: the first test puts those together.
      if ((head !== mine && tail !== mine) || head === VAULTS.fork) continue;
      // A whole header of a foreign vault is refused, whatever follows.
      const begin = OURS.includes(head) ? partsOf(head) : head.header;
      const end = partsOf(tail);
      for (let i = 0; i <= begin.length; i++) {
        for (let j = 0; j <= end.length; j++) {
          const parts = [...begin.slice(0, i), ...end.slice(j)];
          tally.openAll(parts, () => `${head.name} up to ${begin[i]?.name}, ${tail.name} from ${end[j]?.name}`);
        }
      }
    }
  }
  tally.expect({
    ...{ CORRUPT_FRAME: 500, TAMPERED: 20, DAMAGED_HEADER: 1000, WRONG_SECRET: 100, NOT_A_VAULT: 100 },
    ...{ "generation 1 torn": 10, "generation 2 torn": 10, "generation 1": 1, "generation 2": 1, "newest torn": 40 },
  });
});

Deno.test("header items of one vault in another do not open with the code that opens both", async () => {
  using home = tmpHome();
  const code = recoveryCodeOf(BITS);
  const open = async (parts: Part[]) => {
    const file = fixChecksum(concat(...parts.map((part) => part.bytes)));
    Deno.writeFileSync(home.homes.vault, file, { mode: 0o600 });
    return await openWithRecovery(home.homes.vault, code);
  };
  const key = async (vault: CutVault) => toHex((await open(partsOf(vault))).dataKey);
  for (const vault of ALL) assert.equal(await key(vault), toHex(vault.built.dataKey));
  let refused = 0;
  for (const vault of ALL.filter(({ name }) => name !== "mine" && name !== "fork")) {
    for (const [i, other] of vault.header.entries()) {
      if (i < 6 || toHex(other.bytes) === toHex(MINE[i]?.bytes ?? other.bytes)) continue;
      await assert.rejects(open(MINE.with(i, other)), {
        name: "VaultError",
        fault: /^(WRONG_SECRET|TAMPERED)$/,
      }, `${vault.name}'s ${other.name}`);
      refused++;
    }
  }
  assert.ok(refused >= 12, `${refused}`);
});

function join(parts: Part[]): Uint8Array {
  return concat(...parts.map((part) => part.bytes));
}
