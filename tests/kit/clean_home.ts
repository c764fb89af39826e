/**
 * A throw-away user: home, work and temporary directories and a tacit home, with an environment made from nothing.
 * What a test has to keep from the searched tree (a passphrase file, a value for a server) goes into `aside`.
 */
import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { homesOf } from "../../lib/paths.ts";
import { removeOneShot } from "./tmp_home.ts";

export interface CleanHome {
  /** Everything below this is searched for canaries. */
  readonly root: string;
  readonly home: string;
  readonly work: string;
  readonly tmp: string;
  /** For `--home`. Its path is short: it holds sockets. */
  readonly tacit: string;
  /** 0700, outside `root`. */
  readonly aside: string;
  /** The whole environment of programs of this user. */
  readonly env: Record<string, string>;
  /** Removes all of it. */
  remove(): Promise<void>;
}

/**
 * Lays out a new user. The place is not the temporary directory: `tacit install` rightly refuses to stand there.
 */
export async function cleanHome(): Promise<CleanHome> {
  const base = join(Deno.env.get("TACIT_TEST_RUNS") ?? join(homedir(), ".tacit-test"), randomBytes(4).toString("hex"));
  const at = (name: string) => join(base, "r", name);
  const user = { home: at("home"), work: at("work"), tmp: at("tmp"), tacit: at("t"), aside: join(base, "aside") };
  await Deno.mkdir(join(base, "r"), { recursive: true, mode: 0o700 });
  for (const path of Object.values(user)) await Deno.mkdir(path, { mode: 0o700 });
  const env = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: user.home,
    TMPDIR: user.tmp,
    LANG: "C.UTF-8",
    TERM: "dumb",
    USER: "tester",
    SHELL: "/bin/bash",
  };
  const remove = async () => {
    await Deno.remove(base, { recursive: true });
    removeOneShot(homesOf(user.tacit));
  };
  return { root: join(base, "r"), ...user, env, remove };
}
