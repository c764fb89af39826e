/**
 * Promise: a signal to `tacit run` ends the command or keeps it from starting, whenever it comes; no child, no one-shot
 * file and no runner is left behind.
 */
import assert from "node:assert/strict";
import { newCanary } from "../kit/canary.ts";
import { type Chance, chanceOf } from "../kit/chance.ts";
import { depth } from "../kit/depth.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { processesOf } from "../kit/processes.ts";
import { type SeededHome, seededHome } from "../kit/seeded_home.ts";
import { signalAtOpen } from "../kit/signal_at_open.ts";
import { homesOf } from "../../lib/paths.ts";

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
/** Far beyond what a runner needs to end; a loaded machine is slow. */
const LIMIT_MS = 20_000;

/** A sleep whose length, as a word, no other process has. */
const sleepOf = (chance: Chance) => `600.${chance.below(1e9)}`;

function startRunner(home: SeededHome, command: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  const [program = "", ...args] = [...home.command, "run", "--file", "KEYFILE=KEY", "--", ...command];
  return new Deno.Command(program, {
    args,
    env: { ...home.env, ...env },
    clearEnv: true,
    cwd: home.work,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** The runner's status, read without its output. */
async function statusOf(runner: Deno.ChildProcess): Promise<number> {
  const timer = setTimeout(() => runner.kill("SIGKILL"), LIMIT_MS);
  try {
    return (await runner.status).code;
  } finally {
    clearTimeout(timer);
    await runner.stdout.cancel();
  }
}

function end(runner: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    runner.kill(signal);
  } catch { /* it has ended */ }
}

function leftBehind(home: SeededHome, word: string): string[] {
  const files = [...Deno.readDirSync(homesOf(home.tacitHome).oneShot)].map(({ name }) => `file ${name}`);
  return [...files, ...processesOf(word).map((pid) => `process ${pid}`)];
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const limit = performance.now() + LIMIT_MS; !holds();) {
    if (performance.now() > limit) throw new Error(`Cannot go on: ${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The status of a runner whose command has ended and whose output nobody reads, after SIGTERM. */
async function endUnread(home: SeededHome, word: string): Promise<number> {
  const [fifo, go] = [`${home.tmp}/${word}-fifo`, `${home.tmp}/${word}-go`];
  await new Deno.Command("mkfifo", { args: [fifo] }).output();
  using held = await Deno.open(fifo, { read: true, write: true });
  // As much as it takes: the runner waits with its first byte.
  await held.write(new Uint8Array(65_536));
  const script = `echo last words; while ! [ -e "${go}" ]; do sleep 0.02; done`;
  const argv = ["run", "--secret", "TOKEN", "--", "sh", "-c", script, word];
  const started = performance.now();
  const runner = new Deno.Command("sh", {
    args: ["-c", 'fifo=$1; shift; exec "$@" >"$fifo"', "-", fifo, ...home.command, ...argv],
    env: home.env,
    clearEnv: true,
    cwd: home.work,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const status = runner.status.then(({ code }) => code);
  await until(() => processesOf(word).length === 2, "the command's start");
  await new Promise((resolve) => setTimeout(resolve, 200 + 2 * (performance.now() - started)));
  Deno.writeTextFileSync(go, "");
  await until(() => processesOf(word).length <= 1, "the command's end");
  // One that meets the very moment of the end is the command's.
  const again = setInterval(() => end(runner, "SIGTERM"), 300);
  const limit = setTimeout(() => end(runner, "SIGKILL"), LIMIT_MS);
  try {
    return await status;
  } finally {
    clearInterval(again);
    clearTimeout(limit);
  }
}

Deno.test({
  name: "a signal that comes while a command is being started, or after it ended, is never lost",
  ...leftOut(NOT_LINUX),
  fn: async (t) => {
    const home = await seededHome();
    const chance = chanceOf("early signals");
    try {
      await home.add("KEYFILE", newCanary(), ["--inject", "file"]);
      await home.add("TOKEN", newCanary());

      await t.step("control: without a signal the command gets its file, and the file goes with it", async () => {
        const ended = await home.tacit(["run", "--file", "KEYFILE=KEY", "--", "sh", "-c", 'test -s "$KEY"']);
        assert.equal(ended.code, 0, ended.stderr);
        assert.deepEqual(leftBehind(home, "no such word"), []);
      });

      await t.step("between the one-shot file and the command", async () => {
        const env = { LD_PRELOAD: await signalAtOpen(home.tmp), SIGNAL_AT: homesOf(home.tacitHome).oneShot };
        for (let round = 0; round < depth(3, 100); round++) {
          const word = sleepOf(chance);
          assert.equal(await statusOf(startRunner(home, ["sleep", word], env)), 128 + NUMBERS.SIGTERM);
          assert.deepEqual(leftBehind(home, word), []);
        }
      });

      await t.step("from the command itself, as soon as it runs", async () => {
        for (let round = 0; round < depth(3, 100); round++) {
          const word = sleepOf(chance);
          const runner = startRunner(home, ["sh", "-c", `kill -TERM $PPID; exec sleep ${word}`]);
          assert.equal(await statusOf(runner), 128 + NUMBERS.SIGTERM);
          assert.deepEqual(leftBehind(home, word), []);
        }
      });

      await t.step("at a random moment of the start", async () => {
        const started = performance.now();
        await statusOf(startRunner(home, ["true"]));
        const whole = performance.now() - started;
        const rounds = depth(25, 1_000);
        for (let round = 0; round < rounds; round++) {
          const [word, signal] = [sleepOf(chance), chance.pick(Object.keys(NUMBERS)) as keyof typeof NUMBERS];
          const runner = startRunner(home, ["sleep", word]);
          await new Promise((resolve) => setTimeout(resolve, chance.upTo(1.2 * whole)));
          runner.kill(signal);
          assert.equal(await statusOf(runner), 128 + NUMBERS[signal], `round ${round}, ${signal}`);
          assert.deepEqual(leftBehind(home, word), [], `round ${round}, ${signal}`);
        }
        console.log(`early signals: ${rounds} at random within ${Math.round(1.2 * whole)} ms, nothing left behind`);
      });

      await t.step("after the command's end, while nobody reads its output", async () => {
        // A runner that is not yet waiting for its reader leaves its output to a custodian, and has ended.
        let code = 0;
        for (let round = 0; round < 10 && code === 0; round++) code = await endUnread(home, sleepOf(chance));
        assert.equal(code, 128 + NUMBERS.SIGTERM);
      });
    } finally {
      await home.end();
    }
  },
});
