/** What is known: state, names, sessions, the log's soundness. Nothing here needs the key. */
import { lastUse } from "../audit/query.ts";
import { verifyAudit } from "../audit/verify.ts";
import { hardening } from "../harden.ts";
import type { Caller, Reply, SecretView, StatusReply } from "../protocol/messages.ts";
import { earlierAuditKeys } from "./cover_log.ts";
import { type Answer, labels, type Service } from "./service.ts";

/** `status`, the same on both sockets. */
export function status(service: Service): Answer {
  const { keyring } = service;
  const { idle, absolute } = keyring.deadlines;
  const message: StatusReply = {
    ok: true,
    state: keyring.state,
    version: service.version,
    pid: Deno.pid,
    presence: keyring.presence,
    secrets: keyring.names.size,
    scrubbing: keyring.tables !== null,
    idle_deadline: idle,
    absolute_deadline: absolute,
    sessions: service.sessions.size,
    notes: [...service.notes, ...keyring.notes],
    level: "T0",
    hardening: hardening(),
  };
  return { message };
}

/** `list`: metadata of all secrets, by name. */
export function list(service: Service): Answer {
  const now = service.floor.now();
  const used = lastUses(service);
  const secrets: SecretView[] = [...service.keyring.names.values()]
    .toSorted((a, b) => a.name < b.name ? -1 : 1)
    .map((record) => ({
      ...record,
      expired: record.grant.expires !== null && now >= record.grant.expires,
      last_used: used.get(record.name) ?? null,
    }));
  return { message: { ok: true, secrets } };
}

/** `session`: the registry, and what a session's start wants to know. */
export async function session(service: Service, event: "start" | "seen" | "end", caller: Caller): Promise<Answer> {
  const { keyring, sessions, tickets, journal } = service;
  const fresh = sessions.see(caller);
  if (event === "start" || (event === "seen" && fresh)) {
    await journal.note({ event: "session_start", decision: "info", code: "ok", ...labels(caller) });
  }
  if (event === "end" && caller.session !== null) {
    sessions.end(caller.session);
    tickets.dropSession(caller.session);
    await journal.note({ event: "session_end", decision: "info", code: "ok", ...labels(caller) });
  }
  const names = [...keyring.names.keys()].toSorted();
  return { message: { ok: true, state: keyring.state, names, scrubbing: keyring.tables !== null } };
}

/** `audit_verify`: with the key if there is one. */
export function auditVerify(service: Service): Answer {
  const { homes, keyring } = service;
  const result = verifyAudit(homes.audit, keyring.keys?.audit ?? null, earlierAuditKeys(keyring));
  const message: Reply = result.ok
    ? { ok: true, verified: true, lines: result.lines, keyed: result.keyed, bad_line: null, reason: "" }
    : {
      ok: true,
      verified: false,
      lines: 0,
      keyed: false,
      bad_line: result.line,
      reason: `${result.file}: ${result.reason}`,
    };
  return { message };
}

function lastUses(service: Service): Map<string, number> {
  try {
    return lastUse(service.homes.audit);
  } catch {
    // A log that cannot be read is reported by `audit verify`; a list is still of use without its times.
    return new Map();
  }
}
