/**
 * A daemon under whatever clock its process has: `clock_daemon.ts HOME VAULT_ID PRK`. It prints `serving` and ends with
 * its standard input. A real daemon takes no key where a library was loaded into it, so this one is not hardened.
 * Keys stand in argv: they are made up, and a test alone runs this.
 */
import { fromHex, utf8 } from "../../lib/bytes.ts";
import { Daemon } from "../../lib/daemon/daemon.ts";
import { homesOf } from "../../lib/paths.ts";

const [home = "", vaultId = "", prk = ""] = Deno.args;
const limits = { idleMs: 8 * 3_600_000, absoluteMs: 24 * 3_600_000 };
const key = { prk: fromHex(prk), vaultId: fromHex(vaultId), epoch: 1, presence: "pipe" as const, limits };
const daemon = await Daemon.start({ homes: homesOf(home), version: "test", key });
Deno.stdout.writeSync(utf8("serving\n"));
await Promise.race([new Response(Deno.stdin.readable).text(), daemon.ended]);
await daemon.stop();
