/** `tacit audit` and `tacit audit verify`: who used which secret for what, and whether the log is whole. docs/audit.md. */
import { describe } from "../lib/audit/describe.ts";
import { type AuditFilter, queryAudit } from "../lib/audit/query.ts";
import { verifyAudit } from "../lib/audit/verify.ts";
import { ask, RefusedError, UnreachableError } from "../lib/client/client.ts";
import { parseDuration } from "../lib/duration.ts";
import type { Homes } from "../lib/paths.ts";
import { CommandError, EXIT } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { answer, answerEither, answerJson, count, note } from "./terminal.ts";

export interface AuditOptions {
  last?: number;
  secret?: string;
  agent?: string;
  session?: string;
  since?: string;
}

// Reading a long log takes the daemon a while: about 100 MB a second.
const VERIFY_WAIT_MS = 30_000;
// Without a filter the log may have a million lines.
const DEFAULT_LAST = 50;

export function runAudit(invocation: Invocation, options: AuditOptions): Promise<number> {
  const filter: AuditFilter = {
    last: options.last ?? DEFAULT_LAST,
    ...(options.secret !== undefined && { secret: options.secret }),
    ...(options.agent !== undefined && { agent: options.agent }),
    ...(options.session !== undefined && { session: options.session }),
    ...(options.since !== undefined && { since: readSince(options.since) }),
  };
  const records = readLog(() => queryAudit(invocation.homes.audit, filter));
  if (invocation.json) answerJson({ records });
  else {
    for (const record of records) answer(describe(record));
    if (records.length === 0) note("No line matches.");
    else if (options.last === undefined && records.length === DEFAULT_LAST) {
      note(`The last ${DEFAULT_LAST}; more with --last N.`);
    }
  }
  return Promise.resolve(EXIT.ok.code);
}

/** One verdict on the log. `keyed` says whether the MACs could be checked too. */
export interface Verdict {
  verified: boolean;
  lines: number;
  keyed: boolean;
  bad_line: number | null;
  reason: string;
}

export async function runAuditVerify(invocation: Invocation): Promise<number> {
  const verdict = await verifyLog(invocation.homes);
  answerEither({ ...verdict }, () => [
    verdict.verified
      ? `The audit log is whole: ${count(verdict.lines, "line")}${verdict.keyed ? ", every seal holds" : ""}.`
      : `The audit log is not whole: line ${verdict.bad_line}: ${verdict.reason}`,
  ]);
  if (!verdict.keyed && verdict.verified) {
    note(
      "Checked without the key: whoever can write the files could also have rewritten all of them. With it: tacit unlock",
    );
  }
  return verdict.verified ? EXIT.ok.code : EXIT.audit.code;
}

/** Asks the daemon, which may have the key; without one, checks the chain in this process. */
export async function verifyLog(homes: Homes): Promise<Verdict> {
  try {
    const { message } = await ask(homes, { verb: "audit_verify" }, undefined, { timeoutMs: VERIFY_WAIT_MS });
    const { verified, lines, keyed, bad_line, reason } = message as unknown as Verdict;
    return { verified, lines, keyed, bad_line, reason };
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof RefusedError)) throw error;
  }
  const result = readLog(() => verifyAudit(homes.audit, null));
  if (result.ok) return { verified: true, lines: result.lines, keyed: result.keyed, bad_line: null, reason: "" };
  return { verified: false, lines: 0, keyed: false, bad_line: result.line, reason: `${result.file}: ${result.reason}` };
}

function readLog<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new CommandError("audit", error.message, "tacit doctor");
  }
}

function readSince(text: string): number {
  const moment = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(moment)) return moment;
  try {
    return Date.now() - parseDuration(text);
  } catch {
    throw new CommandError(
      "usage",
      "Cannot use --since: the word is neither a duration nor a date",
      "such as --since 24h or --since 2030-01-31",
    );
  }
}
