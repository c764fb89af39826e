/** Audit logs for tests: a keyed log of some lines, and its text taken apart and put back. */
import { AuditLog } from "../../lib/audit/log.ts";
import { logFile } from "../../lib/audit/files.ts";
import type { AuditEntry } from "../../lib/audit/record.ts";

/** A key as K_audit is one: 32 bytes, made up. */
export const AUDIT_KEY = new Uint8Array(32).map((_, i) => i * 7 + 1);

/** An allowed use of secret `S<n>`. */
export function useOf(n: number): AuditEntry {
  return {
    time: 1_700_000_000_000 + n,
    event: "use",
    decision: "allow",
    code: "ok",
    secret: `S${n}`,
    injection: "env",
    agent: "claude-code",
    session: `session-${n % 3}`,
    tool: "Bash",
    project: "/home/u/project",
    duration_ms: n,
  };
}

/** A log in `dir` that was begun, got `unkeyed` lines, was covered, and got `keyed` lines. */
export async function smallLog(dir: string, unkeyed: number, keyed: number): Promise<AuditLog> {
  const log = await AuditLog.open(dir);
  log.cover(AUDIT_KEY);
  for (let n = 0; n < unkeyed; n++) log.append(useOf(n), null);
  log.cover(AUDIT_KEY);
  for (let n = 0; n < keyed; n++) log.append(useOf(unkeyed + n), AUDIT_KEY);
  return log;
}

/** The lines of the log's first file, without newlines. */
export function readLines(dir: string): string[] {
  return Deno.readTextFileSync(logFile(dir, 1)).split("\n").slice(0, -1);
}

/** Replaces the first file's contents and nothing else about it. */
export function rewriteLines(dir: string, lines: string[]): void {
  Deno.writeTextFileSync(logFile(dir, 1), lines.map((line) => `${line}\n`).join(""));
}
