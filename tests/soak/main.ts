/**
 * `deno task soak [--minutes N] [--secrets N]`: one daemon under a steady mix of edits, uses, hooks and scrubbing, looked
 * at from outside every few seconds. Memory, descriptors and files must stay within bounds, and nothing may be lost.
 * Needs the compiled program. docs/reliability.md, "Soak".
 */
import { testBinary } from "../kit/program.ts";
import { seededHome } from "../kit/seeded_home.ts";
import { ROOT } from "../../tools/toolchain.ts";
import { Life } from "./life.ts";
import { judge, look, type Sample } from "./samples.ts";

const minutes = numberAfter("--minutes", 30);
const count = numberAfter("--secrets", 100);
/** Between two rounds: a soak is to last, not to load. */
const PAUSE_MS = 150;
const LOOK_EVERY_MS = 5_000;

if (testBinary() === null) Deno.env.set("TACIT_TEST_BINARY", `${ROOT}dist/tacit`);
const home = await seededHome();
try {
  const pid = await home.daemonPid();
  const life = await Life.begin(home);
  for (let i = 0; i < count; i++) await life.add(`KEPT_${i}`, false);

  const samples: Sample[] = [];
  const started = performance.now();
  let seenAt = started;
  for (let round = 0; performance.now() < started + minutes * 60_000; round++) {
    const name = `KEPT_${round % count}`;
    await life.describe(name, `round ${round}`);
    if (round % 3 === 0) await life.add(name, true);
    if (round % 5 === 0) {
      await life.add("BRIEF", false);
      await life.remove("BRIEF");
    }
    if (round % 7 === 0) await life.use(name);
    if (round % 7 === 3) await life.hook(name);
    if (round % 97 === 0) await life.scrub(name);
    if (performance.now() - seenAt > LOOK_EVERY_MS) {
      seenAt = performance.now();
      samples.push(look(life.homes, pid));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  const verdicts = judge(samples);
  const add = (what: string, ok: boolean, seen: string) => verdicts.push({ what, ok, seen });
  let lost = 0;
  for (const name of life.values.keys()) if (!await life.arrives(name)) lost++;
  add(`all ${life.values.size} values still arrive`, lost === 0, `${lost} did not`);
  const verified = await home.tacit(["audit", "verify"]);
  add("the audit log verifies", verified.code === 0, verified.stdout.trim().slice(0, 200));
  const alive = await home.daemonPid();
  add("one daemon served all the time", alive === pid, `pid ${pid}, then ${alive}`);

  console.log(`soak: ${minutes} minutes, ${count} secrets, ${samples.length} looks`);
  console.log(`soak: ${Object.entries(life.done).map(([verb, n]) => `${verb} ${n}`).join(", ")}`);
  for (const { what, ok, seen } of verdicts) console.log(`${ok ? "ok    " : "FAILED"} ${what}: ${seen}`);
  const failed = verdicts.filter(({ ok }) => !ok).length;
  console.log(`${verdicts.length - failed} passed, ${failed} failed`);
  Deno.exitCode = failed === 0 ? 0 : 1;
} finally {
  await home.end();
}

function numberAfter(flag: string, otherwise: number): number {
  const at = Deno.args.indexOf(flag);
  const given = at < 0 ? otherwise : Number(Deno.args[at + 1]);
  if (!(given > 0)) throw new TypeError(`Cannot use ${flag}: not a positive number`);
  return given;
}
