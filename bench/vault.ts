/** Opening and editing a large vault: `deno run -A bench/vault.ts [secrets]`. KDF and fsync are timed apart. */
import { calibrateKdf } from "../lib/vault/slots.ts";
import { type Edit, Vault } from "../lib/vault/vault.ts";
import { KeyTree } from "../lib/vault/key_tree.ts";
import { homesOf } from "../lib/paths.ts";
import { Secret } from "../lib/secret.ts";
import { temporaryName, writeNewFile } from "../lib/atomic_file.ts";

/** Cheapest accepted cost: the derivation itself is not what is measured here. */
const FLOOR = { memoryKib: 19_456, passes: 1, lanes: 1 };
const RUNS = 9;

/** Figures for `count` secrets, medians in milliseconds. */
export async function benchVault(count: number): Promise<Record<string, number>> {
  const directory = Deno.makeTempDirSync();
  try {
    const homes = homesOf(directory);
    const { vault, keys } = await Vault.create(homes, { passphrase: new TextEncoder().encode("bench"), kdf: FLOOR });
    const prk = keys.prk.slice();
    const fill = await timed(1, () => vault.change(Array.from({ length: count }, (_, i) => put(i))));
    const open = await timed(RUNS, () => Vault.open(homes, KeyTree.fromPrk(prk, vault.vaultId)));
    let i = 0;
    const edit = await timed(RUNS, () => vault.change([put(i++ % count)]));
    const read = await timed(RUNS, () => vault.read(`SECRET_${i++ % count}`).wipe());
    const size = Deno.statSync(homes.vault).size;
    const sync = await timed(RUNS, () => writeAndSync(homes.vault, new Uint8Array(size)));
    vault.close();
    return { secrets: count, "file KiB": size / 1024, fill, open, edit, "write+fsync alone": sync, read };
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

function writeAndSync(beside: string, bytes: Uint8Array): void {
  const path = temporaryName(beside);
  writeNewFile(path, bytes);
  Deno.removeSync(path);
}

async function timed(runs: number, work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? NaN;
}

if (import.meta.main) {
  const counts = Deno.args.length > 0 ? Deno.args.map(Number) : [10, 1000, 10_000];
  for (const count of counts) {
    const figures = Object.entries(await benchVault(count));
    console.log(figures.map(([what, n]) => `${what} ${n.toFixed(n < 10 ? 2 : 0)}`).join(" · "));
  }
  console.log("calibrated", await calibrateKdf());
}
