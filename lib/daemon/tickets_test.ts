import assert from "node:assert/strict";
import type { Clock } from "./clock.ts";
import { MAX_TICKETS, TICKET_LIFE_MS, type TicketBinding, Tickets } from "./tickets.ts";

function clockAt(): Clock & { advance(ms: number): void; setWall(ms: number): void } {
  let [wall, steady] = [1_000_000, 0];
  return {
    wall: () => wall,
    steady: () => steady,
    advance(ms) {
      wall += ms;
      steady += ms;
    },
    setWall: (ms) => wall = ms,
  };
}

function bindingOf(session = "s1"): TicketBinding {
  const caller = { agent: "a", session, project: null, cwd: "/project" };
  return { commandSha256: "ab".repeat(32), cwd: "/project", caller, names: ["TOKEN"] };
}

const same = ["ab".repeat(32), "/project"] as const;

Deno.test("a ticket is good once, for its command in its directory", () => {
  const tickets = new Tickets(clockAt());
  const ticket = tickets.mint(bindingOf());
  assert.match(ticket, /^[0-9a-f]{32}$/);
  assert.deepEqual(tickets.redeem(ticket, ...same), bindingOf());
  assert.equal(tickets.redeem(ticket, ...same), "ticket_used");
});

Deno.test("a ticket shown with another command or directory is used up", () => {
  for (const [sha, cwd] of [["cd".repeat(32), "/project"], ["ab".repeat(32), "/project/"]] as const) {
    const tickets = new Tickets(clockAt());
    const ticket = tickets.mint(bindingOf());
    assert.equal(tickets.redeem(ticket, sha, cwd), "ticket_mismatch");
    assert.equal(tickets.redeem(ticket, ...same), "ticket_used");
  }
});

Deno.test("a ticket ends after 15 minutes, and no set clock extends it", () => {
  const clock = clockAt();
  const tickets = new Tickets(clock);
  const [early, late, asleep] = [tickets.mint(bindingOf()), tickets.mint(bindingOf()), tickets.mint(bindingOf())];
  clock.advance(TICKET_LIFE_MS - 1);
  assert.notEqual(typeof tickets.redeem(early, ...same), "string");
  clock.advance(1);
  clock.setWall(0);
  assert.equal(tickets.redeem(late, ...same), "ticket_expired");
  // The machine slept: the steady clock stood still.
  const sleeper = clockAt();
  const others = new Tickets(sleeper);
  const ticket = others.mint(bindingOf());
  sleeper.setWall(1_000_000 + TICKET_LIFE_MS);
  assert.equal(others.redeem(ticket, ...same), "ticket_expired");
  assert.equal(others.redeem(asleep, ...same), "ticket_unknown");
});

Deno.test("a session's end takes its tickets and no others", () => {
  const tickets = new Tickets(clockAt());
  const [mine, other] = [tickets.mint(bindingOf("s1")), tickets.mint(bindingOf("s2"))];
  tickets.dropSession("s1");
  assert.equal(tickets.redeem(mine, ...same), "ticket_unknown");
  assert.notEqual(typeof tickets.redeem(other, ...same), "string");
});

Deno.test("tickets are bounded in number and the newest stay", () => {
  const tickets = new Tickets(clockAt());
  const first = tickets.mint(bindingOf());
  let last = "";
  for (let i = 0; i < MAX_TICKETS; i++) last = tickets.mint(bindingOf());
  assert.equal(tickets.size, MAX_TICKETS);
  assert.equal(tickets.redeem(first, ...same), "ticket_unknown");
  assert.notEqual(typeof tickets.redeem(last, ...same), "string");
});

Deno.test("a guess is unknown, and so is a hash of a ticket", () => {
  const tickets = new Tickets(clockAt());
  tickets.mint(bindingOf());
  for (const guess of ["", "0".repeat(32), "ab".repeat(32)]) {
    assert.equal(tickets.redeem(guess, ...same), "ticket_unknown");
  }
});
