/** Promise: a ticket runs one approved command, once, there, in its session, for 15 minutes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { queryAudit } from "../../lib/audit/query.ts";
import { TICKET_LIFE_MS } from "../../lib/daemon/tickets.ts";
import { callerOf, exchange, prepare, redeem, setStage, type Stage } from "../kit/daemon_stage.ts";

const COMMAND = "curl {{TOKEN}}";

function promise(name: string, work: (stage: Stage, ticket: string) => Promise<void>): void {
  Deno.test(`a ticket ${name}`, async () => {
    await using stage = await setStage();
    await stage.start();
    const { message } = await prepare(stage.homes, COMMAND);
    assert.match(String(message["ticket"]), /^[0-9a-f]{32}$/);
    await work(stage, String(message["ticket"]));
  });
}

async function codeOf(stage: Stage, ticket: string, command = COMMAND, cwd = "/"): Promise<unknown> {
  const { message, attachment } = await redeem(stage.homes, ticket, command, cwd);
  if (message["ok"] === true) return new TextDecoder().decode(attachment) === stage.values["TOKEN"] ? "value" : "other";
  assert.equal(attachment.length, 0);
  return message["code"];
}

promise("is good once", async (stage, ticket) => {
  assert.equal(await codeOf(stage, ticket), "value");
  assert.equal(await codeOf(stage, ticket), "ticket_used");
});

promise("is good for no other command", async (stage, ticket) => {
  assert.equal(await codeOf(stage, ticket, `${COMMAND} `), "ticket_mismatch");
  assert.equal(await codeOf(stage, ticket), "ticket_used");
});

promise("is good in no other directory", async (stage, ticket) => {
  assert.equal(await codeOf(stage, ticket, COMMAND, "/tmp"), "ticket_mismatch");
});

promise("ends with its session", async (stage, ticket) => {
  await exchange(stage.homes, { verb: "session", event: "end", caller: callerOf("other") });
  const second = await prepare(stage.homes, COMMAND);
  await exchange(stage.homes, { verb: "session", event: "end", caller: callerOf() });
  assert.equal(await codeOf(stage, ticket), "ticket_unknown");
  assert.equal(await codeOf(stage, String(second.message["ticket"])), "ticket_unknown");
});

promise("survives the end of another session", async (stage, ticket) => {
  await exchange(stage.homes, { verb: "session", event: "end", caller: callerOf("other") });
  assert.equal(await codeOf(stage, ticket), "value");
});

promise("ends after 15 minutes, even if the clock is set back", async (stage, ticket) => {
  stage.clock.pass(TICKET_LIFE_MS);
  stage.clock.set(stage.clock.wall() - TICKET_LIFE_MS);
  assert.equal(await codeOf(stage, ticket), "ticket_expired");
});

promise("has one winner among racers", async (stage, ticket) => {
  const outcomes = await Promise.all(Array.from({ length: 12 }, () => codeOf(stage, ticket)));
  assert.deepEqual(outcomes.toSorted(), [...new Array(11).fill("ticket_used"), "value"]);
});

promise("cannot be guessed", async (stage, ticket) => {
  const near = (ticket[0] === "0" ? "1" : "0") + ticket.slice(1);
  for (const guess of [near, "", "0".repeat(32), ticket.toUpperCase() === ticket ? "x" : ticket.toUpperCase()]) {
    assert.equal(await codeOf(stage, guess), "ticket_unknown");
  }
  assert.equal(await codeOf(stage, ticket), "value");
});

promise("that is refused leaves an alarm in the log, one that is taken a use", async (stage, ticket) => {
  await codeOf(stage, ticket);
  await codeOf(stage, ticket);
  const records = queryAudit(stage.homes.audit, {});
  const lines = records.map(({ event, decision, code }) => `${event} ${decision} ${code}`);
  assert.deepEqual(lines.filter((line) => /^(ticket|use|redeem)/.test(line)), [
    "ticket allow ok",
    "use allow ok",
    "redeem alarm ticket_used",
  ]);
});

Deno.test("a ticket behind a leading cd is bound to the directory after it", async () => {
  await using stage = await setStage();
  await stage.start();
  const directory = join(stage.homes.data, "some dir");
  Deno.mkdirSync(directory);
  Deno.symlinkSync(directory, join(stage.homes.data, "link"));
  const { message } = await prepare(
    stage.homes,
    `cd link && ${COMMAND}`,
    callerOf("s1", { cwd: stage.homes.data }),
  );
  const fill = await redeem(stage.homes, message["ticket"], COMMAND, Deno.realPathSync(directory));
  assert.equal(fill.message["ok"], true);
});

Deno.test("a use ends with its exit status and duration in the log, once", async () => {
  await using stage = await setStage();
  await stage.start();
  const { message } = await prepare(stage.homes, COMMAND);
  const fill = await redeem(stage.homes, message["ticket"], COMMAND);
  const finish = { verb: "finish", use: fill.message["use"], exit_status: 7, duration_ms: 12 };
  assert.equal((await exchange(stage.homes, finish)).message["ok"], true);
  assert.equal((await exchange(stage.homes, finish)).message["code"], "bad_request");
  const [line] = queryAudit(stage.homes.audit, { event: "finish" });
  assert.deepEqual([line?.secret, line?.exit_status, line?.duration_ms], ["TOKEN", 7, 12]);
});
