/**
 * Promise: a change of the data key that is killed at any moment leaves the old key or the new one in force, no secret
 * lost, and an audit log that the next unlock makes whole. docs/format.md, "Epochs"; docs/audit.md, "Epochs".
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { utf8 } from "../../lib/bytes.ts";
import { Daemon } from "../../lib/daemon/daemon.ts";
import type { Homes } from "../../lib/paths.ts";
import { listBackups } from "../../lib/vault/backups.ts";
import { writeSeen } from "../../lib/vault/clock.ts";
import { parseHeader } from "../../lib/vault/header.ts";
import { openWithPassphrase } from "../../lib/vault/slots.ts";
import { exchange, HOUR } from "../kit/daemon_stage.ts";
import { depth } from "../kit/depth.ts";
import { openVault, TEST_PASSPHRASE } from "../kit/open_vault.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KILLS = depth(12, 600);
const SECRETS = 40;
/** The latest time seen, Unix milliseconds. */
const SEEN = Date.UTC(2100, 0);

Deno.test(`a change of the data key killed ${KILLS} times loses nothing and keeps the audit log whole`, async () => {
  const seed = Number(Deno.env.get("TACIT_SEED") ?? 3);
  const random = numbersFrom(seed);
  const values = Object.fromEntries(Array.from({ length: SECRETS }, (_, i) => [`S_${i}`, `value ${i} of many`]));
  using v = await openVault(values);
  // Far ahead of every clock, so that each record of it that is lost on the way shows.
  writeSeen(v.homes, v.keys(), SEEN);
  // How long a change and the unlock behind it take on this machine, as busy as it is.
  let round = 1000;
  let epoch = 1;
  let changes = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    // Every other kill meets the first change, the others what follows it.
    const killed = await killAfter(v.homes, kill % 2, random() * round);
    const { acknowledged } = killed;
    if (killed.roundMs !== null) round = killed.roundMs;
    const found = await unlock(v.homes, values, `kill ${kill}, TACIT_SEED=${seed}`);
    // An acknowledged key is in force; the one after it may be.
    const least = Math.max(epoch, acknowledged);
    assert.ok(found === least || found === least + 1, `kill ${kill}: epoch ${found} after ${least}`);
    changes += found - epoch;
    epoch = found;
  }
  assert.ok(changes >= Math.floor(KILLS / 2), `only ${changes} changes in ${KILLS} kills`);
  console.log(`${KILLS} kills, ${changes} changes of the data key, seed ${seed}`);
});

/**
 * Lets a process change keys, kills it `ms` after it said that `changes` were done, and returns the last epoch that it
 * said was in force, and how long a change took if it did one.
 */
async function killAfter(
  homes: Homes,
  changes: number,
  ms: number,
): Promise<{ acknowledged: number; roundMs: number | null }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-prompt", "--no-check", "--cached-only", "--config", join(ROOT, "deno.json")],
      ...[join(ROOT, "tests/kit/key_changer.ts"), homes.data],
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let said = "";
  const decoder = new TextDecoder();
  const times: number[] = [];
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    const before = times.length;
    while (times.length < said.split("\n").length - 1) times.push(performance.now());
    if (before <= changes && times.length > changes) setTimeout(() => child.kill("SIGKILL"), ms);
  }
  assert.equal((await child.status).signal, "SIGKILL", "it ended by itself");
  const [ready, first] = times;
  const roundMs = ready === undefined || first === undefined ? null : first - ready;
  return { acknowledged: Number(said.split("\n").slice(1, -1).at(-1) ?? 0), roundMs };
}

/** Unlocks as a person would, checks all that was promised, and returns the epoch. */
async function unlock(homes: Homes, values: Record<string, string>, when: string): Promise<number> {
  const { keys, epoch } = await openWithPassphrase(homes.vault, utf8(TEST_PASSPHRASE));
  const limits = { idleMs: HOUR, absoluteMs: HOUR };
  const key = { prk: keys.prk, vaultId: keys.vaultId, epoch, presence: "pipe" as const, limits };
  const daemon = await Daemon.start({ homes, version: "test", key });
  try {
    const { message } = await exchange(homes, { verb: "audit_verify" });
    assert.deepEqual([message["verified"], message["keyed"], message["reason"]], [true, true, ""], when);
    const { floor, keyring, notes } = daemon.service;
    assert.equal(floor.now(), SEEN, `the latest time seen is lost, ${when}`);
    assert.deepEqual([...notes, ...keyring.notes], [], when);
    for (const [name, value] of Object.entries(values)) {
      assert.equal(new TextDecoder().decode(keyring.read(name)?.reveal()), value, `${name}, ${when}`);
    }
    const early = listBackups(homes).filter(({ path }) => parseHeader(Deno.readFileSync(path)).epoch < epoch);
    assert.deepEqual(early, [], `a backup under an old key, ${when}`);
  } finally {
    await daemon.stop();
  }
  return epoch;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
