/** A throw-away home: a fresh directory, 0700, that goes away with its `using` scope. */
import { join } from "node:path";
import { type Homes, homesOf } from "../../lib/paths.ts";

export interface TmpHome extends Disposable {
  /** Absolute path of the home, short enough for sockets below it. */
  readonly dir: string;
  readonly homes: Homes;
  /** Absolute path of `name` below the home. */
  path(name: string): string;
}

/** Makes a home with its data, state and runtime directories, all 0700. */
export function tmpHome(): TmpHome {
  const dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "tacit-" }));
  Deno.chmodSync(dir, 0o700);
  const homes = homesOf(dir);
  for (const place of [homes.data, homes.state, homes.runtime]) Deno.mkdirSync(place, { recursive: true, mode: 0o700 });
  return {
    dir,
    homes,
    path: (name) => join(dir, name),
    [Symbol.dispose]: () => {
      Deno.removeSync(dir, { recursive: true });
      removeOneShot(homes);
    },
  };
}

/** Removes the directory for one-shot files, which lies outside the home and is made at a daemon's start. */
export function removeOneShot(homes: Homes): void {
  try {
    Deno.removeSync(homes.oneShot, { recursive: true });
  } catch { /* no daemon ever ran here */ }
}
