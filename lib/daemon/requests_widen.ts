/** What widens: new secrets, other grants, fewer secrets, a vault written elsewhere. Presence was proven before. */
import { type Grant, type SecretMetadata } from "../grant/grant.ts";
import { validateGrant } from "../grant/validate.ts";
import type { NewSecret, WideningRequest } from "../protocol/messages.ts";
import type { RefusalCode } from "../protocol/refusals.ts";
import { scoreValue } from "../scrub/strength.ts";
import { Secret } from "../secret.ts";
import { type Edit, type NewRecord, VaultError, type VaultFault } from "../vault/vault.ts";
import { RefusedRequest, type Service } from "./service.ts";

/** Bytes of one value, as docs/format.md limits it. */
export const MAX_VALUE_BYTES = 1024 * 1024;
/** Characters of a kind or tag. */
const MAX_WORD_LENGTH = 32;
/** Tags of one secret. */
const MAX_TAGS = 16;
/** Characters of a description. */
const MAX_DESCRIPTION_LENGTH = 1_024;

interface Changed {
  ok: true;
  names: string[];
  notes: string[];
}

/**
 * Does `request` when those before it are done; `attachment` holds the values of `add`.
 * @throws {RefusedRequest} if nothing was changed.
 */
export function widen(service: Service, request: WideningRequest, attachment: Uint8Array): Promise<Changed> {
  const done = service.widening.last.then(() => change(service, request, attachment));
  service.widening.last = done.catch(() => {});
  return done;
}

async function change(service: Service, request: WideningRequest, attachment: Uint8Array): Promise<Changed> {
  try {
    switch (request.verb) {
      case "add":
        return await add(service, request.secrets, attachment);
      case "edit":
        return await edit(service, request.name, request.changes);
      case "remove":
        return await remove(service, request.names);
      case "reload":
        await allow(service, "reload", []);
        await service.keyring.reload();
        return { ok: true, names: [], notes: service.keyring.notes };
    }
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    throw new RefusedRequest(codeOf(error.fault), error.message, error.hint ?? "tacit doctor");
  } finally {
    attachment.fill(0);
  }
}

async function add(service: Service, secrets: readonly NewSecret[], attachment: Uint8Array): Promise<Changed> {
  const edits: Edit[] = [];
  const notes: string[] = [];
  const values: Secret[] = [];
  let at = 0;
  try {
    for (const secret of secrets) {
      const value = new Secret(secret.name, attachment.slice(at, at += secret.length));
      values.push(value);
      const modes = service.keyring.names.get(secret.name)?.grant.modes ?? secret.modes;
      const score = checkValue({ ...secret, modes }, attachment.subarray(at - secret.length, at));
      if (score.weak) notes.push(`${secret.name}: ${score.reason}`);
      edits.push({ op: "put", record: recordOf(service, secret, score.weak), value });
    }
    await allow(service, "add", secrets.map(({ name }) => name));
    notes.push(...await service.keyring.change(edits));
  } finally {
    for (const value of values) value.wipe();
  }
  service.keyring.touch();
  return { ok: true, names: secrets.map(({ name }) => name), notes };
}

function checkValue(secret: NewSecret, value: Uint8Array) {
  const refuse = (code: RefusalCode, state: string, hint = "") =>
    new RefusedRequest(code, `Cannot store "${secret.name}": ${state}`, hint);
  if (value.length === 0) throw refuse("bad_value", "the value is empty", `tacit add ${secret.name} < file`);
  if (value.length > MAX_VALUE_BYTES) throw refuse("bad_value", "the value is larger than 1 MiB");
  // An environment cannot hold it, and it would be cut off silently there.
  if (secret.modes.includes("env") && value.includes(0)) {
    throw refuse(
      "bad_value",
      "the value holds a zero byte, which no variable can",
      `tacit add ${secret.name} --inject file`,
    );
  }
  const score = scoreValue(value);
  if (score.weak && !secret.weak) throw refuse("weak_value", score.reason, "--weak stores it all the same");
  return score;
}

function recordOf(service: Service, secret: NewSecret, weak: boolean): NewRecord {
  const existing = service.keyring.names.get(secret.name);
  if (existing !== undefined && !secret.replace) {
    throw new RefusedRequest("name_taken", `Cannot store "${secret.name}": the name is taken`, "--replace");
  }
  // Replacing a value keeps what the secret may be used for.
  if (existing !== undefined) return { ...withoutTimes(existing), weak };
  const { name, kind, tags, description, provider } = secret;
  checkWords(name, { kind, tags, description });
  const { destinations, positions, modes, agents, projects, confirm, expires } = secret;
  const grant = grantOf(name, { destinations, positions, modes, agents, projects, confirm, expires });
  return { name, kind, tags, description, provider, grant, weak };
}

async function edit(
  service: Service,
  name: string,
  changes: (WideningRequest & { verb: "edit" })["changes"],
): Promise<Changed> {
  const record = existing(service, name);
  const { kind, tags, description, provider, ...rest } = changes;
  const known = Object.keys(record.grant);
  const foreign = Object.keys(rest).find((field) => !known.includes(field));
  if (foreign !== undefined) throw new RefusedRequest("bad_request", `Cannot edit "${name}": unknown field`);
  const changed: NewRecord = {
    ...withoutTimes(record),
    kind: kind ?? record.kind,
    tags: tags ?? record.tags,
    description: description ?? record.description,
    provider: provider === undefined ? record.provider : provider,
    grant: grantOf(name, { ...record.grant, ...rest }),
  };
  checkWords(name, changed);
  await allow(service, "edit", [name]);
  const notes = await service.keyring.change([{ op: "put", record: changed, value: null }]);
  service.keyring.touch();
  return { ok: true, names: [name], notes };
}

async function remove(service: Service, names: readonly string[]): Promise<Changed> {
  for (const name of names) existing(service, name);
  await allow(service, "remove", names);
  const notes = await service.keyring.change(names.map((name) => ({ op: "remove", name })));
  service.keyring.touch();
  return { ok: true, names: [...names], notes };
}

function existing(service: Service, name: string): SecretMetadata {
  const record = service.keyring.names.get(name);
  if (record !== undefined) return record;
  throw new RefusedRequest("unknown_name", `Cannot change "${name}": the vault has no such name`, "tacit list");
}

function withoutTimes(record: SecretMetadata): NewRecord {
  const { created: _created, updated: _updated, rev: _rev, ...rest } = structuredClone(record);
  return rest;
}

function grantOf(name: string, given: Record<keyof Grant, unknown>): Grant {
  try {
    return validateGrant(given);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new RefusedRequest("bad_grant", `Cannot store "${name}": ${error.message}`);
  }
}

function checkWords(name: string, given: { kind: unknown; tags: unknown; description: unknown }): void {
  const word = (text: unknown, most: number) => typeof text === "string" && text.length <= most && text.isWellFormed();
  const { kind, tags, description } = given;
  const sound = word(kind, MAX_WORD_LENGTH) && kind !== "" && word(description, MAX_DESCRIPTION_LENGTH) &&
    Array.isArray(tags) && tags.length <= MAX_TAGS && tags.every((tag) => word(tag, MAX_WORD_LENGTH) && tag !== "");
  if (!sound) {
    throw new RefusedRequest("bad_request", `Cannot store "${name}": kind, tags or description are too long or empty`);
  }
}

/** The line that says a person changed something stands before the change. */
async function allow(service: Service, event: string, names: readonly string[]): Promise<void> {
  const subjects = names.length === 0 ? [{}] : names.map((secret) => ({ secret }));
  await service.journal.require(subjects.map((subject) => ({ event, decision: "allow", code: "ok", ...subject })));
}

function codeOf(fault: VaultFault): RefusalCode {
  return fault === "BUSY" || fault === "CONFLICT" ? "busy" : "vault_fault";
}
