/**
 * One writer at a time: flock on `<vault>.lock`, a file that is never renamed (a lock on the vault itself would stay
 * with the old file). The kernel frees it when its holder dies. Readers take no lock.
 */
import { VaultError } from "./fault.ts";
import { guardFile } from "./guarded_file.ts";

/** How long a writer waits for another one: a save at the size limit takes well under a second. */
const DEADLINE_MS = 5000;
/** Between two tries; the runtime's blocking call could not be given a deadline. */
const RETRY_MS = 20;

/**
 * The result of `work`, run while holding the lock. `work` must not wait for anything.
 * @throws {VaultError} BUSY naming the holder's pid after five seconds, UNSAFE_FILE if the lock is not a plain file.
 */
export async function withLock<T>(path: string, work: () => T, deadlineMs = DEADLINE_MS): Promise<T> {
  using file = openLock(path);
  const deadline = performance.now() + deadlineMs;
  while (!tryLock(file, path)) {
    if (performance.now() > deadline) throw busy(path);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return whileHeld(file, work);
}

/** The result of `work` if the lock is free, else null. */
export function ifUnlocked<T>(path: string, work: () => T): T | null {
  using file = openLock(path);
  return tryLock(file, path) ? whileHeld(file, work) : null;
}

/**
 * Gives the lock back by its own call: a process that was forked meanwhile has inherited the descriptor, so that closing
 * ours would leave the lock with it.
 */
function whileHeld<T>(file: Deno.FsFile, work: () => T): T {
  try {
    nameHolder(file);
    return work();
  } finally {
    release(file);
  }
}

function openLock(path: string): Deno.FsFile {
  guardFile(path);
  try {
    return Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  } catch (cause) {
    throw cannotLock(path, cause);
  }
}

function tryLock(file: Deno.FsFile, path: string): boolean {
  try {
    return file.tryLockSync(true);
  } catch (cause) {
    throw cannotLock(path, cause);
  }
}

/** What was done under the lock stays done: closing the file gives the lock back as well. */
function release(file: Deno.FsFile): void {
  try {
    file.unlockSync();
  } catch {
    // Nobody but a process forked meanwhile could still hold it.
  }
}

/** The pid is for people only, and a full disk must not stop who wants to remove something. */
function nameHolder(file: Deno.FsFile): void {
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // Whether the lock is held is the kernel's knowledge.
  }
}

function cannotLock(path: string, cause: unknown): VaultError {
  const state = cause instanceof Error ? cause.name : "unknown fault";
  return new VaultError("WRITE_FAILED", `Cannot lock vault with "${path}": ${state}`, undefined, { cause });
}

function busy(path: string): VaultError {
  let holder = "another process";
  try {
    const pid = /^\d{1,10}/.exec(Deno.readTextFileSync(path));
    if (pid !== null) holder = `process ${pid[0]}`;
  } catch {
    // The pid only makes the message more useful.
  }
  return new VaultError(
    "BUSY",
    `Cannot change vault: ${holder} holds its lock`,
    "Wait for it to finish, then try again",
  );
}
