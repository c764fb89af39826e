/**
 * Promise: SIGKILL of the daemon in the middle of requests loses nothing that it confirmed, leaves no ticket alive, and
 * keeps the next daemon from nothing; the audit log stays whole. docs/protocol.md.
 */
import assert from "node:assert/strict";
import { queryAudit } from "../../lib/audit/query.ts";
import { verifyAudit } from "../../lib/audit/verify.ts";
import { utf8 } from "../../lib/bytes.ts";
import { widen } from "../../lib/presence/challenge.ts";
import type { NewSecret } from "../../lib/protocol/messages.ts";
import { Vault } from "../../lib/vault/vault.ts";
import { newCanary } from "../kit/canary.ts";
import { type Chance, chanceOf } from "../kit/chance.ts";
import { spawnDaemon, type SpawnedDaemon } from "../kit/daemon_process.ts";
import { prepare, redeem, setStage, type Stage } from "../kit/daemon_stage.ts";
import { depth } from "../kit/depth.ts";
import { textOf } from "../kit/open_vault.ts";

const KILLS = depth(20, 200);
const CLIENTS = 4;
const COMMAND = "curl {{TOKEN}}";

/** What one client was told, and what it last asked for without an answer. */
interface Told {
  confirmed: Map<string, string>;
  asked: Map<string, string>;
}

function newSecret(name: string, value: string): NewSecret {
  return {
    ...{ name, kind: "token", tags: [], description: "", provider: null, destinations: [], positions: [] },
    ...{ modes: ["env"], agents: [], projects: [], confirm: "never", expires: null, weak: false, replace: true },
    length: utf8(value).length,
  };
}

/** Adds and replaces three secrets of its own until the daemon is gone. */
async function client(stage: Stage, number: number, told: Told, hear: () => void): Promise<number> {
  for (let i = 0;; i++) {
    const [name, value] = [`CLIENT_${number}_${i % 3}`, newCanary()];
    told.asked.set(name, value);
    const keys = stage.keys();
    try {
      await widen(stage.homes, keys, { verb: "add", secrets: [newSecret(name, value)] }, utf8(value));
    } catch (error) {
      if ((error as { code?: string }).code === "unreachable") return i;
      throw error;
    } finally {
      keys.wipe();
    }
    told.confirmed.set(name, value);
    told.asked.delete(name);
    hear();
  }
}

/** Gets tickets until the daemon is gone. */
async function ticketHolder(stage: Stage): Promise<unknown[]> {
  const tickets: unknown[] = [];
  try {
    for (;;) tickets.push((await prepare(stage.homes, COMMAND)).message["ticket"]);
  } catch {
    return tickets;
  }
}

/** One daemon's life under load; returns the adds that it confirmed and its tickets. */
async function liveAndDie(stage: Stage, daemon: SpawnedDaemon, told: Told, chance: Chance) {
  const enough = Promise.withResolvers<void>();
  let wanted = 1 + chance.below(8);
  const hear = () => --wanted === 0 && enough.resolve();
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(stage, i, told, hear)));
  const holder = ticketHolder(stage);
  await Promise.race([enough.promise, clients]);
  await new Promise((resolve) => setTimeout(resolve, chance.upTo(20)));
  Deno.kill(daemon.pid, "SIGKILL");
  await daemon.printed;
  const confirmed = (await clients).reduce((a, b) => a + b, 0);
  return { confirmed, tickets: await holder };
}

async function assertNothingLost(stage: Stage, told: Told): Promise<number> {
  const vault = await Vault.open(stage.homes, stage.keys());
  let kept = 0;
  for (const [name, value] of told.confirmed) {
    const found = textOf(vault, name);
    if (found === value) continue;
    assert.ok(told.asked.get(name) === found, `${name} is neither the confirmed value nor the one in flight`);
    kept++;
  }
  for (const { name } of vault.list()) {
    const known = told.confirmed.has(name) || told.asked.has(name) || name in stage.values;
    assert.ok(known, `${name} came from nowhere`);
    told.confirmed.set(name, textOf(vault, name));
  }
  told.asked.clear();
  vault.close();
  return kept;
}

Deno.test("a daemon killed under load: what it confirmed stays, no ticket outlives it, the next one starts", async () => {
  const chance = chanceOf("daemon kill");
  await using stage = await setStage({ values: { TOKEN: newCanary() } });
  const told: Told = { confirmed: new Map(), asked: new Map() };
  let [confirmed, kept, tickets] = [0, 0, 0];
  let ticket: unknown = null;
  for (let round = 0; round <= KILLS; round++) {
    const daemon = await spawnDaemon(stage, { key: true });
    try {
      assert.equal(daemon.reply?.["ok"], true, `round ${round}: ${JSON.stringify(daemon.reply)}`);
      const audited = verifyAudit(stage.homes.audit, stage.keys().audit);
      assert.ok(audited.ok && audited.keyed, `round ${round}: ${JSON.stringify(audited)}`);
      if (ticket !== null) assert.equal((await redeem(stage.homes, ticket, COMMAND)).message["code"], "ticket_unknown");
      if (round === KILLS) break;
      const life = await liveAndDie(stage, daemon, told, chance);
      kept += await assertNothingLost(stage, told);
      confirmed += life.confirmed;
      tickets += life.tickets.length;
      ticket = life.tickets.at(-1) ?? null;
    } finally {
      await daemon.stop();
    }
  }
  const lines = queryAudit(stage.homes.audit, { decision: "allow" }).filter(({ event }) => event === "add");
  assert.ok(lines.length >= confirmed, `${lines.length} lines for ${confirmed} adds`);
  assert.ok(confirmed > KILLS && tickets > 0, "the daemons had hardly anything to do");
  console.log(
    `daemon: ${KILLS} kills, ${confirmed} confirmed adds, lost 0; ${kept} in flight were kept whole; ` +
      `${tickets} tickets, none outlived its daemon; the audit log verified each time`,
  );
});
