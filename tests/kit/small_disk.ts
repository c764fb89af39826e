/** A file system of its own, of a chosen size, that can be filled, enlarged and made read-only. Needs root. */
import { join } from "node:path";

export interface SmallDisk extends Disposable {
  /** Its root, 0700. */
  readonly directory: string;
  /** Mounts it anew with other options, such as `size=4m` or `ro`. */
  remount(options: string): void;
  /** Takes all room but `spare` bytes, in whole pages; `free` gives it back. */
  fill(spare: number): void;
  free(): void;
}

const PAGE = 4096;

/** Why no disk can be mounted here, or null. */
export const NO_SMALL_DISK: string | null = refusal();

/** Mounts one with these options of tmpfs, such as `size=512k`, at a directory of its own or at `at`. */
export function smallDisk(options: string, at?: string): SmallDisk {
  const directory = at ?? Deno.realPathSync(Deno.makeTempDirSync({ prefix: "tacit-disk-" }));
  mount("-t", "tmpfs", "-o", `mode=0700,${options}`, "tmpfs", directory);
  const filler = join(directory, "filler");
  return {
    directory,
    remount: (options) => mount("-o", `remount,${options}`, directory),
    fill: (spare) => {
      const file = Deno.openSync(filler, { write: true, create: true, truncate: true });
      let size = 0;
      try {
        for (const page = new Uint8Array(PAGE); file.writeSync(page) === PAGE;) size += PAGE;
      } catch {
        // There is no room for another page.
      }
      file.close();
      Deno.truncateSync(filler, Math.max(0, size - spare));
    },
    free: () => Deno.removeSync(filler),
    [Symbol.dispose]: () => {
      if (!run("umount", directory).success) run("umount", "-l", directory);
      if (at === undefined) Deno.removeSync(directory);
    },
  };
}

function mount(...args: string[]): void {
  const { success, stderr } = run("mount", ...args);
  if (!success) throw new Error(`Cannot mount a disk: ${new TextDecoder().decode(stderr).trim()}`);
}

function run(command: string, ...args: string[]): Deno.CommandOutput {
  return new Deno.Command(command, { args }).outputSync();
}

function refusal(): string | null {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "only root on Linux can mount a small disk";
  try {
    smallDisk("size=64k")[Symbol.dispose]();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
