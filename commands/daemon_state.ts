/** Asks the daemon how it stands before anything is asked of a person. */
import { ask, UnreachableError } from "../lib/client/client.ts";
import type { Homes } from "../lib/paths.ts";
import { hasBackups } from "../lib/presence/backup_files.ts";
import type { SecretView, StatusReply } from "../lib/protocol/messages.ts";
import { CommandError } from "./exit_codes.ts";

/** The daemon's status, or null if none answers. */
export async function readStatus(homes: Homes): Promise<StatusReply | null> {
  const status = await statusOrReason(homes);
  return status instanceof UnreachableError ? null : status;
}

/** True if nothing runs, as opposed to something that does not answer. */
export function isAbsent(error: UnreachableError): boolean {
  return error.message.endsWith("it does not run");
}

async function statusOrReason(homes: Homes): Promise<StatusReply | UnreachableError> {
  try {
    return (await ask(homes, { verb: "status" })).message as unknown as StatusReply;
  } catch (error) {
    if (error instanceof UnreachableError) return error;
    throw error;
  }
}

/** True if there is a file where the vault should be. */
export function hasVault(homes: Homes): boolean {
  try {
    Deno.lstatSync(homes.vault);
    return true;
  } catch {
    return false;
  }
}

/** The step that helps without a vault: a new one, but where backups say that there was one, that one. */
export function hintWithoutVault(homes: Homes): string {
  return hasBackups(homes) ? "tacit restore latest" : "tacit init";
}

/**
 * @throws {CommandError} if there is no vault (exit "name").
 */
export function requireVault(homes: Homes): void {
  if (hasVault(homes)) return;
  const state = hasBackups(homes) ? `"${homes.vault}" is missing` : `there is none at "${homes.vault}" yet`;
  throw new CommandError("name", `Cannot open the vault: ${state}`, hintWithoutVault(homes));
}

/**
 * The status of an unlocked daemon.
 * @throws {CommandError} (exit "locked") with the one command that helps; {UnreachableError} if one runs and is stuck.
 */
export async function requireUnlocked(homes: Homes, action: string): Promise<StatusReply> {
  const status = await statusOrReason(homes);
  if (status instanceof UnreachableError) {
    requireVault(homes);
    if (!isAbsent(status)) throw status;
    throw new CommandError("locked", `Cannot ${action}: the daemon does not run`, "tacit unlock");
  }
  if (status.state === "unlocked") return status;
  requireVault(homes);
  throw new CommandError("locked", `Cannot ${action}: the vault is locked`, "tacit unlock");
}

/**
 * All secrets, without values, by name. A daemon that was locked since its unlock still knows them.
 * @throws {CommandError} (exit "locked") if none knows them; {RefusedError} from the daemon.
 */
export async function readSecrets(homes: Homes, action: string): Promise<SecretView[]> {
  const status = await readStatus(homes);
  if (status === null || status.state === "never_unlocked") await requireUnlocked(homes, action);
  const { message } = await ask(homes, { verb: "list" });
  const secrets = (message["secrets"] ?? []) as SecretView[];
  return secrets.sort((a, b) => a.name < b.name ? -1 : 1);
}
