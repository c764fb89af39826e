/** Every fuzz target by name. Each is loaded only where it runs. */
import type { Target } from "./target.ts";

export const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  vault: async () => (await import("./vault.ts")).vaultTarget(),
  msgpack: async () => (await import("./msgpack.ts")).msgpackTarget(),
  hook: async () => (await import("./hook.ts")).hookTarget(),
  rewrite: async () => (await import("./rewrite.ts")).rewriteTarget(),
  frames: async () => (await import("./frames.ts")).framesTarget(),
  grants: async () => (await import("./grants.ts")).grantsTarget(),
};
