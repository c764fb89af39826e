/**
 * What a person with presence asks of the daemon, in the words of the commands. Values go from intake straight into
 * the sealed request. docs/protocol.md, "Verbs of admin.sock".
 */
import type { Homes } from "../paths.ts";
import { widen } from "../presence/challenge.ts";
import type { ProvenSlot } from "../presence/open_slot.ts";
import type { NewSecret, WideningRequest } from "../protocol/messages.ts";
import type { InboundValues } from "./intake.ts";

/** What now holds: the names that changed, and notes such as backups that still have an old value. */
export interface Widened {
  readonly names: string[];
  readonly notes: string[];
}

/** What is said about each new secret besides name and value. */
export type SecretLabels = Omit<NewSecret, "name" | "length">;

/**
 * Stores all of `values` or none.
 * @throws {PresenceError} with the daemon's refusal.
 */
export async function addSecrets(
  homes: Homes,
  slot: ProvenSlot,
  values: InboundValues,
  labels: SecretLabels,
): Promise<Widened> {
  const lengths = values.lengths();
  const secrets = values.names.map((name, i) => ({ ...labels, name, length: lengths[i] ?? 0 }));
  const attachment = values.attachment();
  try {
    return widened(await widen(homes, slot.keys, { verb: "add", secrets }, attachment));
  } finally {
    attachment.fill(0);
  }
}

/** Any widening request without values. @throws {PresenceError} with the daemon's refusal. */
export async function widenWithoutValues(
  homes: Homes,
  slot: ProvenSlot,
  request: Exclude<WideningRequest, { verb: "add" }>,
): Promise<Widened> {
  return widened(await widen(homes, slot.keys, request));
}

function widened(reply: Record<string, unknown>): Widened {
  const texts = (value: unknown) => Array.isArray(value) ? value.filter((v) => typeof v === "string") : [];
  return { names: texts(reply["names"]), notes: texts(reply["notes"]) };
}
