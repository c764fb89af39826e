/**
 * A network of its own: nothing but loopback exists in it, so that no agent can call home and every request there is
 * goes to the scripted model.
 */

/** Set in the process that already runs inside. */
const INSIDE = "TACIT_TEST_ISOLATED";

/** How this process is cut off: `as root`, `as a user`, or null where the system does not permit it. */
export function isolation(): string | null {
  return Deno.env.get(INSIDE) ?? null;
}

/** Runs this program again inside a network of its own; null where that is not permitted, else its status. */
export async function runIsolated(script: string, env: Record<string, string>): Promise<number | null> {
  for (const [how, flags] of [["as root", ["-n"]], ["as a user", ["-r", "-n"]]] as const) {
    // The probe brings the loopback interface up too: without it nothing would be reachable at all.
    const probe = await start([...flags, "sh", "-c", "ip link set lo up"], {}, "null");
    if (probe !== 0) continue;
    const again = `ip link set lo up && exec "$0" "$@"`;
    const args = [...flags, "sh", "-c", again, Deno.execPath(), "run", "-A", script, ...Deno.args];
    return await start(args, { ...env, [INSIDE]: how }, "inherit");
  }
  return null;
}

async function start(args: string[], env: Record<string, string>, output: "inherit" | "null"): Promise<number> {
  try {
    const child = new Deno.Command("unshare", { args, env, stdin: "null", stdout: output, stderr: output });
    return (await child.spawn().status).code;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 127;
    throw error;
  }
}
