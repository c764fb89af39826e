/**
 * Promise: SIGKILL at any moment of a save loses no acknowledged edit and tears none; the next process goes on at once.
 * docs/format.md, "Save protocol".
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { listBackups } from "../../lib/vault/backups.ts";
import { withLock } from "../../lib/vault/lock.ts";
import { readState } from "../../lib/vault/state.ts";
import { Chance, chanceOf } from "../kit/chance.ts";
import { depth } from "../kit/depth.ts";
import { type Contents, contentsOf, nextStep, sameContents, summaryOf } from "../kit/edit_plan.ts";
import { KilledEditor } from "../kit/killed_editor.ts";
import { type OpenVault, openVault, put } from "../kit/open_vault.ts";
import { openSaving, type Saving, SAVING_MODES } from "../kit/saving_modes.ts";

/** Kills of all modes together. */
const KILLS = depth(200, 20_000);
/** The last five, and one a day for a week. */
const MOST_BACKUPS = 12;
/** Editors that are being started while one lives. */
const AHEAD = 2;

const namesIn = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name);
const temporaries = (directory: string) => namesIn(directory).filter((name) => name.includes(".tmp."));

/** What the loop saw. */
interface Tally {
  kills: number;
  acked: number;
  /** The edit in flight was there afterwards, whole. */
  kept: number;
  generation: number;
  contents: Contents;
}

/** Opens the vault after a kill and holds it against the plan. */
async function examine(v: OpenVault, saving: Saving, seed: number, acked: number[], tally: Tally): Promise<void> {
  const cycle = `cycle ${tally.kills}`;
  const chance = new Chance(seed);
  for (const _ of acked) tally.contents = nextStep(chance, tally.contents).after;
  const next = nextStep(chance, tally.contents).after;

  // Free the moment its holder is gone.
  await withLock(v.homes.vaultLock, () => {}, 0);
  const vault = await openSaving(v.homes, v.keys(), saving);
  assert.deepEqual(vault.notes.filter((note) => saving === "rewrite" || !note.startsWith("TORN_TAIL")), [], cycle);
  const found = contentsOf(vault);
  const kept = !sameContents(found, tally.contents);
  if (kept && !sameContents(found, next)) {
    assert.equal(summaryOf(found), summaryOf(next), `${cycle}: neither before nor after the edit in flight`);
  }
  const last = acked.at(-1) ?? tally.generation;
  assert.ok(vault.generation >= last && last >= tally.generation, `${cycle}: the generation went back`);
  if (kept) assert.ok(vault.generation > last, `${cycle}: an edit without a generation of its own`);

  const backups = listBackups(v.homes);
  assert.ok(backups.length <= MOST_BACKUPS, `${cycle}: ${backups.length} backups`);
  for (const { path } of backups) readState(Deno.readFileSync(path), v.keys());
  tally.kept += kept ? 1 : 0;
  if (kept) tally.contents = next;
  tally.generation = vault.generation;
  tally.kills++;
  tally.acked += acked.length;
}

for (const saving of SAVING_MODES) {
  Deno.test(`kill -9 while saving by ${saving}: every acknowledged edit is there, the one in flight whole or not`, async () => {
    const chance = chanceOf(`kill loop, ${saving}`);
    const kills = KILLS / SAVING_MODES.length;
    using v = await openVault();
    const tally: Tally = { kills: 0, acked: 0, kept: 0, generation: v.vault.generation, contents: new Map() };
    const editors = Array.from({ length: AHEAD }, () => new KilledEditor(v, saving, chance.seed));
    try {
      while (tally.kills < kills) {
        const editor = editors.shift();
        assert.ok(editor !== undefined);
        if (tally.kills + editors.length + 1 < kills) editors.push(new KilledEditor(v, saving, chance.seed));
        const acked = await editor.live(tally.kills, chance.below(4), chance.upTo(15));
        await examine(v, saving, chance.seed + tally.kills, acked, tally);
        if (tally.kills % 1_000 === 0) {
          console.log(`${saving}: ${tally.kills} kills, ${tally.acked} acked edits so far`);
        }
      }
    } finally {
      for (const editor of editors) await editor.dismiss();
    }
    const left = temporaries(v.homes.data).length + temporaries(v.homes.state).length;
    const tails = namesIn(v.homes.data).filter((name) => name.includes(".torn.")).length;
    console.log(
      `${saving}: ${tally.kills} kills, ${tally.acked} acked edits, lost 0, torn 0; ` +
        `of the edits in flight ${tally.kept} were kept whole; ${left} temporary files and ${tails} torn tails left`,
    );
    assert.ok(tally.acked > tally.kills, "hardly an edit was acknowledged");
    assert.ok(left + tails <= tally.kills, "more was left behind than was killed");
    await assertSwept(v);
  });
}

/** What the killed left behind goes with the first file that is made an hour later. */
async function assertSwept(v: OpenVault): Promise<void> {
  const then = new Date(Date.now() - 2 * 3_600_000);
  for (const name of temporaries(v.homes.data)) Deno.utimeSync(join(v.homes.data, name), then, then);
  const vault = await v.again();
  // A value that is replaced makes the file anew in either mode.
  for (const value of ["one", "two"]) await vault.change([put("LAST", value)]);
  assert.deepEqual(temporaries(v.homes.data), []);
}
