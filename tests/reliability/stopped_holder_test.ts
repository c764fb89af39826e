/**
 * Promise: whoever stops while holding the lock holds up writers for seconds and readers not at all; whoever ended, or
 * has let go, holds up nobody. docs/format.md, "Save protocol".
 */
import assert from "node:assert/strict";
import { toHex } from "../../lib/bytes.ts";
import { ifUnlocked, withLock } from "../../lib/vault/lock.ts";
import { depth } from "../kit/depth.ts";
import { leftOut, NO_SHELL } from "../kit/left_out.ts";
import { type OpenVault, openVault, put, textOf } from "../kit/open_vault.ts";
import { scriptCommand } from "../kit/script_command.ts";

interface Holder extends AsyncDisposable {
  readonly pid: number;
  signal(name: Deno.Signal): void;
}

/** A process that has the lock, until it is killed. */
async function holderOf(v: OpenVault): Promise<Holder> {
  const keys = [v.home.dir, toHex(v.vault.vaultId), toHex(v.keys().prk)];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...scriptCommand("vault_writer.ts"), ...keys, "hold"],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "held\n");
  return {
    pid: child.pid,
    signal: (name) => child.kill(name),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* the test was faster */ }
      await reader.cancel();
      await child.status;
    },
  };
}

Deno.test({
  name: "a stopped holder: writers are told its pid, readers go on, and all proceed when it has gone",
  ...leftOut(NO_SHELL),
  fn: async () => {
    using v = await openVault({ A: "one" });
    const writer = await v.again();
    {
      await using holder = await holderOf(v);
      holder.signal("SIGSTOP");
      const started = performance.now();
      await assert.rejects(writer.change([put("B", "two")]), {
        fault: "BUSY",
        message: new RegExp(`process ${holder.pid} holds`),
      });
      const waited = performance.now() - started;
      assert.ok(waited >= 5_000, `given up after ${waited} ms`);
      assert.ok(waited < 30_000, `a deadline of five seconds took ${waited} ms`);
      for (let i = 0; i < 3; i++) assert.equal(textOf(await v.again(), "A"), "one");

      const waiting = ["C", "D"].map(async (name) => {
        const other = await v.again();
        await other.change([put(name, "waited")]);
      });
      holder.signal("SIGCONT");
      await new Promise((resolve) => setTimeout(resolve, 100));
      holder.signal("SIGKILL");
      await Promise.all(waiting);
    }
    await writer.change([put("B", "two")]);
    assert.deepEqual((await v.again()).list().map(({ name }) => name).sort(), ["A", "B", "C", "D"]);
  },
});

Deno.test({
  name: "a lock is free the moment its holder let go, though children are being started meanwhile",
  ...leftOut(NO_SHELL),
  fn: async () => {
    using v = await openVault();
    // Another thread: a child that is forked while the lock is held has it too, until it runs its own program.
    const starter = new Worker(new URL("../kit/child_starter.ts", import.meta.url), { type: "module" });
    const ended = Promise.withResolvers<number>();
    const begun = Promise.withResolvers<void>();
    starter.onmessage = ({ data }) => data === "started" ? begun.resolve() : ended.resolve(data as number);
    try {
      await begun.promise;
      const rounds = depth(500, 50_000);
      let held = 0;
      for (let round = 0; round < rounds; round++) {
        await withLock(v.homes.vaultLock, () => {});
        if (ifUnlocked(v.homes.vaultLock, () => true) === null) held++;
        // The worker's children are reaped by this thread's loop.
        if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
      starter.postMessage("stop");
      const children = await ended.promise;
      console.log(`lock: let go ${rounds} times while ${children} children were started; still held ${held} times`);
      assert.ok(children > 20, "hardly a child was started");
      assert.equal(held, 0);
    } finally {
      starter.terminate();
    }
  },
});
