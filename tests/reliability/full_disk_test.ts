/**
 * Promise: on a full disk an edit is refused with WRITE_FAILED and says what to do, everything acknowledged stays, and
 * once there is room the next edit works. The disks are real ones, small. That the audit log refuses a use there is
 * held by tests/promises/no_line_no_use_test.ts; the same faults by injection are in nth_fault_test.ts.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { homesOf } from "../../lib/paths.ts";
import { depth } from "../kit/depth.ts";
import { Keeper } from "../kit/keeper.ts";
import { leftOut } from "../kit/left_out.ts";
import { NO_SMALL_DISK, smallDisk } from "../kit/small_disk.ts";
import { SAVINGS } from "../kit/vault_trial.ts";

const PAGE = 4096;

for (const saving of SAVINGS) {
  Deno.test({
    name: `${saving}: a disk that fills up loses nothing, says what to do, and takes edits again once there is room`,
    ...leftOut(NO_SMALL_DISK),
    fn: async () => {
      using disk = smallDisk("size=512k");
      const keeper = await Keeper.make(disk.directory, saving);
      let added = 0;
      while (added < 2000 && await keeper.add(`S${added}`) === "acknowledged") added++;
      assert.ok(added > 5 && added < 2000, `${added} added`);
      await keeper.check();
      for (let i = 0; i < 3; i++) await keeper.add(`T${i}`);
      const removal = await keeper.remove("FIRST");
      await keeper.check();
      console.log(`${saving}: full after ${added} secrets; removing one there was ${removal}`);
      disk.remount("size=4m");
      for (const name of ["U1", "U2"]) assert.equal(await keeper.add(name), "acknowledged");
      assert.equal(await keeper.remove("SECOND"), "acknowledged");
      await keeper.check();
      assert.deepEqual((await keeper.again()).notes, []);
    },
  });

  Deno.test({
    name: `${saving}: whatever little room is left, an edit is whole or refused`,
    ...leftOut(NO_SMALL_DISK),
    fn: async () => {
      using disk = smallDisk("size=1m");
      const keeper = await Keeper.make(disk.directory, saving);
      const outcomes: string[] = [];
      for (let pages = 0; pages <= depth(16, 64); pages++) {
        disk.fill(pages * PAGE);
        outcomes.push(await keeper.add(`A${pages}`), await keeper.remove(keeper.oldest));
        await keeper.check();
        disk.free();
        assert.equal(await keeper.add(`B${pages}`), "acknowledged");
        await keeper.check();
      }
      console.log(`${saving}: ${outcomes.filter((o) => o === "refused").length} of ${outcomes.length} edits refused`);
      assert.ok(outcomes.includes("refused") && outcomes.includes("acknowledged"));
    },
  });

  Deno.test({
    name: `${saving}: a disk with room and no files left to give loses nothing`,
    ...leftOut(NO_SMALL_DISK),
    fn: async () => {
      using disk = smallDisk("size=4m,nr_inodes=64");
      const keeper = await Keeper.make(disk.directory, saving);
      const takers = Array.from({ length: 64 }, (_, i) => join(disk.directory, `taker ${i}`));
      const taken = takers.filter((path) => {
        try {
          return Deno.openSync(path, { write: true, createNew: true }).close() === undefined;
        } catch {
          return false;
        }
      });
      assert.ok(taken.length < takers.length, "there are files left");
      assert.equal(await keeper.remove(keeper.oldest), "refused");
      for (let i = 0; taken.length > 0; i++) {
        await keeper.add(`A${i}`);
        await keeper.check();
        Deno.removeSync(taken.pop() ?? "");
      }
      assert.equal(await keeper.remove(keeper.oldest), "acknowledged");
      await keeper.check();
    },
  });

  Deno.test({
    name:
      `${saving}: where only the records of this machine find no room, edits go on with a note, and are healed later`,
    ...leftOut(NO_SMALL_DISK),
    fn: async () => {
      using disk = smallDisk("size=4m");
      Deno.mkdirSync(homesOf(disk.directory).state, { mode: 0o700 });
      using records = smallDisk("size=64k", homesOf(disk.directory).state);
      const keeper = await Keeper.make(disk.directory, saving);
      records.fill(0);
      for (const name of ["A", "B"]) assert.equal(await keeper.add(name), "acknowledged");
      assert.match(keeper.vault.notes.join(), /ANCHOR/);
      await keeper.check();
      records.free();
      const healed = await keeper.again();
      assert.deepEqual((await keeper.again()).notes, [], `${healed.notes}`);
      assert.equal(await keeper.add("C"), "acknowledged");
      await keeper.check();
    },
  });
}
