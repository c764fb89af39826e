/** How this program starts itself again, compiled or run from source. Nothing here comes from the environment. */
import { fileURLToPath } from "node:url";

/** As in deno.json; tests/docs_test.ts compares the two. */
export const VERSION = "0.1.0";

/**
 * The command line that runs tacit, arguments to be appended: the executable itself once compiled; from source
 * (tests, development) the runtime with this tree's `main.ts`.
 */
export function selfCommand(): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  return [Deno.execPath(), "run", "-A", "--no-prompt", "--config", file("../deno.json"), file("../main.ts")];
}

/**
 * The environment a fresh daemon is started with. Compiled, it is empty: whoever set a variable here must not reach
 * the process that keeps the key. From source the runtime must still find its package cache.
 */
export function selfEnvironment(): Record<string, string> {
  if (Deno.build.standalone) return {};
  const kept: Record<string, string> = {};
  for (const name of ["HOME", "DENO_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "DENO_TLS_CA_STORE"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
