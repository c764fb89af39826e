/**
 * A vault of 10 to 10,000 secrets: opening, listing, saving one edit either way. The key derivation is `bench/unlock`.
 * A sync costs what the disk takes, so the same bytes written and synced without tacit are timed beside each edit.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { replaceFile, syncDirectory, temporaryName, writeNewFile } from "../lib/atomic_file.ts";
import { homesOf } from "../lib/paths.ts";
import { Secret } from "../lib/secret.ts";
import { KeyTree } from "../lib/vault/key_tree.ts";
import { type Edit, Vault } from "../lib/vault/vault.ts";
import { type Figure, report } from "./report.ts";
import { spread } from "./whole_process.ts";

/** Cheapest accepted cost: the derivation itself is not what is measured here. */
const FLOOR = { memoryKib: 19_456, passes: 1, lanes: 1 };
const COUNTS = [10, 100, 1_000, 10_000];
const ROUNDS = 41;
/** An added frame of one small secret, and the anchor. */
const FRAME_BYTES = 904;
const ANCHOR_BYTES = 108;

interface Times {
  open: number;
  list: number;
  add: number;
  addFloor: number;
  anew: number;
  anewFloor: number;
  kib: number;
}

/** Medians in milliseconds for a vault of `count` secrets. */
async function timesOf(count: number): Promise<Times> {
  const directory = Deno.makeTempDirSync();
  try {
    const homes = homesOf(directory);
    const { vault, keys } = await Vault.create(homes, { passphrase: new TextEncoder().encode("bench"), kdf: FLOOR });
    const prk = keys.prk.slice();
    await vault.change(Array.from({ length: count }, (_, i) => put(i)));
    const size = Deno.statSync(homes.vault).size;
    const fresh = () => Vault.open(homes, KeyTree.fromPrk(prk, vault.vaultId));
    const open = await inTurn([fresh]);
    const list = await inTurn([() => vault.list()]);
    let next = count;
    const probe = `${homes.vault}.probe`;
    const [add, addFloor] = await inTurn([
      () => vault.change([put(next++)]),
      () => (addAndSync(probe), replaceFile(`${homes.anchor}.probe`, new Uint8Array(ANCHOR_BYTES))),
    ]);
    const [anew, anewFloor] = await inTurn([
      () => vault.change([put(next++ % count)]),
      () => (writeAnew(homes.vault, size), replaceFile(`${homes.anchor}.probe`, new Uint8Array(ANCHOR_BYTES))),
    ]);
    vault.close();
    const at = (n: number | undefined) => n ?? NaN;
    return {
      open: at(open[0]),
      list: at(list[0]),
      add: at(add),
      addFloor: at(addFloor),
      anew: at(anew),
      anewFloor: at(anewFloor),
      kib: size / 1024,
    };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function put(i: number): Edit {
  const name = `SECRET_${i}`;
  const grant = {
    destinations: [{ host: "api.example.com", suffix: false, port: null, methods: [], paths: [] }],
    positions: [],
    modes: ["env" as const],
    agents: [],
    projects: [],
    confirm: "never" as const,
    expires: null,
  };
  const record = { name, kind: "token", tags: ["bench"], description: "", provider: null, grant, weak: false };
  return { op: "put", record, value: new Secret(name, new TextEncoder().encode(`value-${i}-0123456789abcdef`)) };
}

/** What adding a frame asks of the disk. */
function addAndSync(path: string): void {
  const fd = openSync(path, "a+", 0o600);
  writeSync(fd, new Uint8Array(FRAME_BYTES));
  fdatasyncSync(fd);
  ftruncateSync(fd, 0);
  closeSync(fd);
}

/** What a whole new file asks of the disk: itself, a backup's name, its own name. */
function writeAnew(beside: string, size: number): void {
  const path = temporaryName(beside);
  writeNewFile(path, new Uint8Array(size));
  syncDirectory(dirname(beside));
  Deno.removeSync(path);
  syncDirectory(dirname(beside));
}

/** Medians of several pieces of work that take turns, after two rounds that do not count. */
async function inTurn(work: (() => unknown)[]): Promise<number[]> {
  const times = work.map(() => [] as number[]);
  for (let round = -2; round < ROUNDS; round++) {
    for (const [i, one] of work.entries()) {
      const start = performance.now();
      await one();
      if (round >= 0) times[i]?.push(performance.now() - start);
    }
  }
  return times.map((list) => spread(list).median);
}

const all = new Map<number, Times>();
for (const count of COUNTS) all.set(count, await timesOf(count));
const figures: Figure[] = [];
for (const [count, t] of all) {
  const ms = (what: string, value: number, budget: number | null, how = ""): void =>
    void figures.push({ what: `${count} secrets: ${what}`, value, budget, unit: "ms", how });
  const large = count === 10_000;
  ms("open", t.open, large ? 200 : null, `${t.kib.toFixed(0)} KiB, every frame proven, no value opened`);
  ms("list", t.list, large ? 50 : null);
  ms("add one", t.add, null, `the disk alone: ${t.addFloor.toFixed(2)} ms`);
  ms("replace one", t.anew, large ? 100 + t.anewFloor : null, `the disk alone: ${t.anewFloor.toFixed(2)} ms`);
}
const [least, most] = [all.get(10), all.get(10_000)];
if (least !== undefined && most !== undefined) {
  figures.push({
    what: "adding one to 10,000 / to 10 secrets",
    value: most.add / least.add,
    budget: 1.5,
    unit: "×",
    how: `${most.add.toFixed(2)} ms to ${least.add.toFixed(2)} ms, of which the disk ${most.addFloor.toFixed(2)} and ${
      least.addFloor.toFixed(2)
    }`,
  });
}
report("Vault", figures);
