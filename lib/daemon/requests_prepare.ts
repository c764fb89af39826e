/**
 * `prepare`: before a tool call. Every leaf is searched for values and tokens; a command with live placeholders gets a
 * ticket if each name may be used so. docs/protocol.md, "prepare".
 */
import { resolve } from "node:path";
import { toHex, utf8 } from "../bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { decideUse } from "../grant/decide.ts";
import type { SecretMetadata } from "../grant/grant.ts";
import { didYouMean, variableOf } from "../names.ts";
import type { Caller, Reply } from "../protocol/messages.ts";
import type { RefusalCode } from "../protocol/refusals.ts";
import { knownTokens } from "../scrub/shapes.ts";
import { leadingCd } from "../shell/parts.ts";
import { findPlaceholders } from "../shell/placeholders.ts";
import { rewriteCommand } from "../shell/rewrite.ts";
import { hasMarker, leavesOf, textOf, valuesIn } from "./leaves.ts";
import { about, type Answer, humanCommand, labels, RefusedRequest, requireKey, type Service } from "./service.ts";

/** Answers `prepare`. @throws {RefusedRequest} */
export async function prepare(
  service: Service,
  caller: Caller,
  lengths: readonly number[],
  command: number | null,
  attachment: Uint8Array,
): Promise<Answer> {
  service.sessions.see(caller);
  const leaves = leavesOf(attachment, lengths);
  const texts = leaves.map(textOf);
  await refuseValues(service, caller, leaves);
  await refuseTokens(service, caller, texts);
  const reply = { ticket: null as string | null, names: [] as string[], passed_marker: texts.some(hasMarker) };
  if (command === null) {
    reply.names = knownNames(service, texts);
  } else {
    const wanted = await wantedBy(service, caller, texts[command] ?? "");
    if (wanted !== null) {
      reply.ticket = await mint(service, caller, wanted);
      reply.names = wanted.names;
    }
  }
  return { message: { ok: true, ...reply } satisfies Reply };
}

async function refuseValues(service: Service, caller: Caller, leaves: Uint8Array[]): Promise<void> {
  const { tables } = service.keyring;
  if (tables === null) return;
  const names = [...new Set(leaves.flatMap((leaf) => valuesIn(tables, leaf)))].toSorted();
  if (names.length === 0) return;
  for (const name of names) {
    await deny(service, caller, "literal_value", name);
  }
  const [subject, instead] = [names.map((n) => `"${n}"`).join(", "), names.map((n) => `{{${n}}}`).join(", ")];
  throw new RefusedRequest(
    "literal_value",
    `Cannot run this call: it holds the value of ${subject}; write ${instead} in place of it and do not repeat the value`,
  );
}

async function refuseTokens(service: Service, caller: Caller, texts: string[]): Promise<void> {
  // Without a vault there is no placeholder to offer instead, and such calls pass untouched.
  if (service.keyring.state === "never_unlocked") return;
  const kinds = new Set(texts.flatMap((text) => knownTokens(text).map((token) => token.kind)));
  const [kind] = kinds;
  if (kind === undefined) return;
  await deny(service, caller, "known_token", null);
  throw new RefusedRequest(
    "known_token",
    `Cannot run this call: it holds what looks like a credential (${kind}); ask the human to store it, then write {{NAME}}`,
    humanCommand(service.homes, "add NAME"),
  );
}

interface Wanted {
  /** The text that the wrapper will run. */
  body: string;
  cwd: string;
  names: string[];
}

/** What a command needs, or null if it has no live placeholder. @throws {RefusedRequest} if it cannot have it. */
async function wantedBy(service: Service, caller: Caller, command: string): Promise<Wanted | null> {
  if (!command.includes("{{")) return null;
  const { names, state } = service.keyring;
  const near = (name: string) => names.has(name) ? null : didYouMean(name, names.keys());
  const ours = (name: string) => state === "never_unlocked" || names.has(name) || near(name) !== null;
  const cd = leadingCd(command);
  const body = cd?.rest ?? command;
  const inPrefix = findPlaceholders(cd?.prefix ?? "").find(({ name }) => ours(name));
  const rewrite = inPrefix === undefined ? rewriteCommand(body, ours, variableOf) : null;
  const found = rewrite === null ? [inPrefix?.name ?? ""] : rewrite.ok ? rewrite.names : [rewrite.name];
  if (found.length === 0) return null;
  if (state !== "never_unlocked") await refuseUnknown(service, caller, found.filter((name) => !names.has(name)), near);
  await orDeny(service, caller, found, () => requireKey(service, found));
  if (rewrite === null || !rewrite.ok) {
    await deny(service, caller, "unprovable_context", found[0] ?? null);
    throw new RefusedRequest(
      "unprovable_context",
      rewrite?.message ?? `Cannot use "${found[0]}": it stands in the directory of a cd; put it into an argument`,
    );
  }
  return { body, cwd: directoryOf(caller, cd?.dir ?? null), names: found };
}

async function refuseUnknown(
  service: Service,
  caller: Caller,
  unknown: string[],
  near: (name: string) => string | null,
): Promise<void> {
  const [name] = unknown;
  if (name === undefined) return;
  await deny(service, caller, "unknown_name", null);
  throw new RefusedRequest(
    "unknown_name",
    `Cannot use "${name}": the vault has no such name; did you mean {{${near(name)}}}?`,
    humanCommand(service.homes, `add ${name}`),
  );
}

/** Where the wrapped command will stand, as the runner's getcwd tells it. */
function directoryOf(caller: Caller, cd: string | null): string {
  if (caller.cwd === null || !caller.cwd.startsWith("/")) {
    throw new RefusedRequest("bad_request", "Cannot prepare the command: the caller names no working directory");
  }
  // As the shell does it: dots by the text of the path, links by the system.
  const path = resolve(caller.cwd, cd ?? ".");
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

async function mint(service: Service, caller: Caller, wanted: Wanted): Promise<string> {
  const records = wanted.names.map((name) => service.keyring.names.get(name)).filter((r) => r !== undefined);
  await checkGrants(service, caller, records.map((record) => ({ record, mode: "env" })));
  await service.journal.require(records.map((record) => ({
    event: "ticket",
    decision: "allow",
    code: "ok",
    ...about(record),
    ...labels(caller),
  })));
  service.keyring.touch();
  return service.tickets.mint({
    commandSha256: toHex(sha256(utf8(wanted.body))),
    cwd: wanted.cwd,
    caller,
    names: wanted.names,
  });
}

/**
 * Asks each grant.
 * @throws {RefusedRequest} with the first refusal, which is then in the log.
 */
export async function checkGrants(
  service: Service,
  caller: Caller,
  wants: { record: SecretMetadata; mode: "env" | "file" }[],
): Promise<void> {
  const now = service.floor.now();
  for (const { record, mode } of wants) {
    const decision = decideUse(record, { mode, agent: caller.agent, project: caller.project, now });
    if (decision.ok) continue;
    await deny(service, caller, decision.code, record.name);
    throw new RefusedRequest(decision.code, decision.message, withHome(service, decision.hint));
  }
}

/** A refusal's line in the log; the refusal stands whether or not the line could be written. */
export async function deny(service: Service, caller: Caller, code: RefusalCode, name: string | null): Promise<void> {
  const record = name === null ? undefined : service.keyring.names.get(name);
  const subject = record === undefined ? {} : about(record);
  await service.journal.note({ event: "deny", decision: "deny", code, ...subject, ...labels(caller) });
}

/** Runs `check`, and puts its refusal into the log. */
export async function orDeny(service: Service, caller: Caller, names: string[], check: () => void): Promise<void> {
  try {
    check();
  } catch (error) {
    if (error instanceof RefusedRequest) await deny(service, caller, error.code, names[0] ?? null);
    throw error;
  }
}

function withHome(service: Service, hint: string): string {
  return hint.startsWith("tacit ") ? humanCommand(service.homes, hint.slice("tacit ".length)) : hint;
}

function knownNames(service: Service, texts: string[]): string[] {
  const { names, state } = service.keyring;
  const found = texts.flatMap((text) => text.includes("{{") ? findPlaceholders(text) : []).map(({ name }) => name);
  return [...new Set(found)].filter((name) => names.has(name) || state === "never_unlocked");
}
