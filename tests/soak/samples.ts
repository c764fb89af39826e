/** What a soak sees of a daemon from outside, and the bounds it must keep. */
import { lstatSync, readdirSync } from "node:fs";
import type { Homes } from "../../lib/paths.ts";

/** One look. Sizes in KiB. */
export interface Sample {
  memory: number;
  /** -1 where only root may count them. */
  descriptors: number;
  vault: number;
  backups: number;
  temporary: number;
  oneShot: number;
}

export interface Verdict {
  what: string;
  ok: boolean;
  seen: string;
}

/** Resident memory may rise by this much between the second and the last fifth: garbage comes in waves. */
const MOST_GROWTH = 1.2;
/** A connection or two may be open at any look. */
const SPARE_DESCRIPTORS = 8;
/** Deltas, and a checkpoint of a few hundred small secrets. */
const MOST_VAULT_KIB = 1_024;
/** The last five and one a day. */
const MOST_BACKUPS = 12;

export function look(homes: Homes, pid: number): Sample {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return {
    memory: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN),
    descriptors: namesIn(`/proc/${pid}/fd`)?.length ?? -1,
    vault: lstatSync(homes.vault).size / 1024,
    backups: namesIn(homes.backups)?.length ?? 0,
    temporary: [homes.data, homes.state, homes.backups].flatMap((dir) => namesIn(dir) ?? [])
      .filter((name) => name.includes(".tmp.")).length,
    oneShot: namesIn(homes.oneShot)?.length ?? 0,
  };
}

export function judge(samples: Sample[]): Verdict[] {
  const fifth = (n: number) =>
    samples.slice(Math.floor(samples.length * n / 5), Math.ceil(samples.length * (n + 1) / 5));
  const median = (list: number[]) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? NaN;
  const most = (key: keyof Sample) => Math.max(...samples.map((sample) => sample[key]));
  const early = median(fifth(1).map((s) => s.memory)), late = median(fifth(4).map((s) => s.memory));
  const first = median(fifth(1).map((s) => s.descriptors)), last = median(fifth(4).map((s) => s.descriptors));
  const mib = (kib: number) => `${(kib / 1024).toFixed(0)} MiB`;
  return [
    { what: "there were enough looks", ok: samples.length >= 10, seen: `${samples.length}` },
    {
      what: "memory does not grow",
      ok: late <= early * MOST_GROWTH,
      seen: `${mib(early)} early, ${mib(late)} late, ${mib(most("memory"))} at most`,
    },
    {
      what: "descriptors do not grow",
      ok: last <= first + 1 && most("descriptors") <= first + SPARE_DESCRIPTORS,
      seen: `${first} early, ${last} late, ${most("descriptors")} at most`,
    },
    {
      what: "the vault's file is bounded",
      ok: most("vault") <= MOST_VAULT_KIB,
      seen: `${most("vault").toFixed(0)} KiB at most`,
    },
    { what: "backups are bounded", ok: most("backups") <= MOST_BACKUPS, seen: `${most("backups")} at most` },
    {
      what: "no temporary file is left",
      ok: (samples.at(-1)?.temporary ?? 1) === 0,
      seen: `${most("temporary")} at most`,
    },
    { what: "no one-shot file is left", ok: (samples.at(-1)?.oneShot ?? 1) === 0, seen: `${most("oneShot")} at most` },
  ];
}

function namesIn(directory: string): string[] | null {
  try {
    return readdirSync(directory);
  } catch {
    return null;
  }
}
