/** A clean home with an unlocked tacit in it, for benches that need one; made with the compiled program. */
import { join } from "node:path";
import { type CleanHome, cleanHome } from "../tests/kit/clean_home.ts";
import { newCanary } from "../tests/kit/canary.ts";
import { TacitHome } from "../tests/agents/tacit_home.ts";
import { ROOT } from "../tools/toolchain.ts";

/** Path of the compiled program, or null if it was not built. */
export async function builtProgram(): Promise<string | null> {
  const path = Deno.env.get("TACIT_TEST_BINARY") ?? join(ROOT, "dist/tacit");
  return await Deno.stat(path).then(() => Deno.realPath(path), () => null);
}

/** Runs `work` in an unlocked home and leaves nothing behind. */
export async function inSeededHome(program: string, work: (user: CleanHome) => Promise<void>): Promise<void> {
  Deno.env.set("TACIT_TEST_BINARY", program);
  const user = await cleanHome();
  const tacit = new TacitHome(user);
  try {
    await tacit.prepare("unlocked", newCanary());
    await work(user);
  } finally {
    await tacit.killDaemon();
    await user.remove();
  }
}
