/** Uses of values: a redeemed ticket, `tacit run`, and how the command ended. No line in the log, no use. */
import type { SecretMetadata } from "../grant/grant.ts";
import { didYouMean } from "../names.ts";
import type { Caller } from "../protocol/messages.ts";
import { fill, type Want } from "./fill.ts";
import { checkGrants, deny, orDeny } from "./requests_prepare.ts";
import { about, type Answer, humanCommand, labels, RefusedRequest, requireKey, type Service } from "./service.ts";
import type { TicketFault } from "./tickets.ts";

const TICKET_STATE: Record<TicketFault, string> = {
  ticket_unknown: "it is unknown; tickets end with their session and with the daemon",
  ticket_used: "it was used before",
  ticket_expired: "it is older than 15 minutes",
  ticket_mismatch: "it was given for another command or directory",
};

/** `redeem`: the runner trades its ticket for values. @throws {RefusedRequest} */
export async function redeem(service: Service, ticket: string, commandSha256: string, cwd: string): Promise<Answer> {
  const taken = service.tickets.redeem(ticket, commandSha256, cwd);
  if (typeof taken === "string") {
    await service.journal.note({ event: "redeem", decision: "alarm", code: taken });
    throw new RefusedRequest(taken, `Cannot redeem "ticket": ${TICKET_STATE[taken]}; ask for the call again`);
  }
  return await use(service, taken.caller, taken.names.map((name) => ({ name, mode: "env" })));
}

/** `run`: a person's `tacit run`, under the same grants. @throws {RefusedRequest} */
export async function run(service: Service, caller: Caller, wants: readonly Want[]): Promise<Answer> {
  service.sessions.see(caller);
  return await use(service, caller, wants);
}

/** `finish`: how the command ended. @throws {RefusedRequest} if no such use has begun. */
export async function finish(service: Service, id: string, exitStatus: number, durationMs: number): Promise<Answer> {
  const ended = service.uses.end(id);
  if (ended === undefined) throw new RefusedRequest("bad_request", 'Cannot finish "use": it is unknown or has ended');
  const outcome = { exit_status: exitStatus, duration_ms: durationMs };
  for (const { name } of ended.values) {
    await service.journal.note({
      event: "finish",
      decision: "info",
      code: "ok",
      secret: name,
      ...labels(ended.caller),
      ...outcome,
    });
  }
  return { message: { ok: true } };
}

async function use(service: Service, caller: Caller, wants: readonly Want[]): Promise<Answer> {
  const { keyring } = service;
  await orDeny(service, caller, wants.map(({ name }) => name), () => requireKey(service, wants.map((w) => w.name)));
  const granted: { record: SecretMetadata; mode: "env" | "file" }[] = [];
  for (const { name, mode } of wants) {
    const record = keyring.names.get(name);
    if (record === undefined) await refuseUnknown(service, caller, name);
    else granted.push({ record, mode });
  }
  await checkGrants(service, caller, granted);
  await service.journal.require(granted.map(({ record, mode }) => ({
    event: "use",
    decision: "allow",
    code: "ok",
    injection: mode,
    ...about(record),
    ...labels(caller),
  })));
  keyring.touch();
  return fill(service, service.uses.begin({ caller, values: wants }), wants);
}

async function refuseUnknown(service: Service, caller: Caller, name: string): Promise<never> {
  await deny(service, caller, "unknown_name", null);
  const near = didYouMean(name, service.keyring.names.keys());
  const question = near === null ? "" : `; did you mean "${near}"?`;
  throw new RefusedRequest(
    "unknown_name",
    `Cannot use "${name}": the vault has no such name${question}`,
    humanCommand(service.homes, near === null ? `add ${name}` : "list"),
  );
}
