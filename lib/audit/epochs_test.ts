/**
 * Promise: a log goes on through changes of the data key. Lines of each epoch are checked under their own key, only who
 * holds the new key can take the log over, and who kept an old one can add nothing behind that. docs/audit.md, "Epochs".
 */
import assert from "node:assert/strict";
import { AUDIT_KEY, readLines, rewriteLines, smallLog, useOf } from "../../tests/kit/audit_log.ts";
import { type TmpHome, tmpHome } from "../../tests/kit/tmp_home.ts";
import { seal } from "./chain.ts";
import { headFile, logFile } from "./files.ts";
import { writeHead } from "./head.ts";
import { logIdentity } from "./identity.ts";
import { AuditLog } from "./log.ts";
import { type Draft, keyChange } from "./own_lines.ts";
import { type AuditEntry, parseLine } from "./record.ts";
import { verifyAudit, type VerifyResult } from "./verify.ts";

const FIRST = AUDIT_KEY;
const SECOND = AUDIT_KEY.map((byte) => byte ^ 0x55);
const THIRD = AUDIT_KEY.map((byte) => byte ^ 0xaa);
const KEYS = [FIRST, SECOND, THIRD];

/** Lines 1 to 10 under the first key, 11 to 14 under the second, 15 to 18 under the third, the first of each vouching. */
async function threeEpochs(): Promise<TmpHome> {
  const home = tmpHome();
  const log = await smallLog(home.homes.audit, 2, 6);
  for (const [i, key] of [SECOND, THIRD].entries()) {
    assert.deepEqual(log.cover(key, KEYS.slice(0, i + 1)), { ok: true, covered: 0 });
    for (let n = 0; n < 3; n++) log.append(useOf(20 + n), key);
  }
  return home;
}

const verify = (dir: string, keys = KEYS): VerifyResult => verifyAudit(dir, keys.at(-1) ?? null, keys.slice(0, -1));

/** `line what` as verification names it, or "sound". */
function named(dir: string, keys = KEYS): string {
  const result = verify(dir, keys);
  return result.ok ? "sound" : `${result.line} ${result.reason}`;
}

/** The line that says what `record` does, behind `before`, under `key`. */
function lineBehind(before: string, record: AuditEntry | Draft, key: Uint8Array, keyId: string): string {
  const last = parseLine(before);
  assert.ok(last !== null);
  return seal({ ...record, time: 1, v: 1, seq: last.seq + 1, prev: last.hash, key: keyId }, key).line;
}

/** Name of the key that line `n` was written under. */
const keyOf = (lines: string[], n: number) => parseLine(lines[n - 1] ?? "")?.key ?? "";

/** Log and head put back as they were when `lines` was all of it, the head made with `key`. */
function cutBack(dir: string, lines: string[], key: Uint8Array): void {
  rewriteLines(dir, lines);
  const last = parseLine(lines.at(-1) ?? "");
  writeHead(dir, last?.seq ?? 0, last?.hash ?? "", key);
}

Deno.test("a log of three epochs verifies, each line under its own key, and each earlier key is needed", async () => {
  using home = await threeEpochs();
  const dir = home.homes.audit;
  assert.deepEqual(verify(dir), { ok: true, lines: 18, keyed: true, uncovered: 0 });
  assert.deepEqual(verifyAudit(dir, null), { ok: true, lines: 18, keyed: false, uncovered: 0 });
  const lines = readLines(dir);
  assert.equal(lines.filter((line) => line.includes('"code":"key_change"')).length, 2);
  assert.equal(new Set([10, 14, 18].map((n) => keyOf(lines, n))).size, 3);
  assert.match(named(dir, [SECOND, THIRD]), /^1 it was written under another key/);
  assert.match(named(dir, [FIRST, THIRD]), /^11 it was written under another key/);
  for (let i = 0; i < lines.length; i++) {
    rewriteLines(
      dir,
      lines.with(i, (lines[i] ?? "").replace(/"time":\d/, (t) => t.endsWith("1") ? '"time":2' : '"time":1')),
    );
    assert.match(named(dir), new RegExp(`^${i + 1} `), `line ${i + 1}`);
  }
});

Deno.test("later unlocks under the new key, and a log that begins in a later epoch, are nothing special", async () => {
  using home = await threeEpochs();
  const log = await AuditLog.open(home.homes.audit);
  assert.deepEqual(log.cover(THIRD, [SECOND]), { ok: true, covered: 0 });
  assert.equal(named(home.homes.audit), "sound");
  using other = tmpHome();
  const young = await AuditLog.open(other.homes.audit);
  young.append(useOf(1), null);
  young.cover(SECOND, [FIRST]);
  young.cover(THIRD, [FIRST, SECOND]);
  assert.equal(named(other.homes.audit), "sound");
});

Deno.test("two changes of the key without an unlock between them are taken over at once", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 1, 1);
  assert.deepEqual((await AuditLog.open(dir)).cover(THIRD, [FIRST, SECOND]), { ok: true, covered: 0 });
  assert.equal(named(dir), "sound");
});

Deno.test("who kept an old key and adds a line after the log was taken over is named", async () => {
  using home = await threeEpochs();
  const dir = home.homes.audit;
  const lines = readLines(dir);
  for (const [key, n] of [[FIRST, 10], [SECOND, 14]] as const) {
    const forged = lineBehind(lines.at(-1) ?? "", useOf(66), key, keyOf(lines, n));
    rewriteLines(dir, [...lines, forged]);
    assert.match(named(dir), /^19 it was written under an earlier key, after the log had been taken over/);
  }
});

Deno.test("who kept an old key and replaces the line that took the log over is named", async () => {
  using home = await threeEpochs();
  const dir = home.homes.audit;
  const lines = readLines(dir);
  const old = keyOf(lines, 10);
  const takesOver = keyChange(1, 10, parseLine(lines[9] ?? "")?.hash ?? "");
  // Under the old key, and under the new one's name with a MAC that only the old key could make.
  for (const keyId of [old, keyOf(lines, 11)]) {
    const forged = lineBehind(
      lines[9] ?? "",
      takesOver,
      FIRST,
      keyId,
    );
    rewriteLines(dir, lines.with(10, forged));
    assert.match(named(dir), keyId === old ? /^12 it does not follow/ : /^11 its MAC does not match/);
  }
  // What stood before it cannot be changed either, although the old key made it.
  const changed = lineBehind(lines[8] ?? "", useOf(66), FIRST, old);
  rewriteLines(dir, lines.with(9, changed));
  assert.match(named(dir), /^11 it does not follow from the line before/);
});

Deno.test("who kept an old key and cuts the log back to before it was taken over is named, and stays on record", async () => {
  using home = await threeEpochs();
  const dir = home.homes.audit;
  const lines = readLines(dir);
  for (const [kept, key] of [[10, FIRST], [4, FIRST], [14, SECOND]] as const) {
    cutBack(dir, lines.slice(0, kept), key);
    assert.match(named(dir), /^0 the log ends under an earlier key/, `${kept} lines`);
  }
  // The next unlock: the vault says that this log was taken over, so no earlier key is accepted.
  cutBack(dir, lines.slice(0, 10), FIRST);
  const log = await AuditLog.open(dir);
  assert.deepEqual(log.cover(THIRD), { ok: false, reason: "the head file was written under another key" });
  log.append(useOf(1), THIRD);
  assert.match(named(dir), /^11 tacit recorded an alarm/);
});

Deno.test("a key that takes nothing over is named: a stranger's, and the own one without the line for it", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 1, 1);
  const lines = readLines(dir);
  const last = lines.at(-1) ?? "";
  const { seq, hash } = parseLine(last) ?? { seq: 0, hash: "" };
  const idOfSecond = parseLine(lineOfNewLog(SECOND))?.key ?? "";
  for (
    const [key, says] of [[SECOND, "under a later key, which did not take over"], [THIRD, "under another key"]] as const
  ) {
    const keyId = key === SECOND ? idOfSecond : parseLine(lineOfNewLog(THIRD))?.key ?? "";
    cutBack(dir, [...lines, lineBehind(last, useOf(66), key, keyId)], key);
    assert.match(named(dir, [FIRST, SECOND]), new RegExp(`^${seq + 1} it was written ${says}`));
  }
  const takesOver = keyChange(1, seq, hash);
  cutBack(dir, [...lines, lineBehind(last, takesOver, THIRD, parseLine(lineOfNewLog(THIRD))?.key ?? "")], THIRD);
  assert.match(named(dir, [FIRST, SECOND]), new RegExp(`^${seq + 1} it was written under another key`));
});

Deno.test("a crash at any point of taking over leaves a log that the next unlock completes", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 1, 2);
  const head = Deno.readTextFileSync(headFile(dir));
  const lines = readLines(dir);
  (await AuditLog.open(dir)).append(useOf(9), null);
  (await AuditLog.open(dir)).cover(SECOND, [FIRST]);
  const full = Deno.readTextFileSync(logFile(dir, 1));
  const begin = full.lastIndexOf("\n", full.length - 2) + 1;
  // The line cut at any byte, or whole; the head still of the old key.
  for (let size = begin; size <= full.length; size += size === full.length ? 1 : Math.min(61, full.length - size)) {
    Deno.writeTextFileSync(logFile(dir, 1), full.slice(0, size));
    Deno.writeTextFileSync(headFile(dir), head);
    assert.notEqual(named(dir, [FIRST, SECOND]), "sound", "not before the next unlock");
    assert.equal((await AuditLog.open(dir)).cover(SECOND, [FIRST]).ok, true, `${size - begin} bytes`);
    assert.equal(named(dir, [FIRST, SECOND]), "sound", `${size - begin} bytes`);
    assert.deepEqual(readLines(dir).slice(0, lines.length), lines);
  }
});

Deno.test("a process that writes before the log was taken over leaves that to the next unlock", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 0, 2);
  const head = Deno.readTextFileSync(headFile(dir));
  (await AuditLog.open(dir)).append(useOf(9), SECOND);
  assert.equal(Deno.readTextFileSync(headFile(dir)), head);
  assert.deepEqual((await AuditLog.open(dir)).cover(SECOND, [FIRST]), { ok: true, covered: 1 });
  assert.equal(named(dir, [FIRST, SECOND]), "sound");
});

Deno.test("a torn line at the moment of taking over is closed off under no key", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  await smallLog(dir, 0, 2);
  const log = await AuditLog.open(dir);
  Deno.writeTextFileSync(logFile(dir, 1), '{"torn', { append: true });
  assert.equal(log.cover(SECOND, [FIRST]).ok, true);
  assert.deepEqual(readLines(dir).slice(-2).map((line) => parseLine(line)?.code), ["torn_tail", "key_change"]);
  assert.equal(named(dir, [FIRST, SECOND]), "sound");
});

Deno.test("what was done to a log before it is taken over is put on record under the new key", async () => {
  for (const fault of ["forged head", "cut", "broken"]) {
    using home = tmpHome();
    const dir = home.homes.audit;
    await smallLog(dir, 0, 3);
    const lines = readLines(dir);
    if (fault === "cut") rewriteLines(dir, lines.slice(0, -1));
    if (fault === "broken") rewriteLines(dir, [...lines, "garbage"]);
    if (fault === "forged head") cutBack(dir, lines, SECOND.map((byte) => byte ^ 1));
    assert.equal((await AuditLog.open(dir)).cover(SECOND, [FIRST]).ok, false, fault);
    assert.match(named(dir, [FIRST, SECOND]), /recorded an alarm|not a record/, fault);
  }
});

Deno.test("a log is known by its first line", async () => {
  using home = tmpHome();
  const dir = home.homes.audit;
  assert.equal(logIdentity(dir), null);
  const log = await smallLog(dir, 0, 1);
  const identity = logIdentity(dir);
  assert.match(identity ?? "", /^[0-9a-f]{64}$/);
  log.append(useOf(3), AUDIT_KEY);
  assert.equal(logIdentity(dir), identity);
  using other = tmpHome();
  await smallLog(other.homes.audit, 0, 1);
  assert.notEqual(logIdentity(other.homes.audit), identity);
});

/** Any line under `key`, for the name of the key in it. */
function lineOfNewLog(key: Uint8Array): string {
  using home = tmpHome();
  new AuditLog(home.homes.audit).append(useOf(1), key);
  return readLines(home.homes.audit)[0] ?? "";
}
