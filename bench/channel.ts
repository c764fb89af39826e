/**
 * What the shell channel adds to a shell call: the text that Claude Code gives to bash, with tacit's line in it and
 * without, in turns, against the compiled program and a daemon.
 */
import { report, skipped } from "./report.ts";
import { builtProgram, inSeededHome } from "./seeded_home.ts";
import { spread, takeTurns } from "./whole_process.ts";
import { homesOf } from "../lib/paths.ts";
import { channelLine, openShellChannel } from "../lib/hooks/shell_channel.ts";

const ROUNDS = 41;
const TITLE = "Shell channel, whole shell call";
/** Commands, and what the channel may add to each, in milliseconds: above that it may not be the default. */
const COMMANDS = [["true", 40], ["sleep 0.05", 40], ["seq 20000", null]] as const;

const program = await builtProgram();
if (program === null) skipped(TITLE, "dist/tacit is missing; build it with: deno task build");
else {
  await inSeededHome(program, async (user) => {
    const homes = homesOf(user.tacit);
    await openShellChannel(homes, [program, "--home", user.tacit], `${user.aside}/shell`);
    const here = { cwd: user.work, env: user.env };
    const line = channelLine(homes);
    // As Claude Code 2.1.330 writes it.
    const text = (before: string, command: string) =>
      `${before}source /dev/null 2>/dev/null || true && eval '${command}'`;
    const times = await takeTurns(
      COMMANDS.flatMap(([command]) => [
        { name: `${command}, without`, command: ["bash", "-c", text("", command)], ...here },
        { name: `${command}, with`, command: ["bash", "-c", text(`${line}\n`, command)], ...here },
      ]),
      ROUNDS,
    );
    report(
      TITLE,
      COMMANDS.flatMap(([command, budget], i) => {
        const [without, withIt] = [times[2 * i], times[2 * i + 1]];
        if (!without || !withIt) return [];
        const added = spread(withIt.rounds.map((ms, round) => ms - (without.rounds[round] ?? NaN)));
        return [{
          what: `added to \`${command}\``,
          value: added.median,
          budget,
          unit: "ms" as const,
          how: `median of ${ROUNDS} pairs, p95 ${added.p95.toFixed(1)}; ` +
            `${withIt.median.toFixed(1)} ms to ${without.median.toFixed(1)}`,
        }];
      }),
    );
  });
}
