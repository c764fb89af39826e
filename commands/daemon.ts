/** `tacit daemon`: the process that keeps the key. Started by `unlock`; by hand it starts without a key. */
import { daemonProcess } from "../lib/daemon/process.ts";
import type { Homes } from "../lib/paths.ts";

/** Runs until it is stopped; returns the exit status. A second daemon finds the first and is content. */
export async function runDaemon(homes: Homes, version = "0.1.0"): Promise<number> {
  const outcome = await daemonProcess(homes, version, (message, hint) => {
    const line = `tacit: ${message}${hint === "" ? "" : `\ntacit: hint: ${hint}`}\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  });
  return outcome === "refused" ? 1 : 0;
}
