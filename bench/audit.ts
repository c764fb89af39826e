/** The audit log: what a line costs, next to the bare write it cannot do without. `deno run -A bench/audit.ts`. */
import * as fs from "node:fs";
import { join } from "node:path";
import { AuditLog } from "../lib/audit/log.ts";
import { lastUse, queryAudit } from "../lib/audit/query.ts";
import type { AuditEntry } from "../lib/audit/record.ts";
import { verifyAudit } from "../lib/audit/verify.ts";
import { type Figure, report } from "./report.ts";

/** Lines appended one by one, and lines in the log that is read. */
const APPENDS = 500;
const LINES = 100_000;

/** Figures for the log in a throw-away directory. */
export async function benchAudit(): Promise<Figure[]> {
  const place = Deno.makeTempDirSync();
  try {
    const key = crypto.getRandomValues(new Uint8Array(32));
    const dir = join(place, "audit");
    const log = await AuditLog.open(dir);
    log.cover(key);
    const keyed = median(APPENDS, (n) => log.append(line(n), key));
    const unkeyed = median(APPENDS, (n) => log.append(line(n), null));
    const bare = bareWrites(join(place, "bare"));
    for (let n = 0; n < LINES; n += 1000) log.append(Array.from({ length: 1000 }, (_, i) => line(n + i)), key);
    const verify = once(() => {
      const result = verifyAudit(dir, key);
      if (!result.ok) throw new Error(`Cannot bench audit log: ${result.reason}`);
    });
    const query = once(() => queryAudit(dir, { secret: "SECRET_7" }));
    const uses = once(() => lastUse(dir));
    const against = `${keyed.toFixed(3)} ms against ${bare.toFixed(3)} ms, medians of ${APPENDS}`;
    return [
      { what: "append, keyed, over write + fdatasync", value: keyed / bare, budget: null, unit: "×", how: against },
      { what: "append, keyed", value: keyed, budget: null, unit: "ms", how: "locked, chained, MACed, on disk" },
      { what: "append, unkeyed", value: unkeyed, budget: null, unit: "ms", how: "locked, chained, on disk" },
      { what: "verify with the key", value: verify, budget: null, unit: "ms", how: `${LINES} lines and more` },
      { what: "search for one secret", value: query, budget: 1000, unit: "ms", how: `${LINES} lines and more` },
      { what: "last use of every secret", value: uses, budget: 1000, unit: "ms", how: `${LINES} lines and more` },
    ];
  } finally {
    Deno.removeSync(place, { recursive: true });
  }
}

function line(n: number): AuditEntry {
  return {
    event: "use",
    decision: "allow",
    code: "ok",
    secret: `SECRET_${n % 100}`,
    kind: "token",
    injection: "env",
    agent: "claude-code",
    session: "0b4f3a52-5a0e-4a3e-9f0e-0d4d1f6f6a11",
    tool_call: "toolu_01ABCDEFGHIJKLMNOPQRSTUV",
    tool: "Bash",
    project: "/home/someone/work/project",
  };
}

function bareWrites(path: string): number {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line(1)).padEnd(600)}\n`);
  const fd = fs.openSync(path, "a", 0o600);
  const time = median(APPENDS, () => {
    fs.writeSync(fd, bytes);
    fs.fdatasyncSync(fd);
  });
  fs.closeSync(fd);
  return time;
}

function median(runs: number, action: (n: number) => void): number {
  const times = Array.from({ length: runs }, (_, n) => once(() => action(n)));
  return times.toSorted((a, b) => a - b)[runs >> 1] ?? NaN;
}

function once(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

if (import.meta.main) report("Audit log", await benchAudit());
