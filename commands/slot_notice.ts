/** What follows a change of key slots: a running daemon reads the file again, and what became of old copies is said. */
import { widenWithoutValues } from "../lib/client/admin.ts";
import type { ProvenSlot } from "../lib/presence/open_slot.ts";
import type { SlotOutcome } from "../lib/presence/slot_changes.ts";
import { readStatus } from "./daemon_state.ts";
import { failureOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { count, warn } from "./terminal.ts";

/** What was changed. */
type Changed = "passphrase" | "recovery code";

/** Tells the daemon, if one holds the vault; returns lines for the answer. The change itself is already durable. */
export async function tellDaemon(
  invocation: Invocation,
  slot: ProvenSlot,
  change: SlotOutcome,
  what: Changed,
): Promise<string[]> {
  const status = await readStatus(invocation.homes);
  if (status?.state === "unlocked") {
    try {
      await widenWithoutValues(invocation.homes, slot, { verb: "reload" });
    } catch (error) {
      warn(`The daemon did not take note of the change (${failureOf(error).message}); run: tacit unlock --again`);
    }
  }
  if (change.backupsFailed > 0) {
    const copies = count(change.backupsFailed, "backup");
    warn(`${copies} could be neither rewritten nor removed, and the old ${what} still opens it; see: tacit backup`);
  }
  return backupLines(change, what);
}

/** The same in JSON. */
export function backupCounts(change: SlotOutcome): Record<string, number> {
  return {
    backups_rewrapped: change.backupsRewrapped,
    backups_removed: change.backupsRemoved,
    backups_failed: change.backupsFailed,
  };
}

function backupLines({ backupsRewrapped, backupsRemoved }: SlotOutcome, what: Changed): string[] {
  const lines: string[] = [];
  if (backupsRewrapped > 0) {
    const opens = backupsRewrapped === 1 ? "opens" : "open";
    lines.push(
      `${
        count(backupsRewrapped, "backup")
      } now ${opens} with what opens the vault, and no longer with the old ${what}.`,
    );
  }
  if (backupsRemoved > 0) {
    const were = backupsRemoved === 1 ? "was" : "were";
    lines.push(`${count(backupsRemoved, "backup")} could not be rewritten and ${were} removed.`);
  }
  return [
    ...lines,
    `Copies that you made elsewhere still open with the old ${what}: replace or delete them (tacit backup FILE).`,
  ];
}
