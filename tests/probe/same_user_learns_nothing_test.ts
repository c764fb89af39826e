/**
 * Promise: once its first lines have run, no other process of the same user learns anything of a process that holds a
 * key, a passphrase or a value: not by /proc, not as a debugger, not by the calls that read another one's memory.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formsOf, newCanary, searchBytes } from "../kit/canary.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { buildProgram } from "./c_programs.ts";
import { HOLDERS } from "./holders.ts";
import { argumentsOf, PASSPHRASE, ProbeUser, USER } from "./user.ts";

/** Ways in that must be open on the control, or the probe proves nothing. */
const PROVEN = ["environ TEXT", "mem TEXT", "maps", "auxv", "io", "fd", "exe", "process_vm_readv", "ptrace attach"];

/** The ways into `pid` that a process of the user finds open, and where `text` was found. */
async function waysInto(user: ProbeUser, prober: string, pid: number, text?: string): Promise<string[]> {
  const { code, stdout, stderr } = await user.runAny([prober, String(pid), ...(text === undefined ? [] : [text])]);
  assert.equal(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

/** What is still open ten seconds after the first look: its first lines have run long before. */
async function staysOpen(look: () => Promise<string[]>): Promise<string[]> {
  let open = await look();
  for (let i = 0; i < 50 && open.length > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    open = await look();
  }
  return open;
}

Deno.test({
  name: "the control: of an unhardened process the same probe learns everything",
  ...leftOut(NOT_LINUX),
  fn: async () => {
    await using user = new ProbeUser();
    const prober = buildProgram("prober.c", join(user.base, "prober"));
    const value = newCanary();
    const soft = user.startAny(["sleep", "60"], { env: { VALUE: value } });
    try {
      const open = await waysInto(user, prober, soft.pid, value);
      assert.deepEqual(PROVEN.filter((way) => !open.includes(way)), [], open.join(", "));
    } finally {
      soft.kill("SIGKILL");
      await Promise.all([soft.status, soft.stdin.close(), soft.stdout.cancel(), soft.stderr.cancel()]);
    }
  },
});

Deno.test({
  name: "another process of the same user learns nothing of one that holds a key, a passphrase or a value",
  ...leftOut(NOT_LINUX),
  fn: async (t) => {
    await using user = await ProbeUser.unlocked();
    const prober = buildProgram("prober.c", join(user.base, "prober"));
    const value = newCanary();
    await user.store("TOKEN", value);
    for (const [name, start] of Object.entries(HOLDERS)) {
      await t.step(name, async () => {
        await using holder = await start(user, value);
        assert.deepEqual(await staysOpen(() => waysInto(user, prober, holder.pid)), []);
        assert.ok(argumentsOf(holder.pid).includes(user.home), "it is still there");
        const status = Deno.readTextFileSync(`/proc/${holder.pid}/status`);
        assert.equal(Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]), USER, "it runs as the prober's user");
        // Root sees what nobody else does: there is no value in its environment either.
        const environment = Deno.uid() === 0 ? Deno.readFileSync(`/proc/${holder.pid}/environ`) : new Uint8Array();
        assert.deepEqual(searchBytes(environment, [...formsOf(value), ...formsOf(PASSPHRASE)]), []);
        assert.match(Deno.readTextFileSync(`/proc/${holder.pid}/limits`), /Max core file size\s+0\s+0/);
      });
    }
  },
});
