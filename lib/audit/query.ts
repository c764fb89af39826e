/**
 * Questions to the log: which lines, and when each secret was last used. Reads the files as they stand, newest
 * first, and proves nothing; verify.ts does. Lines that are no records are passed over here and named there.
 */
import * as fs from "node:fs";
import { listFiles, logFile, openFile } from "./files.ts";
import { type AuditDecision, type AuditRecord, parseLine } from "./record.ts";
import { linesBackward } from "./tail.ts";

/** All conditions must hold; times are Unix milliseconds and inclusive. */
export interface AuditFilter {
  /** At most this many, the newest. */
  last?: number;
  /** Name of the secret, whole. */
  secret?: string;
  /** Agent id, whole. */
  agent?: string;
  /** Session id. */
  session?: string;
  /** Not before. */
  since?: number;
  /** Not after. */
  until?: number;
  /** Verdict. */
  decision?: AuditDecision;
  /** Code. */
  code?: string;
  /** Event. */
  event?: string;
}

const EQUAL = ["secret", "agent", "session", "decision", "code", "event"] as const;

/** The text of a use. No string in a line can hold it: quotes within one are escaped. */
const USE = /"decision":"allow",.*"secret":"([A-Z0-9_]+)",.*"injection":"/;

/**
 * The records that match, oldest first.
 * @throws {AuditFileError} if a file is not ours alone.
 */
export function queryAudit(dir: string, filter: AuditFilter): AuditRecord[] {
  const needles: string[] = [];
  for (const field of EQUAL) {
    const wanted = filter[field];
    if (wanted !== undefined) needles.push(`"${field}":${JSON.stringify(wanted)}`);
  }
  const found: AuditRecord[] = [];
  const limit = filter.last ?? Infinity;
  if (limit <= 0) return found;
  for (const record of recordsBackward(dir, (line) => needles.every((needle) => line.includes(needle)))) {
    if (!matchesFilter(record, filter)) continue;
    found.push(record);
    if (found.length >= limit) break;
  }
  return found.reverse();
}

/**
 * Name → Unix milliseconds of the last allowed use: the newest line with decision `allow` that names secret and
 * injection.
 */
export function lastUse(dir: string): Map<string, number> {
  const times = new Map<string, number>();
  const wanted = (line: string) => {
    const name = USE.exec(line)?.[1];
    return name !== undefined && !times.has(name);
  };
  for (const { secret, decision, injection, time } of recordsBackward(dir, wanted)) {
    if (secret !== undefined && decision === "allow" && injection !== undefined) times.set(secret, time);
  }
  return times;
}

/** True if some line was written under a key, or says that it was under the one that `keyId` names. */
export function hasKeyedLine(dir: string, keyId: string | null = null): boolean {
  const wanted = (line: string) => keyId === null || line.includes(`"key":"${keyId}"`);
  for (const { key } of recordsBackward(dir, wanted)) if (key !== null && (keyId ?? key) === key) return true;
  return false;
}

function matchesFilter(record: AuditRecord, filter: AuditFilter): boolean {
  return record.time >= (filter.since ?? -Infinity) && record.time <= (filter.until ?? Infinity) &&
    EQUAL.every((field) => filter[field] === undefined || record[field] === filter[field]);
}

/**
 * Records of the lines that are `wanted`, newest first; looking at the text is far cheaper than reading it. Hashes and
 * MACs are left to the caller.
 */
export function* recordsBackward(dir: string, wanted: (line: string) => boolean): Generator<AuditRecord> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (const n of listFiles(dir).reverse()) {
    const fd = openFile(logFile(dir, n), "read");
    try {
      for (const { bytes, open } of linesBackward(fd, fs.fstatSync(fd).size)) {
        if (open) continue;
        const line = decoder.decode(bytes);
        const record = wanted(line) ? parseLine(line) : null;
        if (record !== null) yield record;
      }
    } finally {
      fs.closeSync(fd);
    }
  }
}
