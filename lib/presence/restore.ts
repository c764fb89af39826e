/**
 * Goes back to a copy of the vault that was proven and shown: daemon stopped, audit line, new file in place, daemon
 * started. A crash between two of these leaves the old vault or the new one, whole. docs/format.md, "Restore".
 */
import { type AuditEntry, AuditLog } from "../audit/log.ts";
import type { Homes } from "../paths.ts";
import { type Restored, restoreState } from "../vault/restore.ts";
import type { ProofSource } from "./open_slot.ts";
import type { RestorePlan, RestoreView } from "./prepare_restore.ts";
import { withVaultFaults } from "./presence_error.ts";
import { DEFAULT_LIFETIME, startDaemon, stopDaemon } from "./start_daemon.ts";

/** Lines of the audit log that name single secrets: more would bury the others. */
const MOST_NAMED = 256;

/** What was done. */
export type RestoreOutcome = Restored;

/**
 * Puts the planned state in the place of the vault. No daemon runs afterwards.
 * @throws {PresenceError} on a fault of the vault; {AuditWriteError} if the log cannot be written, and then nothing is
 * replaced.
 */
export async function performRestore(homes: Homes, plan: RestorePlan): Promise<RestoreOutcome> {
  const { slot, header, entries, expected, known, view } = plan;
  for (const dir of [homes.data, homes.state, homes.runtime]) Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
  // It would answer from what it remembers, and two processes must not write the log at once.
  await stopDaemon(homes);
  const log = await AuditLog.open(homes.audit);
  log.append(linesOf(view, known), slot.keys.audit);
  return await withVaultFaults(() => restoreState(homes, slot.keys, header, entries, expected, known));
}

/**
 * Starts a daemon that holds the key of what was restored.
 * @throws {PresenceError} as `startDaemon`.
 */
export async function unlockRestored(homes: Homes, plan: RestorePlan, source: ProofSource): Promise<void> {
  const { keys, epoch } = plan.slot;
  await startDaemon(homes, keys, epoch, DEFAULT_LIFETIME, source);
}

function linesOf(view: RestoreView, known: number): AuditEntry[] {
  const line = { event: "restore", decision: "alarm", code: "ok", generation: known } as const;
  const { back = [], gone = [], otherValue = [], otherSettings = [] } = view.difference ?? {};
  const counts = view.difference === null
    ? "the vault could not be read"
    : `${back.length} back, ${gone.length} gone, ${otherValue.length} other values, ${otherSettings.length} other settings`;
  const named = [
    ...otherValue.map((secret) => ({ ...line, secret, detail: "has another value again" })),
    ...back.map((secret) => ({ ...line, secret, detail: "comes back" })),
    ...otherSettings.map((secret) => ({ ...line, secret, detail: "has other settings again" })),
    ...gone.map((secret) => ({ ...line, secret, detail: "vanishes" })),
  ];
  return [
    { ...line, detail: `a person restores generation ${view.generation}: ${counts}` },
    ...named.slice(0, MOST_NAMED),
  ];
}
