/**
 * What a process does before it may hold a key, a passphrase or a value: one ordered list with reasons.
 * First lines of the daemon and of every process that reads a passphrase or a value. docs/threat_model.md.
 *
 * What this cannot give: root reads everything; another process of this user still may replace our binary, log keys or
 * start us under its own loader before the first line runs. That is why a key is refused where foreign code is seen.
 * One that waits for our start and opens our memory before the first line keeps it open, and cannot be seen.
 */

/** How far one kind of process goes. */
export interface HardenOptions {
  /** Delete every environment variable: the daemon needs none, and a project can set those of its starter. */
  clearEnvironment?: boolean;
  /** Leave the umask alone: a runner's child inherits it. */
  keepUmask?: boolean;
  /** Do not look for foreign code: a runner gives the same values to any command, whoever loaded what into it. */
  ignoreLoader?: boolean;
  /** Working directory to change to; the daemon takes `/` so that it pins no file system. */
  directory?: string;
}

/** Variables by which the dynamic loader brings foreign code into a process. */
const LOADER_VARIABLES = ["LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"];
/** Where libraries may come from: places that an ordinary user cannot write to. */
const LIBRARY_PLACES = /^\/(usr\/(local\/)?)?lib(32|64|x32)?\/|^\/(nix|gnu)\/store\/|^\/System\/|^\/usr\/lib\//;

const PR_SET_DUMPABLE = 4;
const RLIMIT_CORE = 4;
const PT_DENY_ATTACH = 31;

let found: string[] = [];
let result: Record<string, boolean> | null = null;

/**
 * Hardens this process; which step held is in the result, by name: `not_dumpable`, `no_core`, `umask`, `loader`
 * (no foreign code seen), `environment`, `directory`. Never throws: a step that the platform lacks is false.
 */
export function harden(options: HardenOptions = {}): Record<string, boolean> {
  // 1. Nobody of this user may attach, read /proc/PID/mem, environ or fd, from here on.
  // 2. No core file may hold a key; children inherit this.
  const held: Record<string, boolean> = platformCalls();
  // 3. Seen while the environment still tells: who came in with the loader, or held this process before step 1.
  if (options.ignoreLoader !== true) {
    const variables = LOADER_VARIABLES.filter((name) => (readVariable(name) ?? "") !== "");
    found = [...variables, ...foreignLibraries(), ...debuggers()];
    held["loader"] = found.length === 0;
  }
  // 4. Whatever we create is ours alone, even where a mode was forgotten.
  if (options.keepUmask !== true) held["umask"] = attempt(() => Deno.build.os !== "windows" && Deno.umask(0o077) >= 0);
  // 5. Proxies, certificate overrides and debug switches of the starter must not steer a process with a key.
  if (options.clearEnvironment === true) held["environment"] = attempt(clearEnvironment);
  if (options.directory !== undefined) {
    const directory = options.directory;
    held["directory"] = attempt(() => (Deno.chdir(directory), true));
  }
  result = held;
  return held;
}

/** What `harden` saw: loader variables that were set, libraries from unusual places, a debugger; empty means clean. */
export function foreignCode(): readonly string[] {
  return found;
}

/** The last result of `harden` in this process; empty before. */
export function hardening(): Record<string, boolean> {
  return { ...result };
}

function platformCalls(): Record<string, boolean> {
  if (Deno.build.os === "linux") return linuxCalls();
  if (Deno.build.os === "darwin") return darwinCalls();
  // Windows has no core files of this kind; keeping other processes out needs an ACL that is not written yet.
  return { not_dumpable: false, no_core: false };
}

function linuxCalls(): Record<string, boolean> {
  const held = { not_dumpable: false, no_core: false };
  try {
    const libc = Deno.dlopen("libc.so.6", {
      prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
      setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
    });
    held.not_dumpable = libc.symbols.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n) === 0;
    held.no_core = libc.symbols.setrlimit(RLIMIT_CORE, new Uint8Array(16)) === 0;
    libc.close();
  } catch { /* reported as false */ }
  return held;
}

/** Untested: no such machine was at hand. docs/platforms.md. */
function darwinCalls(): Record<string, boolean> {
  const held = { not_dumpable: false, no_core: false };
  try {
    const libc = Deno.dlopen("/usr/lib/libSystem.B.dylib", {
      ptrace: { parameters: ["i32", "i32", "pointer", "i32"], result: "i32" },
      setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
    });
    held.not_dumpable = libc.symbols.ptrace(PT_DENY_ATTACH, 0, null, 0) === 0;
    held.no_core = libc.symbols.setrlimit(RLIMIT_CORE, new Uint8Array(16)) === 0;
    libc.close();
  } catch { /* reported as false */ }
  return held;
}

function foreignLibraries(): string[] {
  if (Deno.build.os !== "linux") return [];
  try {
    return foreignMappings(Deno.readTextFileSync("/proc/self/maps"), Deno.execPath());
  } catch {
    return ["/proc/self/maps unreadable"];
  }
}

/** Files mapped executable in `maps` (the text of /proc/PID/maps) that neither are `executable` nor a system library. */
export function foreignMappings(maps: string, executable: string): string[] {
  const files = new Set<string>();
  for (const line of maps.split("\n")) {
    const match = /^\S+ ..x. \S+ \S+ \d+\s+(\/.*)$/.exec(line);
    const path = match?.[1]?.replace(/ \(deleted\)$/, "");
    if (path !== undefined && path !== executable && !LIBRARY_PLACES.test(path)) {
      files.add(path);
    }
  }
  return [...files];
}

/** Step 1 keeps debuggers out, not one that is in already. */
function debuggers(): string[] {
  if (Deno.build.os !== "linux") return [];
  try {
    const tracer = /^TracerPid:\s+(\d+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    return tracer === "0" ? [] : [`debugger, process ${tracer}`];
  } catch {
    return ["/proc/self/status unreadable"];
  }
}

function clearEnvironment(): boolean {
  for (const name of Object.keys(Deno.env.toObject())) Deno.env.delete(name);
  return true;
}

function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

function attempt(step: () => boolean): boolean {
  try {
    return step();
  } catch {
    return false;
  }
}
