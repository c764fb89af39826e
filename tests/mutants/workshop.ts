/** Copies of the tree in which mutants are tried, so that the tree itself is never touched. */
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT, run } from "../../tools/toolchain.ts";
import type { Workshop } from "./trial.ts";

/** Workshops, and the way to be rid of them. */
export interface Workshops extends AsyncDisposable {
  readonly all: readonly Workshop[];
}

/** `count` copies of what git has and would take, all of one moment. */
export async function makeWorkshops(count: number): Promise<Workshops> {
  const base = await Deno.makeTempDir({ prefix: "tm-" });
  // Another user's process must get through where a test lets one try.
  await Deno.chmod(base, 0o711);
  const runs = join(homedir(), ".tacit-test", base.slice(base.lastIndexOf("/") + 1));
  const master = join(base, "master");
  for (const path of await projectFiles()) {
    const to = join(master, path);
    await Deno.mkdir(dirname(to), { recursive: true });
    // A file that git has and the tree lost is no part of the tree.
    await Deno.copyFile(join(ROOT, path), to).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  const all: Workshop[] = [];
  for (let i = 0; i < count; i++) {
    // Short paths, since tests put sockets below them.
    const shop = { tree: join(base, `tree${i}`), tmp: join(base, `t${i}`), runs: join(runs, `${i}`) };
    await run(["cp", "-r", master, shop.tree]);
    for (const path of [shop.tmp, shop.runs]) await Deno.mkdir(path, { recursive: true });
    // In a new place the runtime warns once of a package's build scripts, which a test would take for the program's words.
    await run([Deno.execPath(), "run", "-A", "--no-prompt", "main.ts", "--version"], { cwd: shop.tree });
    all.push(shop);
  }
  return {
    all,
    async [Symbol.asyncDispose]() {
      for (const path of [base, runs]) await Deno.remove(path, { recursive: true }).catch(() => {});
    },
  };
}

async function projectFiles(): Promise<string[]> {
  const { code, stdout } = await run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
  });
  const files = stdout.split("\0").filter((path) => path !== "");
  if (code !== 0 || files.length < 100) throw new Error("Cannot copy the tree: git does not list it");
  return files;
}
