/** The lines that the log writes about itself: checkpoints, repairs and alarms. docs/audit.md, "Lines about the log". */
import { OWN_EVENT } from "./entry.ts";
import type { UnsealedRecord } from "./record.ts";
import type { Tail } from "./tail.ts";

/** What a line says before it gets its number, its key and its place in the chain. */
export type Draft = Omit<UnsealedRecord, "v" | "seq" | "key" | "prev">;

/** Alarms of the log about itself, as phrases. A line with one of these codes makes `verifyAudit` fail for good. */
export const LOG_ALARMS = {
  chain_broken: "lines that do not follow from the ones before were found here",
  log_cut: "lines that had been written before were missing here",
  head_missing: "the head file was missing although keyed lines existed",
  head_forged: "the head file was damaged or forged",
  head_of_other_key: "the head file was written under another key",
} as const;

export type LogAlarm = keyof typeof LOG_ALARMS;

/** The alarm's phrase, or null if `code` is not an alarm. */
export function alarmPhrase(code: string): string | null {
  return Object.hasOwn(LOG_ALARMS, code) ? LOG_ALARMS[code as LogAlarm] : null;
}

/** Vouches for lines `from` to `to`, the last of which has the hash `ref`; in an empty log it marks the beginning. */
export function checkpoint(from: number, to: number, ref: string): Draft {
  return {
    time: Date.now(),
    event: OWN_EVENT,
    decision: "info",
    code: to === 0 ? "begins" : "checkpoint",
    from,
    to,
    ref,
  };
}

/** The same as the first line under a new key: it takes over what was written under an earlier one. */
export function keyChange(from: number, to: number, ref: string): Draft {
  return { ...checkpoint(from, to, ref), code: "key_change" };
}

/** Records that something is wrong with lines `from` to `to`. */
export function alarm(code: LogAlarm, from: number, to: number): Draft {
  return { time: Date.now(), event: OWN_EVENT, decision: "alarm", code, from, to };
}

/** The line that the tail's damage calls for; `seen` is the highest line number known to have existed. */
export function damageLine(tail: Tail, seen: number): Draft | null {
  if (tail.damage === null) return null;
  const { code, ref } = tail.damage;
  if (code === "log_cut") return alarm(code, tail.seq + 1, Math.max(seen, tail.seq));
  const draft = {
    time: Date.now(),
    event: OWN_EVENT,
    decision: code === "torn_tail" ? "info" : "alarm",
    code,
  } as const;
  return ref === undefined ? draft : { ...draft, ref };
}
