/**
 * Promise: a clock set ten years back or ahead revives nothing that expired, keeps no ticket or key longer, loses no
 * backup of the last five, and never touches the order of generations. docs/format.md, "Anchor"; docs/protocol.md.
 */
import assert from "node:assert/strict";
import { queryAudit } from "../../lib/audit/query.ts";
import { verifyAudit } from "../../lib/audit/verify.ts";
import { toHex, utf8 } from "../../lib/bytes.ts";
import { TICKET_LIFE_MS } from "../../lib/daemon/tickets.ts";
import type { Homes } from "../../lib/paths.ts";
import { widen } from "../../lib/presence/challenge.ts";
import { listBackups } from "../../lib/vault/backups.ts";
import { readState } from "../../lib/vault/state.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { newCanary } from "../kit/canary.ts";
import { exchange, HOUR, prepare, redeem, setStage, type Stage } from "../kit/daemon_stage.ts";
import { type FakedClock, fakedClock, TEN_YEARS_DAYS } from "../kit/faked_clock.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { type OpenVault, openVault } from "../kit/open_vault.ts";
import { scriptCommand } from "../kit/script_command.ts";

const FLOOR_STEP_MS = 60_000;
const TEN_YEARS = TEN_YEARS_DAYS * 86_400_000;
const COMMAND = "curl {{TOKEN}}";

const codeFor = async (stage: Stage, name: string) => (await prepare(stage.homes, `curl {{${name}}}`)).message["code"];
const stateOf = async (stage: Stage) => (await exchange(stage.homes, { verb: "status" })).message["state"];

/**
 * Times of the log's lines do not go back, but for the minute between two records of the latest time.
 */
function assertAudit(stage: Stage): void {
  const times = queryAudit(stage.homes.audit, {}).map(({ time }) => time);
  let latest = 0;
  for (const time of times) {
    assert.ok(time >= latest - FLOOR_STEP_MS, `the log's time went back from ${latest} to ${time}`);
    latest = Math.max(latest, time);
  }
  const verified = verifyAudit(stage.homes.audit, stage.keys().audit);
  assert.ok(verified.ok && verified.keyed, JSON.stringify(verified));
}

Deno.test("a clock set back ten years gives no ticket, key or expired secret a longer life", async () => {
  await using stage = await setStage();
  await stage.start({ idleMs: 2 * HOUR });
  const ticket = async () => (await prepare(stage.homes, COMMAND)).message["ticket"];
  const [first, second] = [await ticket(), await ticket()];
  stage.clock.set(stage.clock.wall() - TEN_YEARS);
  stage.clock.pass(TICKET_LIFE_MS - 1);
  assert.equal((await redeem(stage.homes, first, COMMAND)).message["ok"], true);
  stage.clock.pass(1);
  assert.equal((await redeem(stage.homes, second, COMMAND)).message["code"], "ticket_expired");
  assert.equal(await codeFor(stage, "BRIEF"), undefined, "not expired yet");
  stage.clock.pass(2 * HOUR);
  assert.equal(await stateOf(stage), "locked");
  assertAudit(stage);
});

Deno.test("a clock set ahead ten years ends tickets, keys and what expires by then, and for good", async () => {
  await using stage = await setStage();
  const first = await stage.start();
  const begin = stage.clock.wall();
  const ticket = (await prepare(stage.homes, COMMAND)).message["ticket"];
  stage.clock.set(begin + TEN_YEARS);
  assert.notEqual((await redeem(stage.homes, ticket, COMMAND)).message["ok"], true);
  assert.equal(await stateOf(stage), "locked");
  await first.stop();
  for (const wall of [begin + TEN_YEARS, begin, begin - TEN_YEARS]) {
    stage.clock.set(wall);
    const daemon = await stage.start();
    assert.equal(await codeFor(stage, "BRIEF"), "expired");
    assert.equal(await codeFor(stage, "TOKEN"), undefined);
    await daemon.stop();
  }
  assertAudit(stage);
});

/** Runs a script of tests/kit under the clock, in the home, until `work` has been done. */
async function under(clock: FakedClock, stage: Stage, work: () => Promise<void>): Promise<void> {
  const keys = [stage.homes.chosen ?? "", toHex(stage.vaultId), toHex(stage.prk)];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...scriptCommand("clock_daemon.ts"), ...keys],
    env: clock.env,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  try {
    assert.equal(new TextDecoder().decode((await reader.read()).value), "serving\n");
    await work();
  } finally {
    await child.stdin.close();
    await reader.cancel();
    await child.status;
  }
}

async function add(stage: Stage, name: string): Promise<void> {
  const keys = stage.keys();
  const value = newCanary();
  const secret = {
    ...{ name, kind: "token", tags: [], description: "", provider: null, destinations: [], positions: [] },
    ...{ modes: ["env" as const], agents: [], projects: [], confirm: "never" as const, expires: null, weak: false },
    ...{ replace: false, length: utf8(value).length },
  };
  await widen(stage.homes, keys, { verb: "add", secrets: [secret] }, utf8(value));
  keys.wipe();
}

Deno.test({
  name: "real daemons under a clock that jumps by ten years: what expired stays so, saves go on, the log stays whole",
  ...leftOut(NOT_LINUX),
  fn: async () => {
    await using stage = await setStage();
    const clock = await fakedClock(stage.homes.data);
    let generation = 0;
    const saved = async () => {
      const vault = await Vault.open(stage.homes, stage.keys());
      assert.ok(vault.generation > generation, `generation ${vault.generation} after ${generation}`);
      assert.deepEqual(vault.notes, []);
      generation = vault.generation;
    };
    await under(clock, stage, async () => {
      assert.equal(await codeFor(stage, "BRIEF"), undefined);
      const ticket = (await prepare(stage.homes, COMMAND)).message["ticket"];
      clock.set(-TEN_YEARS_DAYS);
      assert.equal((await redeem(stage.homes, ticket, COMMAND)).message["ok"], true);
      await add(stage, "BACK_IN_TIME");
      await saved();
      clock.set(TEN_YEARS_DAYS);
      assert.equal(await stateOf(stage), "locked", "ten years are more than a key may stay");
    });
    for (const days of [TEN_YEARS_DAYS, 0, -TEN_YEARS_DAYS]) {
      clock.set(days);
      await under(clock, stage, async () => {
        assert.equal(await codeFor(stage, "BRIEF"), "expired", `${days} days`);
        assert.equal(await codeFor(stage, "TOKEN"), undefined);
        await add(stage, `AT_${days < 0 ? "MINUS" : "PLUS"}_${Math.abs(days)}`);
        await saved();
      });
    }
    const vault = await Vault.open(stage.homes, stage.keys());
    assert.equal(vault.list().length, 4 + 4);
    assertAudit(stage);
  },
});

Deno.test({
  name: "saves under a clock that jumps by ten years: the last five backups stay, and all that stay open",
  ...leftOut(NOT_LINUX),
  fn: async () => {
    const edits = 7;
    // Values that are replaced make the file anew, and so a backup, in either mode of saving.
    using v = await openVault(Object.fromEntries(Array.from({ length: edits }, (_, i) => [`NAME_${i}`, "first"])));
    const clock = await fakedClock(v.homes.data);
    const keys = [v.home.dir, toHex(v.vault.vaultId), toHex(v.keys().prk)];
    let expected = v.vault.generation;
    for (const [i, days] of [0, TEN_YEARS_DAYS, 0, -TEN_YEARS_DAYS, TEN_YEARS_DAYS, 0].entries()) {
      clock.set(days);
      const before = new Set(listBackups(v.homes).map(({ path }) => path));
      const { success } = await new Deno.Command(Deno.execPath(), {
        args: [...scriptCommand("vault_writer.ts"), ...keys, "edit", "NAME", String(edits)],
        env: clock.env,
      }).output();
      assert.ok(success, `round ${i}`);
      expected += edits;
      const vault = await v.again();
      assert.deepEqual(vault.notes, [], `round ${i}`);
      assert.equal(vault.generation, expected, "a generation for each save, whatever the time");
      assertBackups(v, expected, `round ${i}, ${days} days`);
      dateBack(v.homes, before, days);
    }
  },
});

/** Files get the kernel's time, which is not faked: what this round made is dated as its clock would have. */
function dateBack(homes: Homes, before: Set<string>, days: number): void {
  const made = listBackups(homes).map(({ path }) => path).filter((path) => !before.has(path));
  const then = new Date(Date.now() + days * 86_400_000);
  for (const path of [...made, homes.vault]) Deno.utimeSync(path, then, then);
}

function assertBackups({ homes, keys }: OpenVault, now: number, what: string): void {
  const backups = listBackups(homes);
  const newest = backups.slice(0, 5).map(({ generation }) => generation);
  assert.deepEqual(newest, [1, 2, 3, 4, 5].map((back) => now - back), what);
  assert.ok(backups.length <= 12, `${what}: ${backups.length} backups`);
  for (const { path } of backups) readState(Deno.readFileSync(path), keys());
}
