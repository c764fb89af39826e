/**
 * Promise: processes that change one vault at the same time lose no update, and readers see whole saves in order.
 * docs/format.md, "Save protocol".
 */
import assert from "node:assert/strict";
import { toHex } from "../../lib/bytes.ts";
import { pairOf, SHARED } from "../kit/contender.ts";
import { depth } from "../kit/depth.ts";
import { type OpenVault, openVault, put, textOf } from "../kit/open_vault.ts";
import { SAVING_MODES } from "../kit/saving_modes.ts";
import { scriptCommand } from "../kit/script_command.ts";

const WRITERS = 8;
const READERS = 2;
const EDITS = depth(25, 500);

interface Contender {
  /** The numbers it printed at its end. */
  readonly numbers: Promise<number[]>;
  end(): Promise<void>;
}

function start(v: OpenVault, saving: string, role: string, number = 0, count = 0): Contender {
  const keys = [v.home.dir, toHex(v.vault.vaultId), toHex(v.keys().prk)];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...scriptCommand("contender.ts"), ...keys, saving, role, String(number), String(count)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const numbers = child.output().then(({ success, stdout, stderr }) => {
    const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.ok(success, `${role} ${number}: ${errors}`);
    return (text ?? "").trim().split(" ").slice(1).map(Number);
  });
  // Looked at later, and by then several may have failed.
  numbers.catch(() => {});
  return { numbers, end: () => child.stdin.close() };
}

for (const saving of SAVING_MODES) {
  Deno.test(`${WRITERS} writers, ${READERS} readers and one who changes slots, saving by ${saving}: nothing is lost`, async () => {
    using v = await openVault();
    await v.vault.change([put(SHARED, "value", { description: "0" })]);
    const lasting = [start(v, saving, "keeper"), ...[0, 1].slice(0, READERS).map((i) => start(v, saving, "reader", i))];
    const writers = Array.from({ length: WRITERS }, (_, i) => start(v, saving, "writer", i, EDITS));
    const written = await Promise.allSettled(writers.map(({ numbers }) => numbers));
    for (const contender of [...lasting, ...writers]) await contender.end();
    const [kept = [], ...opened] = await Promise.all(lasting.map(({ numbers }) => numbers));
    const sums = [0, 1, 2].map((at) =>
      written.reduce((sum, one) => {
        if (one.status === "rejected") throw one.reason;
        return sum + (one.value[at] ?? NaN);
      }, 0)
    );
    const [counted, busy, conflicts] = sums;

    const last = await v.again();
    assert.equal(Number(last.find(SHARED)?.description), counted, "an update of the common secret was lost");
    const lastOwn = `${EDITS % 3 === 0 ? EDITS - 1 : EDITS}`;
    for (let i = 0; i < WRITERS; i++) {
      for (const name of pairOf(i)) assert.equal(textOf(last, name), lastOwn, name);
    }
    assert.ok(last.generation >= 2 + WRITERS * EDITS + (kept[0] ?? NaN), "saves without a generation of their own");
    assert.ok(opened.every(([times = 0]) => times > 3) && (kept[0] ?? 0) > 1, "readers or keeper hardly ran");
    console.log(
      `${saving}: ${
        WRITERS * EDITS
      } acked edits by ${WRITERS} processes (${busy} BUSY and ${conflicts} CONFLICT were ` +
        `tried again), ${kept[0]} changes of slots, ${opened.map(([times]) => times)} reads; lost 0, torn 0`,
    );
  });
}
