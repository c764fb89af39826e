/**
 * Which home a human verb works on: `--home`, else `TACIT_HOME`, else the user's own from the passwd database.
 *
 * A project can set environment variables, so a home that was chosen must be ours alone and must not lie inside the
 * project one stands in; the prompt names it. docs/cli.md, "Homes".
 */
import { basename, dirname, isAbsolute, join, normalize } from "node:path";
import { escapeForDisplay } from "../lib/display.ts";
import { homeDirectory, type Homes, homesOf } from "../lib/paths.ts";
import { shellQuote } from "../lib/shell/quote.ts";
import { CommandError } from "./exit_codes.ts";

// sun_path of a Unix socket, less its terminator: 108 bytes on Linux, 104 on macOS.
const SOCKET_PATH_BYTES = Deno.build.os === "darwin" ? 103 : 107;

const NEW_DIRECTORY = "use a directory of its own, or name one that does not exist yet";

// What makes a directory somebody's project: the tools that let its files set variables look for these too.
const PROJECT_MARKS = [
  ".git",
  ".hg",
  ".jj",
  ".envrc",
  "package.json",
  "deno.json",
  "pyproject.toml",
  "Cargo.toml",
  "go.mod",
];

/**
 * The home for `option` (the value of `--home`).
 * @throws {CommandError} if the chosen home is relative, a link, someone else's, open to others, or inside a project.
 */
export function chooseHome(
  option: string | undefined,
  variable: string | undefined = Deno.env.get("TACIT_HOME"),
): Homes {
  const chosen = option ?? (variable === "" ? undefined : variable);
  if (chosen === undefined) return ownHome();
  const source = option === undefined ? "TACIT_HOME" : "--home";
  const refuse = (state: string, hint: string) =>
    new CommandError("usage", `Cannot use home "${escapeForDisplay(chosen)}" from ${source}: ${state}`, hint);
  if (!isAbsolute(chosen)) {
    throw refuse(
      "it is not an absolute path",
      `give it in full, such as ${source}${option === undefined ? "=" : " "}"$HOME/secrets"`,
    );
  }
  const home = normalize(chosen).replace(/(.)\/+$/, "$1");
  const project = projectHolding(realPath(home), workingDirectory());
  if (project !== null) {
    throw refuse(
      `it lies inside the project "${escapeForDisplay(project)}", whose files could have chosen it`,
      source === "TACIT_HOME" ? "unset TACIT_HOME, or use a directory outside" : "use a directory outside",
    );
  }
  checkOwner(home, refuse);
  const homes = homesOf(home);
  if (new TextEncoder().encode(homes.adminSocket).length > SOCKET_PATH_BYTES) {
    throw refuse("its path is too long to hold a socket", "use a directory with a shorter path");
  }
  return homes;
}

function ownHome(): Homes {
  try {
    return homesOf(null);
  } catch {
    // A container may run as a number that nobody entered.
    throw new CommandError(
      "usage",
      "Cannot find your home: the system's user database does not know this user",
      "name one: tacit --home DIRECTORY …",
    );
  }
}

/** How a prompt names the home: nothing for the user's own, its path for a chosen one. */
export function nameHome(homes: Homes): string {
  return homes.chosen === null ? "" : ` of ${escapeForDisplay(homes.chosen)}`;
}

function checkOwner(home: string, refuse: (state: string, hint: string) => CommandError): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(home);
  } catch (error) {
    // `init` makes it; every other verb finds no vault there and says so.
    if (error instanceof Deno.errors.NotFound) return;
    throw refuse("it cannot be looked at", "check the permissions of the directories above it");
  }
  if (info.isSymlink) throw refuse("it is a symbolic link", `use the directory it points to`);
  if (!info.isDirectory) throw refuse("it is not a directory", "name a directory, or one that does not exist yet");
  const uid = Deno.uid();
  if (uid !== null && info.uid !== uid) throw refuse("it belongs to another user", "use a directory of your own");
  if (Deno.build.os !== "windows" && ((info.mode ?? 0) & 0o077) !== 0) {
    throw refuse("others may look into it", isOurs(home) ? `chmod 700 ${shellQuote(home)}` : NEW_DIRECTORY);
  }
}

/** True if closing `home` to others takes it from nobody: it has our vault, or nothing in it. Not so `/` or `/tmp`. */
function isOurs(home: string): boolean {
  try {
    const names = [...Deno.readDirSync(home)].map(({ name }) => name);
    return names.length === 0 || names.includes(basename(homesOf(home).vault));
  } catch {
    return false;
  }
}

/**
 * The project around `start` if `home` lies in it, else null. The user's own home directory is not a project. Where no
 * directory but the root is above both, no file is looked at: `run` and its like pass here each time.
 */
function projectHolding(home: string, start: string): string | null {
  const own = userDirectory();
  const above: string[] = [];
  for (let dir = realPath(start); dirname(dir) !== dir && dir !== own; dir = dirname(dir)) above.push(dir);
  if (!above.some((dir) => isInside(home, dir))) return null;
  const project = above.find((dir) => PROJECT_MARKS.some((mark) => exists(join(dir, mark))));
  return project !== undefined && isInside(home, project) ? project : null;
}

/** The user's own directory; null for a user whom the system's database does not know. */
function userDirectory(): string | null {
  try {
    return realPath(homeDirectory());
  } catch {
    return null;
  }
}

/** Where one stands; `/`, which is no project, if that directory was removed. */
function workingDirectory(): string {
  try {
    return Deno.cwd();
  } catch {
    return "/";
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The real path of `path`, of which a tail may not exist yet. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

function isInside(path: string, dir: string): boolean {
  return path === dir || path.startsWith(`${dir}/`) || path.startsWith(`${dir}\\`);
}
