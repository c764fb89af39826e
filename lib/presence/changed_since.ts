/** Which secrets were changed after a state of the vault was saved, as the audit log tells it. docs/audit.md, "Generation". */
import { AuditFileError } from "../audit/files.ts";
import { keyedSince } from "../audit/witness.ts";
import type { Homes } from "../paths.ts";
import type { KeyTree } from "../vault/key_tree.ts";

/** The last change of one secret. */
export interface LoggedChange {
  name: string;
  /** What was asked for; the save itself may have failed. */
  change: "stored" | "edited" | "removed";
  /** Unix milliseconds. */
  time: number;
}

const CHANGES: Record<string, LoggedChange["change"]> = { add: "stored", edit: "edited", remove: "removed" };

/** Changes that a state of `generation` does not hold, the last of each secret, by name; none if the log cannot tell. */
export function changedSince(homes: Homes, keys: KeyTree, generation: number): LoggedChange[] {
  const last = new Map<string, LoggedChange>();
  try {
    for (const { secret, event, time } of keyedSince(homes.audit, keys.audit, generation, Object.keys(CHANGES))) {
      const change = CHANGES[event];
      if (secret !== undefined && change !== undefined) last.set(secret, { name: secret, change, time });
    }
  } catch (error) {
    if (!(error instanceof AuditFileError || (error as { code?: unknown }).code !== undefined)) throw error;
  }
  return [...last.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}
