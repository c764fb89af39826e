/**
 * Where everything of one tacit home lives, and nothing else. docs/architecture.md, "Homes and environment".
 *
 * The default home comes from the passwd database, never from `$HOME` or `$XDG_*`: a project can set those.
 * One directory given by `--home` (or, for human verbs, `TACIT_HOME`) holds everything instead.
 *
 * Every hook passes here, so nothing is imported and nothing is asked of the file system that the caller may not need.
 */

/** The files and directories of one home. All directories are 0700, all files 0600. */
export interface Homes {
  /** The directory given by `--home`, or null for the platform's default places. */
  readonly chosen: string | null;
  /** Vault, its lock, backups, installed binary. */
  readonly data: string;
  /** Audit log, anchor, clock floor. */
  readonly state: string;
  /** Sockets and one-shot files; on tmpfs where the platform has one for the user. */
  readonly runtime: string;
  readonly vault: string;
  readonly vaultLock: string;
  readonly backups: string;
  readonly anchor: string;
  readonly clockFloor: string;
  readonly audit: string;
  readonly useSocket: string;
  readonly adminSocket: string;
  /** Short-lived 0600 files for file injection; swept when a daemon starts. */
  readonly oneShot: string;
  /** The copy of the program that agents' configurations name. */
  readonly installedBinary: string;
}

/** The home under `chosen` (an absolute path), or the platform's default for this user when null. */
export function homesOf(chosen: string | null): Homes {
  if (chosen !== null) return layout(chosen, chosen, join(chosen, "state"), join(chosen, "run"));
  const home = homeDirectory();
  if (Deno.build.os === "darwin") {
    const base = join(home, "Library", "Application Support", "tacit");
    return layout(null, base, join(base, "state"), join(base, "run"));
  }
  if (Deno.build.os === "windows") {
    const base = join(home, "AppData", "Local", "tacit");
    return layout(null, base, join(base, "state"), join(base, "run"));
  }
  const state = join(home, ".local", "state", "tacit");
  return layout(null, join(home, ".local", "share", "tacit"), state, userRuntime() ?? join(state, "run"));
}

function layout(chosen: string | null, data: string, state: string, runtime: string): Homes {
  const vault = join(data, "vault.asv1");
  return {
    chosen,
    data,
    state,
    runtime,
    vault,
    vaultLock: `${vault}.lock`,
    backups: join(data, "backup"),
    anchor: join(state, "anchor"),
    clockFloor: join(state, "clock"),
    audit: join(state, "audit"),
    useSocket: join(runtime, "use.sock"),
    adminSocket: join(runtime, "admin.sock"),
    get oneShot() {
      return memoryDirectory(data) ?? join(runtime, "files");
    },
    installedBinary: join(data, "bin", Deno.build.os === "windows" ? "tacit.exe" : "tacit"),
  };
}

function join(...parts: string[]): string {
  return parts.join("/");
}

/**
 * The user's directory as the system's user database has it. The file is read first, since it holds nearly every
 * user and costs a tenth of the runtime's own way, which also knows users of other sources.
 */
export function homeDirectory(): string {
  const uid = Deno.uid();
  try {
    const line = Deno.readTextFileSync("/etc/passwd").split("\n").find((l) => l.split(":")[2] === String(uid));
    const directory = line?.split(":")[5];
    if (directory?.startsWith("/")) return directory;
  } catch {
    // No such file on this platform.
  }
  // deno-lint-ignore no-process-global -- an import would load the module for every hook
  return process.getBuiltinModule("node:os").userInfo().homedir;
}

/**
 * A directory on tmpfs for one-shot files, so that a value injected as a file never meets a disk. `/dev/shm` is shared
 * by all users: whoever makes or uses the directory must check that it is ours and 0700. Null where there is none, or
 * its name is taken by another user.
 */
function memoryDirectory(data: string): string | null {
  if (Deno.build.os !== "linux") return null;
  let hash = 0x811c9dc5;
  for (const b of new TextEncoder().encode(data)) hash = Math.imul(hash ^ b, 0x01000193) >>> 0;
  const path = `/dev/shm/tacit-${Deno.uid()}-${hash.toString(16)}`;
  try {
    if (!Deno.lstatSync("/dev/shm").isDirectory) return null;
  } catch {
    return null;
  }
  try {
    // Another user who made something of this name first must not keep the daemon from starting.
    return Deno.lstatSync(path).uid === Deno.uid() ? path : null;
  } catch {
    return path;
  }
}

/** `/run/user/UID/tacit` where that directory exists and is ours alone; the environment is not asked. */
function userRuntime(): string | null {
  const uid = Deno.uid();
  if (uid === null) return null;
  try {
    const info = Deno.lstatSync(`/run/user/${uid}`);
    const ours = info.isDirectory && info.uid === uid && ((info.mode ?? 0o777) & 0o077) === 0;
    return ours ? `/run/user/${uid}/tacit` : null;
  } catch {
    return null;
  }
}
