/** The daemon's answer to a hook: on an open connection, and with a new one, peer check included. */
import { connect, request } from "../lib/client/client.ts";
import { homesOf } from "../lib/paths.ts";
import { report, skipped } from "./report.ts";
import { builtProgram, inSeededHome } from "./seeded_home.ts";
import { spread } from "./whole_process.ts";

const REQUESTS = 2000;
const TITLE = "Daemon request";

const program = await builtProgram();
if (program === null) skipped(TITLE, "dist/tacit is missing; build it with: deno task build");
else {
  await inSeededHome(program, async (user) => {
    const { useSocket } = homesOf(user.tacit);
    const command = new TextEncoder().encode("ls -la /tmp && git status --short");
    const caller = { agent: "claude-code", session: "bench", project: user.work, cwd: user.work };
    const prepare = { verb: "prepare", caller, lengths: [command.length], command: 0 };
    const time = async (work: () => Promise<void>) => {
      const times: number[] = [];
      for (let i = -100; i < REQUESTS; i++) {
        const started = performance.now();
        await work();
        if (i >= 0) times.push(performance.now() - started);
      }
      const sorted = times.toSorted((a, b) => a - b);
      return { ...spread(times), p99: sorted[Math.floor(sorted.length * 0.99)] ?? NaN };
    };
    const line = await connect(useSocket);
    const ask = async (connection: Deno.Conn) => void await request(connection, { v: 1, ...prepare }, command);
    const open = await time(() => ask(line));
    line.close();
    const fresh = await time(async () => {
      const connection = await connect(useSocket);
      await ask(connection);
      connection.close();
    });
    const how = (what: string) => `${REQUESTS} requests, ${what}`;
    report(TITLE, [
      {
        what: "open connection, p50",
        value: open.median,
        budget: 0.3,
        unit: "ms",
        how: how("prepare, one after another"),
      },
      { what: "open connection, p99", value: open.p99, budget: null, unit: "ms", how: "" },
      { what: "new connection, p50", value: fresh.median, budget: 1, unit: "ms", how: how("peer check included") },
      { what: "new connection, p99", value: fresh.p99, budget: null, unit: "ms", how: "" },
    ]);
  });
}
