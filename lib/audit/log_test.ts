import assert from "node:assert/strict";
import { AUDIT_KEY, readLines, rewriteLines, smallLog, useOf } from "../../tests/kit/audit_log.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { headFile, listFiles, logFile, MAX_FILE_BYTES } from "./files.ts";
import { writeHead } from "./head.ts";
import { AuditLog, AuditWriteError } from "./log.ts";
import { parseLine } from "./record.ts";
import { verifyAudit } from "./verify.ts";

Deno.test("directory, files and head are for this user only", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 1, 1);
  const mode = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o7777;
  assert.equal(mode(dir), 0o700);
  assert.equal(mode(logFile(dir, 1)), 0o600);
  assert.equal(mode(headFile(dir)), 0o600);
  assert.equal(mode(`${dir}/lock`), 0o600);
});

Deno.test("the time of the last line is known, also to a log opened later", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await AuditLog.open(dir);
  assert.equal(log.lastTime(), 0);
  log.append({ ...useOf(1), time: 5000 }, null);
  assert.equal(log.lastTime(), 5000);
  log.append({ ...useOf(1), time: 3000 }, null);
  assert.equal(log.lastTime(), 5000, "a clock set back does not set it back");
  assert.equal((await AuditLog.open(dir)).lastTime(), 3000);
});

Deno.test("an unfit entry writes nothing, also among fit ones", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await smallLog(dir, 0, 1);
  const before = readLines(dir);
  assert.throws(() => log.append([useOf(1), { ...useOf(2), secret: "no name" }], AUDIT_KEY), TypeError);
  assert.throws(() => log.append(useOf(1), new Uint8Array(16)), TypeError);
  assert.deepEqual(readLines(dir), before);
});

Deno.test("a link, another mode, a second name or another kind of file is never used", async () => {
  const cases: Record<string, (path: string) => void> = {
    "symbolic link": (path) => {
      Deno.renameSync(path, `${path}.moved`);
      Deno.symlinkSync(`${path}.moved`, path);
    },
    "dangling link": (path) => {
      Deno.removeSync(path);
      Deno.symlinkSync(`${path}.nowhere`, path);
    },
    "mode 0644": (path) => Deno.chmodSync(path, 0o644),
    "mode 04600": (path) => Deno.chmodSync(path, 0o4600),
    "second name": (path) => Deno.linkSync(path, `${path}.second`),
    directory: (path) => {
      Deno.removeSync(path);
      Deno.mkdirSync(path);
    },
    fifo: (path) => {
      Deno.removeSync(path);
      assert.ok(new Deno.Command("mkfifo", { args: ["-m", "600", path] }).outputSync().success);
    },
  };
  if (Deno.uid() === 0) cases["another user's"] = (path) => Deno.chownSync(path, 65534, 65534);
  for (const [name, spoil] of Object.entries(cases)) {
    for (const which of [logFile, headFile]) {
      using home = tmpHome();
      const dir = home.homes.audit;
      const log = await smallLog(dir, 1, 1);
      spoil(which(dir, 1));
      assert.throws(() => log.append(useOf(3), AUDIT_KEY), AuditWriteError, name);
      await assert.rejects(async () => (await AuditLog.open(dir)).append(useOf(3), AUDIT_KEY), AuditWriteError, name);
      const result = verifyAudit(dir, AUDIT_KEY);
      assert.ok(!result.ok && result.reason.includes("Cannot use audit file"), name);
    }
  }
});

Deno.test("a directory that others may enter, or a link to one, is refused", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 0, 1);
  Deno.chmodSync(dir, 0o755);
  await assert.rejects(AuditLog.open(dir), AuditWriteError);
  Deno.chmodSync(dir, 0o700);
  Deno.renameSync(dir, `${dir}.moved`);
  Deno.symlinkSync(`${dir}.moved`, dir);
  await assert.rejects(AuditLog.open(dir), AuditWriteError);
});

Deno.test("a torn last line is closed off, recorded and understood", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await filled(dir);
  const whole = `${readLines(dir).at(-1)}`;
  for (const torn of ["{", whole.slice(0, 40), "\0\0\0\0\0\0\0\0", "\xff", `${whole}x`]) {
    Deno.writeTextFileSync(logFile(dir, 1), torn, { append: true });
    assert.equal(verifyAudit(dir, AUDIT_KEY).ok, false, "not before it is closed off");
    const before = readLines(dir).length;
    const log = await AuditLog.open(dir);
    const lines = readLines(dir);
    assert.equal(lines.length, before + 2, "the torn bytes stay, a line says so");
    assert.equal(parseLine(lines.at(-1) ?? "")?.code, "torn_tail");
    log.append(useOf(7), AUDIT_KEY);
    assert.deepEqual(verifyAudit(dir, AUDIT_KEY).ok, true, JSON.stringify(torn));
    assert.equal(log.cover(AUDIT_KEY).ok, true);
  }
  // The bytes that were closed off cannot be changed afterwards.
  const text = Deno.readTextFileSync(logFile(dir, 1));
  Deno.writeTextFileSync(logFile(dir, 1), text.replace("\n{\n", "\n[\n"));
  assert.equal(verifyAudit(dir, AUDIT_KEY).ok, false);
});

Deno.test("a last line that lacks nothing but its newline is kept as a line", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await filled(dir);
  const size = Deno.lstatSync(logFile(dir, 1)).size;
  Deno.truncateSync(logFile(dir, 1), size - 1);
  assert.equal(verifyAudit(dir, AUDIT_KEY).ok, false);
  await AuditLog.open(dir);
  assert.deepEqual(verifyAudit(dir, AUDIT_KEY), { ok: true, lines: 5, keyed: true, uncovered: 1 });
});

Deno.test("what is done to the log while it is open is put on record", async () => {
  const deeds: Record<string, (dir: string) => void> = {
    "cut at a line": (dir) => Deno.truncateSync(logFile(dir, 1), `${readLines(dir)[0]}\n`.length),
    "cut to nothing": (dir) => Deno.truncateSync(logFile(dir, 1), 0),
    "file removed": (dir) => Deno.removeSync(logFile(dir, 1)),
    "directory removed": (dir) => Deno.removeSync(dir, { recursive: true }),
    "garbage added": (dir) => Deno.writeTextFileSync(logFile(dir, 1), "garbage\n", { append: true }),
    "old copy put back, other lines added": (dir) => {
      const text = `${readLines(dir)[0]}\n${readLines(dir)[3]}\n`.repeat(2);
      Deno.writeTextFileSync(logFile(dir, 1), text);
    },
  };
  for (const [name, deed] of Object.entries(deeds)) {
    using home = tmpHome();
    const dir = home.homes.audit;
    const log = await filled(dir).then(() => AuditLog.open(dir));
    log.append(useOf(1), AUDIT_KEY);
    deed(dir);
    log.append(useOf(2), AUDIT_KEY);
    assert.ok(readLines(dir).some((line) => line.includes('"decision":"alarm"')), name);
    assert.ok(readLines(dir).at(-1)?.includes('"S2"'), `${name}: the line itself is there`);
    assert.equal(verifyAudit(dir, AUDIT_KEY).ok, false, name);
  }
});

Deno.test("a process whose first line is keyed hides nothing that the head would have told", async () => {
  const deeds: Record<string, (dir: string) => void> = {
    "cut at its end": (dir) => rewriteLines(dir, readLines(dir).slice(0, -2)),
    "head removed": (dir) => Deno.removeSync(headFile(dir)),
    "head damaged": (dir) => Deno.writeTextFileSync(headFile(dir), "damaged"),
    "head of a stranger": (dir) => writeHead(dir, 9, "0".repeat(64), new Uint8Array(32)),
  };
  for (const [name, deed] of Object.entries(deeds)) {
    using home = tmpHome();
    const dir = home.homes.audit;
    await smallLog(dir, 2, 4);
    deed(dir);
    (await AuditLog.open(dir)).append(useOf(1), AUDIT_KEY);
    assert.ok(readLines(dir).some((line) => line.includes('"decision":"alarm"')), name);
    assert.equal(verifyAudit(dir, AUDIT_KEY).ok, false, name);
    // The next unlock finds nothing new, and the alarm stays.
    assert.equal((await AuditLog.open(dir)).cover(AUDIT_KEY).ok, true, name);
    assert.equal(verifyAudit(dir, AUDIT_KEY).ok, false, name);
  }
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 2, 4);
  (await AuditLog.open(dir)).append(useOf(1), AUDIT_KEY);
  assert.deepEqual(verifyAudit(dir, AUDIT_KEY), { ok: true, lines: 9, keyed: true, uncovered: 0 });
});

Deno.test("a keyed checkpoint stands at least every 1,024 lines", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await AuditLog.open(dir);
  log.cover(AUDIT_KEY);
  for (let i = 0; i < 30; i++) log.append(Array.from({ length: 100 }, (_, n) => useOf(n)), AUDIT_KEY);
  const checkpoints = readLines(dir).filter((line) => line.includes('"code":"checkpoint"')).map((line) =>
    parseLine(line)
  );
  assert.equal(checkpoints.length, 2);
  assert.equal(verifyAudit(dir, AUDIT_KEY).ok, true);
});

Deno.test("a file that is full is followed by the next, one chain through both", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await AuditLog.open(dir);
  log.cover(AUDIT_KEY);
  const batch = Array.from({ length: 500 }, (_, n) => ({ ...useOf(n), path: `/${"p".repeat(1000)}` }));
  while (listFiles(dir).length < 2) log.append(batch, AUDIT_KEY);
  log.append(useOf(1), AUDIT_KEY);
  const other = await AuditLog.open(dir);
  other.append(useOf(2), null);
  log.append(useOf(3), AUDIT_KEY);
  assert.ok(Deno.lstatSync(logFile(dir, 1)).size < MAX_FILE_BYTES + 1024 * 1024);
  const whole = verifyAudit(dir, AUDIT_KEY);
  assert.ok(whole.ok && whole.keyed && whole.lines > 10_000);
  Deno.renameSync(logFile(dir, 1), `${dir}/kept`);
  const cut = verifyAudit(dir, AUDIT_KEY);
  assert.deepEqual(cut, { ok: false, file: "audit-0002.jsonl", line: 0, reason: "a file before this one is missing" });
});

Deno.test("four processes at once keep one chain", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  (await AuditLog.open(dir)).cover(AUDIT_KEY);
  const script = home.path("appender.ts");
  const room = new URL("./log.ts", import.meta.url).href;
  const kit = new URL("../../tests/kit/audit_log.ts", import.meta.url).href;
  Deno.writeTextFileSync(
    script,
    `import { AuditLog } from ${JSON.stringify(room)}; import { AUDIT_KEY, useOf } from ${JSON.stringify(kit)};
    const log = await AuditLog.open(Deno.args[0]!);
    for (let n = 0; n < 50; n++) log.append(useOf(n), Deno.args[1] === "keyed" ? AUDIT_KEY : null);`,
  );
  const runs = ["keyed", "keyed", "plain", "plain"].map((how) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", "--config", configPath(), script, dir, how],
      stderr: "piped",
    }).output()
  );
  for (const run of await Promise.all(runs)) assert.ok(run.success, new TextDecoder().decode(run.stderr));
  const result = verifyAudit(dir, AUDIT_KEY);
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(result.lines, 201);
  assert.deepEqual((await AuditLog.open(dir)).cover(AUDIT_KEY).ok, true);
});

function configPath(): string {
  return new URL("../../deno.json", import.meta.url).pathname;
}

/** Four lines: begins, two unkeyed, checkpoint. */
async function filled(dir: string): Promise<string> {
  await smallLog(dir, 2, 0);
  return dir;
}
