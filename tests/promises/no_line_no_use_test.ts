/** Promise: no line, no use. Where the log cannot take the line, `append` throws, whatever the reason. */
import assert from "node:assert/strict";
import { logFile } from "../../lib/audit/files.ts";
import { AuditLog, AuditWriteError } from "../../lib/audit/log.ts";
import { verifyAudit } from "../../lib/audit/verify.ts";
import { AUDIT_KEY, useOf } from "../kit/audit_log.ts";
import { leftOut, NO_SHELL, NOT_LINUX } from "../kit/left_out.ts";
import { tmpHome } from "../kit/tmp_home.ts";

const ROOM = new URL("../../lib/audit/log.ts", import.meta.url).href;
const KIT = new URL("../kit/audit_log.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Appends until the log refuses; prints how many lines were promised and why it stopped. */
const UNTIL_REFUSED = `
  import { AuditLog, AuditWriteError } from ${JSON.stringify(ROOM)};
  import { AUDIT_KEY, useOf } from ${JSON.stringify(KIT)};
  const log = await AuditLog.open(Deno.args[0]!);
  let promised = 0, refused = 0, message = "";
  for (let n = 0; n < 400 && refused < 3; n++) {
    try { log.append({ ...useOf(n), path: "/" + "p".repeat(900) }, AUDIT_KEY); promised++; }
    catch (error) {
      if (!(error instanceof AuditWriteError)) throw error;
      refused++; message = error.message + " | " + error.hint;
    }
  }
  console.log(JSON.stringify({ promised, refused, message }));
`;

interface Outcome {
  promised: number;
  refused: number;
  message: string;
}

async function untilRefused(script: string, dir: string, limit: string): Promise<Outcome> {
  Deno.writeTextFileSync(script, UNTIL_REFUSED);
  const deno = [Deno.execPath(), "run", "-A", "--no-check", "--no-lock", "--config", CONFIG, script, dir];
  // SIGXFSZ is ignored so that the write fails with EFBIG, as it would with ENOSPC.
  const output = await new Deno.Command("bash", { args: ["-c", `${limit} exec "$@"`, "bash", ...deno] }).output();
  assert.ok(output.success, new TextDecoder().decode(output.stderr));
  return JSON.parse(new TextDecoder().decode(output.stdout));
}

/** Every promised line is in the file, and the log goes on soundly once there is room. */
async function assertNothingLost(dir: string, outcome: Outcome): Promise<void> {
  assert.ok(outcome.promised > 0 && outcome.refused === 3, JSON.stringify(outcome));
  const log = await AuditLog.open(dir);
  log.append(useOf(1), AUDIT_KEY);
  const text = Deno.readTextFileSync(logFile(dir, 1));
  for (let n = 0; n < outcome.promised; n++) assert.ok(text.includes(`"S${n}"`), `promised line ${n}`);
  const result = verifyAudit(dir, AUDIT_KEY);
  assert.ok(result.ok, JSON.stringify(result));
}

Deno.test("no line, no use: the file may not grow", leftOut(NO_SHELL), async () => {
  using home = tmpHome();
  const outcome = await untilRefused(home.path("fill.ts"), home.homes.audit, "trap '' XFSZ; ulimit -f 50;");
  assert.match(outcome.message, /may not grow/);
  await assertNothingLost(home.homes.audit, outcome);
});

Deno.test("no line, no use: the disk is full", leftOut(NOT_LINUX), async (t) => {
  using home = tmpHome();
  const disk = home.path("disk");
  Deno.mkdirSync(disk);
  const mount = (command: string, ...args: string[]) =>
    new Deno.Command(command, { args, stderr: "piped" }).outputSync();
  const mounted = mount("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", disk);
  if (!mounted.success) {
    const reason = new TextDecoder().decode(mounted.stderr).trim();
    await t.step({ name: `not run, a small disk cannot be mounted: ${reason}`, ignore: true, fn: () => {} });
    return;
  }
  try {
    const outcome = await untilRefused(home.path("fill.ts"), `${disk}/audit`, "");
    assert.match(outcome.message, /the disk is full/);
    assert.ok(mount("mount", "-o", "remount,size=1m", disk).success);
    await assertNothingLost(`${disk}/audit`, outcome);
  } finally {
    mount("umount", disk);
  }
});

Deno.test("no line, no use: another process holds the lock for too long", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await AuditLog.open(dir);
  log.append(useOf(1), AUDIT_KEY);
  using held = Deno.openSync(`${dir}/lock`, { write: true });
  // An appender's lock lets nobody in, not even beside a lock that would let others.
  held.lockSync(false);
  const start = performance.now();
  assert.throws(() => log.append(useOf(2), AUDIT_KEY), AuditWriteError);
  assert.ok(performance.now() - start < 60_000, "the wait is bounded");
  held.unlockSync();
  log.append(useOf(3), AUDIT_KEY);
  assert.equal(Deno.readTextFileSync(logFile(dir, 1)).includes('"S2"'), false);
});

Deno.test("no line, no use: a line that is out of the closed set of fields is not written in part", async () => {
  using home = tmpHome();
  const log = await AuditLog.open(home.homes.audit);
  const unfit = { ...useOf(1), value: "x" } as unknown as ReturnType<typeof useOf>;
  assert.throws(() => log.append(unfit, AUDIT_KEY), TypeError);
  assert.deepEqual(verifyAudit(home.homes.audit, null), { ok: true, lines: 0, keyed: false, uncovered: 0 });
});
