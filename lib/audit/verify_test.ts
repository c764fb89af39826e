import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { AUDIT_KEY, readLines, rewriteLines, smallLog, useOf } from "../../tests/kit/audit_log.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { seal } from "./chain.ts";
import { headFile, logFile } from "./files.ts";
import { AuditLog } from "./log.ts";
import { parseLine } from "./record.ts";
import { verifyAudit } from "./verify.ts";

/** Lines of the log that the cases below are made from: begins, 6 unkeyed, checkpoint, 8 keyed. */
const LINES = 16;

function lineNamed(dir: string, key: Uint8Array | null = AUDIT_KEY): number | "sound" {
  const result = verifyAudit(dir, key);
  return result.ok ? "sound" : result.line;
}

/** Chains `lines` anew from index `from` on, without any key: what a forger can do who only writes files. */
function rechain(lines: string[], from: number, edit: (line: string) => string = (line) => line): string[] {
  const out = lines.slice(0, from);
  let prev = from === 0 ? "0".repeat(64) : parseLine(out[from - 1] ?? "")?.hash ?? "";
  for (const [i, line] of lines.slice(from).entries()) {
    const record = JSON.parse(edit(line));
    const sealed = seal({ ...record, seq: from + i + 1, key: null, prev, hash: undefined, mac: undefined }, null);
    out.push(sealed.line);
    prev = sealed.hash;
  }
  return out;
}

Deno.test("a log as written verifies, with and without the key", async () => {
  using home = tmpHome();
  await smallLog(home.homes.audit, 6, 8);
  assert.deepEqual(verifyAudit(home.homes.audit, AUDIT_KEY), { ok: true, lines: LINES, keyed: true, uncovered: 0 });
  assert.deepEqual(verifyAudit(home.homes.audit, null), { ok: true, lines: LINES, keyed: false, uncovered: 0 });
});

Deno.test("no log at all verifies as empty; a head without its log does not", async () => {
  using home = tmpHome();
  assert.deepEqual(verifyAudit(home.homes.audit, AUDIT_KEY), { ok: true, lines: 0, keyed: false, uncovered: 0 });
  await smallLog(home.homes.audit, 0, 1);
  Deno.removeSync(home.homes.audit, { recursive: true });
  assert.equal(lineNamed(home.homes.audit), 0);
});

Deno.test("any changed byte is named at its line", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 6, 8);
  const original = Deno.readFileSync(logFile(dir, 1));
  fc.assert(
    fc.property(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = original.slice();
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      Deno.writeFileSync(logFile(dir, 1), bytes);
      const line = original.subarray(0, at).filter((b) => b === 0x0a).length + 1;
      assert.equal(lineNamed(dir), line);
      // Without a key everything but the MACs and the head is still checked.
      const mac = new TextDecoder().decode(original.subarray(at - 80 < 0 ? 0 : at - 80, at)).includes('"mac":"');
      if (!mac) assert.equal(lineNamed(dir, null), line);
    }),
    { numRuns: 400 },
  );
});

Deno.test("any changed field is named at its line, even with the hash made anew", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 6, 8);
  const lines = readLines(dir);
  const fields: Record<string, unknown> = {
    v: 2,
    seq: 99,
    time: 5,
    event: "other",
    decision: "deny",
    code: "expired",
    secret: "OTHER",
    injection: "file",
    agent: "codex",
    session: "other",
    tool: "Read",
    project: "/elsewhere",
    duration_ms: 12345,
    key: "00000000",
    prev: "1".repeat(64),
    hash: "2".repeat(64),
    mac: "3".repeat(64),
  };
  for (const [field, value] of Object.entries(fields)) {
    for (const index of [3, 10]) {
      const record = JSON.parse(lines[index] ?? "");
      const edited = { ...record, [field]: value };
      rewriteLines(dir, lines.with(index, JSON.stringify(edited)));
      assert.equal(lineNamed(dir), index + 1, `${field} of line ${index + 1}`);
      if (["hash", "mac", "v", "key"].includes(field)) continue;
      const { line } = seal(
        { ...edited, hash: undefined, mac: undefined },
        record.key === null ? null : new Uint8Array(32),
      );
      rewriteLines(dir, lines.with(index, line));
      const named = lineNamed(dir);
      // A line without a key shows as soon as the next one does not follow from it.
      assert.ok(named === index + 1 || (record.key === null && named === index + 2), `${field}: ${named}`);
    }
  }
});

Deno.test("any deleted, doubled or swapped line is named", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 6, 8);
  const lines = readLines(dir);
  for (const key of [AUDIT_KEY, null]) {
    for (let i = 0; i < LINES; i++) {
      rewriteLines(dir, lines.toSpliced(i, 1));
      assert.equal(lineNamed(dir, key), i + 1, `line ${i + 1} deleted`);
      rewriteLines(dir, lines.toSpliced(i, 0, lines[i] ?? ""));
      assert.equal(lineNamed(dir, key), i + 2, `line ${i + 1} doubled`);
      for (let j = i + 1; j < LINES; j++) {
        rewriteLines(dir, lines.with(i, lines[j] ?? "").with(j, lines[i] ?? ""));
        assert.equal(lineNamed(dir, key), i + 1, `lines ${i + 1} and ${j + 1} swapped`);
      }
    }
  }
  rewriteLines(dir, lines);
  assert.equal(lineNamed(dir), "sound");
});

Deno.test("a log cut at any place is found, at a line's end too", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 6, 8);
  const original = Deno.readFileSync(logFile(dir, 1));
  fc.assert(
    fc.property(fc.nat(original.length - 1), (size) => {
      Deno.writeFileSync(logFile(dir, 1), original.subarray(0, size));
      const kept = original.subarray(0, size).filter((b) => b === 0x0a).length;
      assert.equal(lineNamed(dir), kept + 1);
      assert.equal(lineNamed(dir, null), kept + 1);
    }),
    { numRuns: 100 },
  );
});

Deno.test("lines made anew without the key are caught with the key", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 6, 8);
  const lines = readLines(dir);
  // An unkeyed line changed, and only the unkeyed stretch chained anew: the checkpoint's own prev gives it away.
  const changed = lines.with(3, (lines[3] ?? "").replace('"allow"', '"deny"'));
  const stretch = rechain(changed.slice(0, 7), 3);
  rewriteLines(dir, [...stretch, ...lines.slice(7)]);
  assert.equal(lineNamed(dir), 8);
  // Everything from there on chained anew, all of it without keys, as if never covered.
  rewriteLines(dir, rechain(changed, 3));
  assert.equal(lineNamed(dir), 8, "a checkpoint cannot lose its key: it would name a line that now has another hash");
  const plain = rechain(changed.filter((line) => !line.includes('"checkpoint"')), 3);
  rewriteLines(dir, plain);
  assert.equal(lineNamed(dir), 16, "the head file names line 16, which is gone");
  rewriteLines(dir, rechain([...plain, plain[3] ?? "", plain[4] ?? ""], 3));
  assert.equal(lineNamed(dir), 16, "the head file names another line 16");
  Deno.removeSync(headFile(dir));
  assert.equal(lineNamed(dir), 0, "the head file is missing");
});

Deno.test("a forged checkpoint, key or head is found", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 6, 8);
  const lines = readLines(dir);
  const head = Deno.readTextFileSync(headFile(dir));
  const record = JSON.parse(lines[7] ?? "");
  assert.equal(record.code, "checkpoint");
  for (const edit of [{ to: 3 }, { ref: "4".repeat(64) }, { from: 0 }, { code: "other" }]) {
    const { line } = seal({ ...record, ...edit, hash: undefined, mac: undefined }, AUDIT_KEY);
    rewriteLines(dir, lines.with(7, line));
    assert.equal(lineNamed(dir), 8, JSON.stringify(edit));
  }
  rewriteLines(dir, lines);
  for (
    const forged of [head.replace(/[0-9a-f]{4}\n$/, "zzzz\n"), head.slice(1), "", head.replace(/0{10}/, "1111111111")]
  ) {
    Deno.writeTextFileSync(headFile(dir), forged);
    assert.notEqual(lineNamed(dir), "sound", JSON.stringify(forged));
  }
  const flipped = head.at(-2) === "0" ? "1" : "0";
  Deno.writeTextFileSync(headFile(dir), `${head.slice(0, -2)}${flipped}\n`);
  assert.equal(lineNamed(dir), 0);
  assert.equal(lineNamed(dir, null), "sound", "without the key a head cannot be told from a forged one");
  Deno.writeTextFileSync(headFile(dir), head);
  assert.equal(lineNamed(dir), "sound");
  assert.equal(lineNamed(dir, new Uint8Array(32)), 1, "another key");
});

Deno.test("a covered stretch that is changed afterwards is found", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 6, 0);
  const lines = readLines(dir);
  for (let i = 1; i <= 6; i++) {
    rewriteLines(dir, lines.with(i, (lines[i] ?? "").replace('"allow"', '"deny"')));
    assert.equal(lineNamed(dir), i + 1);
  }
});

Deno.test("a stretch that was changed before it is covered is put on record", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  const log = await smallLog(dir, 0, 2);
  for (let n = 0; n < 4; n++) log.append(useOf(n), null);
  const lines = readLines(dir);
  assert.equal(lines.length, 8);
  const oneAnew = rechain(lines.slice(0, 6), 5, (line) => line.replace('"allow"', '"deny"'))[5] ?? "";
  const spoilt = [
    ...[lines.toSpliced(6, 1), lines.slice(0, 3), lines.with(5, "garbage"), rechain(lines, 2)],
    // Each line by itself is sound, and the next one does not follow from it.
    lines.with(5, oneAnew),
  ];
  for (const broken of spoilt) {
    using other = tmpHome();
    const copy = other.homes.audit;
    Deno.mkdirSync(copy, { mode: 0o700 });
    Deno.copyFileSync(logFile(dir, 1), logFile(copy, 1));
    Deno.copyFileSync(headFile(dir), headFile(copy));
    rewriteLines(copy, broken);
    const reopened = await AuditLog.open(copy);
    assert.equal(reopened.cover(AUDIT_KEY).ok, false);
    reopened.append(useOf(9), AUDIT_KEY);
    assert.notEqual(lineNamed(copy), "sound", "the alarm stays");
  }
  assert.deepEqual(log.cover(AUDIT_KEY), { ok: true, covered: 4 });
  assert.equal(lineNamed(dir), "sound");
});

Deno.test("a head that is missing or forged when the log is covered is put on record", async () => {
  for (const fault of ["missing", "forged", "other key"]) {
    using home = tmpHome();
    const dir = home.homes.audit;
    await smallLog(dir, 1, 1);
    const head = Deno.readTextFileSync(headFile(dir));
    if (fault === "missing") Deno.removeSync(headFile(dir));
    if (fault === "forged") Deno.writeTextFileSync(headFile(dir), head + "longer than it was");
    const key = fault === "other key" ? new Uint8Array(32) : AUDIT_KEY;
    const log = await AuditLog.open(dir);
    assert.equal(log.cover(key).ok, false, fault);
    assert.equal(readLines(dir).at(-1)?.includes('"alarm"'), true, fault);
    assert.equal(lineNamed(dir, key) === "sound", false, fault);
    assert.equal(Deno.readTextFileSync(headFile(dir)).length, head.length);
  }
});

Deno.test("a fault is told for what it is", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 3, 3);
  const lines = readLines(dir);
  const told = (key: Uint8Array | null = AUDIT_KEY) => {
    const result = verifyAudit(dir, key);
    return result.ok ? "sound" : result.reason;
  };
  assert.match(told(new Uint8Array(32)), /written under another key/);
  // A chain that is sound but for a number: whoever has no key can make one.
  const gap = rechain(lines, 0).slice(0, 2);
  const { line } = seal(
    { ...JSON.parse(lines[2] ?? ""), seq: 4, key: null, prev: parseLine(gap[1] ?? "")?.hash },
    null,
  );
  rewriteLines(dir, [...gap, line]);
  assert.match(told(null), /line 3 of the log is missing, this is line 4/);
  rewriteLines(dir, lines);
  Deno.removeSync(headFile(dir));
  assert.match(told(null), /head file is missing although/, "also without the key");
  const log = await AuditLog.open(dir);
  assert.equal(log.cover(AUDIT_KEY).ok, false);
  assert.match(told(), /tacit recorded an alarm: the head file was missing/);
});
