/**
 * What `install` puts into place and remembers, for `uninstall` and `doctor`: the copy of the program that agents call,
 * its hash, and for each agent how its settings looked before and after. docs/agents.md, "Installation".
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { utf8 } from "../lib/bytes.ts";
import { removeQuietly, replaceFile, temporaryName } from "../lib/atomic_file.ts";
import type { Homes } from "../lib/paths.ts";
import { CommandError } from "./exit_codes.ts";

/** How one agent was installed. */
export interface InstalledAgent {
  /** The settings file, links resolved. */
  settings: string;
  /** What the settings call. */
  program: string[];
  /** sha256 of the file as `install` left it, hex. */
  after: string;
  /** Copy of the file as it was, null if there was none; absent if it held entries of tacit's already. */
  backup?: string | null;
  /** sha256 of that copy, hex. */
  before?: string;
}

export interface Installation {
  /** sha256 of the installed program, hex; null for a program that was named for tests. */
  program_sha256: string | null;
  agents: Record<string, InstalledAgent>;
}

/** sha256 of `bytes`, hex. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** sha256 of a file of any size, hex, or null if it cannot be read. */
export function hashOfFile(path: string): string | null {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return null;
  }
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1024 * 1024);
  try {
    for (let n = readSync(fd, buffer); n > 0; n = readSync(fd, buffer)) hash.update(buffer.subarray(0, n));
    return hash.digest("hex");
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** What was remembered; empty where nothing is, or nothing that can be read. */
export function readInstallation(homes: Homes): Installation {
  try {
    const read = JSON.parse(Deno.readTextFileSync(recordPath(homes))) as Installation;
    if (typeof read.agents === "object" && read.agents !== null) return read;
  } catch {
    // A lost record costs the exact restore, nothing more: entries are found by what they call.
  }
  return { program_sha256: null, agents: {} };
}

/** Remembers `installation`. */
export function writeInstallation(homes: Homes, installation: Installation): void {
  Deno.mkdirSync(homes.state, { recursive: true, mode: 0o700 });
  replaceFile(recordPath(homes), utf8(`${JSON.stringify(installation, null, 2)}\n`));
}

/**
 * Copies the running program to where agents will call it, and returns its hash.
 * @throws {CommandError} if this is not the compiled program, or its place could be changed by a project.
 */
export function installProgram(homes: Homes): string {
  const running = Deno.execPath();
  const hash = hashOfFile(running);
  if (!Deno.build.standalone || hash === null) {
    throw new CommandError(
      "usage",
      "Cannot install: this tacit runs from source, and agents need the compiled program",
      "build it (deno task build), then run: dist/tacit install claude-code",
    );
  }
  const target = homes.installedBinary;
  refuseUnsafePlace(target, { temporary: homes.chosen !== null });
  if (hashOfFile(target) === hash) return hash;
  Deno.mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  Deno.chmodSync(dirname(target), 0o700);
  const temporary = temporaryName(target);
  try {
    Deno.copyFileSync(running, temporary);
    Deno.chmodSync(temporary, 0o700);
    if (hashOfFile(temporary) !== hash) {
      throw new CommandError("internal", `Cannot install "${target}": the copy differs from the running program`);
    }
    Deno.renameSync(temporary, target);
  } finally {
    removeQuietly(temporary);
  }
  return hash;
}

/**
 * Refuses a place for the program that a project, a package manager or a clean-up of temporary files changes. A
 * directory for temporary files is fine with `temporary`: a person named it, and a chosen home is ours and 0700.
 * @throws {CommandError}
 */
export function refuseUnsafePlace(
  target: string,
  { home = userInfo().homedir, there = exists, temporary = false }: {
    home?: string;
    there?: (path: string) => boolean;
    temporary?: boolean;
  } = {},
): void {
  const refuse = (why: string) => {
    throw new CommandError(
      "usage",
      `Cannot install to "${target}": ${why}, where other programs may change it`,
      "choose a directory of your own: tacit --home DIR install claude-code",
    );
  };
  if (!temporary && /^\/(tmp|var\/tmp|dev\/shm|private\/tmp)\//.test(target)) {
    refuse("it lies in a directory for temporary files");
  }
  if (/\/(node_modules|\.npm|\.cache|Caches|_npx)\//.test(target)) refuse("it lies in a package cache");
  for (let dir = dirname(target); dirname(dir) !== dir && dir !== home; dir = dirname(dir)) {
    if (there(join(dir, ".git"))) refuse(`it lies in the project "${dir}"`);
  }
}

function recordPath(homes: Homes): string {
  return join(homes.state, "installed.json");
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
