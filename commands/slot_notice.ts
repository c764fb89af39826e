/** What follows a change of key slots: a running daemon reads the file again, and removed backups are named. */
import { widenWithoutValues } from "../lib/client/admin.ts";
import type { ProvenSlot } from "../lib/presence/open_slot.ts";
import type { SlotOutcome } from "../lib/presence/slot_changes.ts";
import { readStatus } from "./daemon_state.ts";
import { failureOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { count, warn } from "./terminal.ts";

/** Tells the daemon, if one holds the vault; returns lines for the answer. The change itself is already durable. */
export async function tellDaemon(invocation: Invocation, slot: ProvenSlot, change: SlotOutcome): Promise<string[]> {
  const status = await readStatus(invocation.homes);
  if (status?.state === "unlocked") {
    try {
      await widenWithoutValues(invocation.homes, slot, { verb: "reload" });
    } catch (error) {
      warn(`The daemon did not take note of the change (${failureOf(error).message}); run: tacit unlock --again`);
    }
  }
  if (change.backupsRemoved === 0) return [];
  return [
    `${count(change.backupsRemoved, "old backup")} that the old one still opened ${
      change.backupsRemoved === 1 ? "was" : "were"
    } removed. ` +
    "Copies that you made elsewhere still open with it.",
  ];
}
