/** A daemon as a process of its own, from source: `daemon_entry.ts HOME`. */
import { runDaemon } from "../../commands/daemon.ts";
import { homesOf } from "../../lib/paths.ts";

Deno.exit(await runDaemon(homesOf(Deno.args[0] ?? "")));
