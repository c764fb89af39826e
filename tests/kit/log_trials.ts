/** Trials of the small files: the record of time, which stands for all that are replaced whole, and the audit log. */
import { homesOf } from "../../lib/paths.ts";
import { AuditLog, AuditWriteError } from "../../lib/audit/log.ts";
import { queryAudit } from "../../lib/audit/query.ts";
import { verifyAudit } from "../../lib/audit/verify.ts";
import { readSeen, seenIsSound, writeSeen } from "../../lib/vault/clock.ts";
import { VaultError } from "../../lib/vault/fault.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { AUDIT_KEY, useOf } from "./audit_log.ts";
import { leftBehind } from "./saved_home.ts";
import { type Contents, type Step, textOf, type Trial } from "./trial.ts";

/** A log with a few lines, the last one keyed. */
export async function seedAudit(home: string): Promise<void> {
  const log = await AuditLog.open(homesOf(home).audit);
  log.cover(AUDIT_KEY);
  log.append(useOf(1), AUDIT_KEY);
}

/** Lines of the audit log; with `begins`, from no log at all. */
export function auditTrial(home: string, begins: boolean): Trial {
  const dir = homesOf(home).audit;
  let log: AuditLog | null = null;
  const append = (name: string, lines: number[], key: Uint8Array | null): Step => ({
    name,
    run: async () => {
      log ??= await AuditLog.open(dir);
      log.append(lines.map(useOf), key);
    },
    effect: (c) => ({ ...c, ...Object.fromEntries(lines.map((n) => [`S${n}`, "1"])) }),
  });
  const stored = () => {
    const counts: Record<string, string> = {};
    for (const { secret } of queryAudit(dir, {})) {
      if (secret !== undefined) counts[secret] = String(Number(counts[secret] ?? 0) + 1);
    }
    return counts;
  };
  return {
    before: begins ? {} : { S1: "1" },
    begin: async () => {
      if (!begins) log = await AuditLog.open(dir);
    },
    steps: [
      ...(begins ? [] : [append("a line without a key", [2], null)]),
      {
        name: "unlock",
        run: async () => {
          log ??= await AuditLog.open(dir);
          log.cover(AUDIT_KEY);
        },
        effect: (c) => c,
      },
      append("one line", [3], AUDIT_KEY),
      append("one more", [4], AUDIT_KEY),
    ],
    last: append("last line", [6], AUDIT_KEY),
    look: () => Promise.resolve({ contents: stored(), rank: queryAudit(dir, {}).length }),
    faultOf: (error) => error instanceof AuditWriteError ? "AuditWriteError" : null,
    finish: async (possible) => {
      const breaches: string[] = [];
      const text = textOf(stored());
      if (!possible.map(textOf).includes(text)) breaches.push(`afterwards there is ${text}`);
      try {
        const covered = (await AuditLog.open(dir)).cover(AUDIT_KEY);
        if (!covered.ok) breaches.push(`unlocking finds: ${covered.reason}`);
        const verified = verifyAudit(dir, AUDIT_KEY);
        if (!verified.ok) breaches.push(`verifying finds: ${verified.reason}`);
      } catch (error) {
        breaches.push(`afterwards: ${error}`);
      }
      return breaches;
    },
  };
}

/** A key tree of nobody's. */
const KEYS = () => KeyTree.fromPrk(new Uint8Array(32).fill(3), new Uint8Array(16).fill(4));

/** The record of time: a file of the state directory that is replaced as a whole. */
export function clockTrial(home: string): Trial {
  const homes = homesOf(home);
  const write = (time: number): Step => ({
    name: `record ${time}`,
    run: () => void writeSeen(homes, KEYS(), time),
    effect: (): Contents => ({ seen: String(time) }),
  });
  const look = () => {
    const seen = readSeen(homes, KEYS());
    if (!seenIsSound(homes, KEYS())) throw new Error("Cannot read the record of time: it is torn");
    return seen === null ? null : { contents: { seen: String(seen) }, rank: seen };
  };
  return {
    before: {},
    begin: () => {},
    steps: [write(1000), write(2000)],
    last: write(3000),
    look: () => Promise.resolve(look()),
    // The daemon treats every failure alike: the time is recorded again a minute later.
    faultOf: (error) => {
      if (error instanceof VaultError) return error.fault;
      return error instanceof Error && "code" in error ? String(error.code) : null;
    },
    finish: (possible, excuse) => {
      const text = textOf(look()?.contents ?? {});
      const breaches = possible.map(textOf).includes(text) ? [] : [`afterwards there is ${text}`];
      return Promise.resolve([...breaches, ...leftBehind(homes.state, excuse)]);
    },
  };
}
