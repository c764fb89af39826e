/** What may stand in the place of a file or directory of ours, by the name of the thing. Some need root. */
import { join } from "node:path";

/** Far beyond every limit; it takes no room on the disk. */
const HUGE = 2 ** 40;
const OTHER_UID = 12345;

/** Puts a thing at `path`, where nothing stands; what was there lies at `aside`. */
export type Placing = (path: string, aside: string) => void;

function command(program: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(program, { args, stderr: "piped" }).outputSync();
  if (!success) throw new Error(`Cannot run "${program}": ${new TextDecoder().decode(stderr)}`);
}

/** The original itself, copied with its directory's contents, and then spoiled. */
function spoiled(spoil: (path: string) => void): Placing {
  return (path, aside) => {
    command("cp", "-a", aside, path);
    spoil(path);
  };
}

/** A socket nobody listens on any more. */
function socket(path: string): void {
  const code = `import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])`;
  command("python3", "-c", code, path);
}

/** For any place. */
const THINGS: Record<string, Placing> = {
  "a link to the original": (path, aside) => Deno.symlinkSync(aside, path),
  "a dangling link": (path, aside) => Deno.symlinkSync(`${aside}.nowhere`, path),
  "a FIFO": (path) => command("mkfifo", "-m", "600", path),
  "a socket": (path) => socket(path),
  "mode 0666": spoiled((path) => Deno.chmodSync(path, Deno.statSync(path).isDirectory ? 0o777 : 0o666)),
  "mode 0644": spoiled((path) => Deno.chmodSync(path, Deno.statSync(path).isDirectory ? 0o755 : 0o644)),
  "mode 0000": spoiled((path) => Deno.chmodSync(path, 0)),
};

/** For any place, where the test runs as root. */
const THINGS_OF_ROOT: Record<string, Placing> = {
  "a device": (path) => command("mknod", "-m", "600", path, "c", "1", "5"),
  "another user's": spoiled((path) => Deno.chownSync(path, OTHER_UID, OTHER_UID)),
};

/** For a file's place. */
const THINGS_FOR_FILES: Record<string, Placing> = {
  "a directory": (path) => Deno.mkdirSync(path, { mode: 0o700 }),
  "an empty file": (path) => Deno.writeFileSync(path, new Uint8Array(0), { mode: 0o600 }),
  "a huge file": (path) => {
    Deno.writeFileSync(path, new Uint8Array(0), { mode: 0o600 });
    Deno.truncateSync(path, HUGE);
  },
};

/** For a directory's place. */
const THINGS_FOR_DIRECTORIES: Record<string, Placing> = {
  "a file": (path) => Deno.writeTextFileSync(path, "not a directory", { mode: 0o600 }),
};

/** The things for the place of a directory or of a file that this user can make. */
export function thingsFor(isDirectory: boolean): Record<string, Placing> {
  return {
    ...THINGS,
    ...(Deno.uid() === 0 ? THINGS_OF_ROOT : {}),
    ...(isDirectory ? THINGS_FOR_DIRECTORIES : THINGS_FOR_FILES),
  };
}

/** What `path` is: kind, owner, mode, size, identity, and where it leads. */
export function stateOf(path: string): string {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch {
    return "nothing";
  }
  const link = info.isSymlink ? Deno.readLinkSync(path) : "";
  const { isFile, isDirectory, isSymlink, isFifo, isSocket, isCharDevice, uid, mode, ino } = info;
  const kind = [isFile, isDirectory, isSymlink, isFifo, isSocket, isCharDevice].findIndex(Boolean);
  return [kind, uid, mode?.toString(8), isDirectory ? "" : info.size, ino, link].join(" ");
}

/** The states of `path` and of everything below it; no link is followed. */
export function treeOf(path: string): string {
  const state = stateOf(path);
  if (state === "nothing" || !Deno.lstatSync(path).isDirectory) return state;
  let names: string[] = [];
  try {
    names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  } catch { /* mode 0000: who cannot look inside cannot change it either */ }
  return [state, ...names.map((name) => `${name}: ${treeOf(join(path, name))}`)].join("\n");
}
