import assert from "node:assert/strict";
import { type OpenVault, openVault, put, textOf } from "../../tests/kit/open_vault.ts";
import { blob, frame, header, newBuilt, recoverySpec, slotItem } from "../../tests/kit/vault_builder.ts";
import { concat } from "../bytes.ts";
import { readAnchor } from "./anchor.ts";
import { listBackups, listReplaced } from "./backups.ts";
import { outlineAt, stateId } from "./file_outline.ts";
import { KeyTree } from "./key_tree.ts";
import { acceptState, presentBytes, readProvable, restoreState } from "./restore.ts";
import { readState, type VaultState } from "./state.ts";

async function changed(): Promise<{ v: OpenVault; old: VaultState }> {
  const v = await openVault({ A: "one" });
  const old = readState(outlineAt(v.homes.vault).bytes, v.keys());
  await v.vault.change([put("A", "two"), put("B", "two")]);
  await v.vault.change([put("B", "three")]);
  return { v, old };
}

function restore(v: OpenVault, state: VaultState, known = 0) {
  return restoreState(v.homes, v.keys(), state.header, state.entries.values(), presentBytes(v.homes), known);
}

Deno.test("what is restored is a new generation above the anchor's, and opens without being accepted", async () => {
  const { v, old } = await changed();
  using _ = v;
  const before = Deno.readFileSync(v.homes.vault);
  const done = await restore(v, old);
  assert.equal(done.generation, v.vault.generation + 1);
  const again = await v.again();
  assert.deepEqual([again.generation, again.notes, textOf(again, "A")], [done.generation, [], "one"]);
  assert.equal(again.find("B"), undefined);
  assert.deepEqual(Deno.readFileSync(done.replaced ?? "?"), before, "what it replaced is kept");
  assert.deepEqual(listReplaced(v.homes).map(({ path }) => path), [done.replaced]);
  await v.vault.change([put("C", "a running process goes on from there")]);
  assert.deepEqual(v.vault.list().map(({ name }) => name), ["A", "C"]);
});

Deno.test("it is above every generation that is known elsewhere", async () => {
  const { v, old } = await changed();
  using _ = v;
  assert.equal((await restore(v, old, 90)).generation, 91);
});

Deno.test("it has a backup that does not share the vault's file", async () => {
  const { v, old } = await changed();
  using _ = v;
  const { generation } = await restore(v, old);
  const [newest] = listBackups(v.homes);
  assert.equal(newest?.generation, generation);
  Deno.writeTextFileSync(v.homes.vault, "junk");
  assert.equal(readState(outlineAt(newest?.path ?? "?").bytes, v.keys()).generation, generation);
});

Deno.test("a restore is undone by restoring what it replaced", async () => {
  const { v, old } = await changed();
  using _ = v;
  const { replaced } = await restore(v, old);
  await restore(v, readState(outlineAt(replaced ?? "?").bytes, v.keys()));
  const again = await v.again();
  assert.deepEqual(["A", "B"].map((name) => textOf(again, name)), ["two", "three"]);
});

Deno.test("a vault that was changed after it was shown is not replaced", async () => {
  const { v, old } = await changed();
  using _ = v;
  const shown = presentBytes(v.homes);
  await v.vault.change([put("C", "meanwhile")]);
  const args = [v.homes, v.keys(), old.header, [...old.entries.values()]] as const;
  await assert.rejects(restoreState(...args, shown, 0), { fault: "CONFLICT" });
  await assert.rejects(restoreState(...args, null, 0), { fault: "CONFLICT" });
  assert.equal(textOf(await v.again(), "C"), "meanwhile");
  assert.deepEqual(listReplaced(v.homes), []);
});

Deno.test("a vault that is missing or damaged is replaced, and the damaged file is kept", async () => {
  const { v, old } = await changed();
  using _ = v;
  Deno.removeSync(v.homes.vault);
  assert.equal((await restore(v, old)).replaced, null);
  assert.equal(textOf(await v.again(), "A"), "one");
  Deno.writeTextFileSync(v.homes.vault, "junk");
  const { replaced } = await restore(v, old);
  assert.equal(Deno.readTextFileSync(replaced ?? "?"), "junk");
  assert.equal(textOf(await v.again(), "A"), "one");
});

Deno.test("the latest time that was seen stays, whatever is restored", async () => {
  const { v, old } = await changed();
  using _ = v;
  const seen = () => {
    const anchor = readAnchor(v.homes, v.keys());
    return typeof anchor === "string" ? 0 : anchor.seen;
  };
  const before = seen();
  assert.ok(before > 0);
  await restore(v, old);
  assert.ok(seen() >= before);
});

Deno.test("the last five files that restores replaced are kept", async () => {
  const { v, old } = await changed();
  using _ = v;
  const kept: (string | null)[] = [];
  for (let i = 0; i < 7; i++) kept.unshift((await restore(v, old)).replaced);
  assert.deepEqual(listReplaced(v.homes).map(({ path }) => path), kept.slice(0, 5));
});

Deno.test("a restore that cannot be finished leaves vault and anchor as they were, and nothing set aside", async () => {
  const { v, old } = await changed();
  using _ = v;
  const [vault, anchor] = [v.homes.vault, v.homes.anchor].map((path) => Deno.readFileSync(path));
  const entries = [...old.entries.values()];
  // Two records of one name fail when what would be written is read again.
  const twice = [...entries, ...entries];
  await assert.rejects(restoreState(v.homes, v.keys(), old.header, twice, presentBytes(v.homes), 0));
  assert.deepEqual([v.homes.vault, v.homes.anchor].map((path) => Deno.readFileSync(path)), [vault, anchor]);
  assert.deepEqual(listReplaced(v.homes), []);
  assert.deepEqual([...Deno.readDirSync(v.homes.data)].filter(({ name }) => name.includes(".tmp.")), []);
});

/** One checkpoint at generation 1 and `deltas` after it, each with one more secret. */
function chain(deltas: number) {
  const built = newBuilt("chain");
  const head = header(built, { items: [1, 2].map(() => slotItem(built, recoverySpec(built, built.random.bytes(20)))) });
  const frames: Uint8Array[] = [];
  let previous = head.mac;
  for (let generation = 1; generation <= deltas + 1; generation++) {
    const id = built.random.bytes(16);
    const index = { v: 1, put: [{ id, rev: 1, name: `S${generation}`, off: 0, len: 296 }], del: [] };
    const blobs = [blob(built, id, 1, "value")];
    const made = frame(built, { type: generation === 1 ? 1 : 2, generation, index, blobs, previous });
    frames.push(made.bytes);
    previous = made.mac;
  }
  return {
    bytes: concat(head.bytes, ...frames),
    keys: () => KeyTree.fromPrk(built.prk, built.vaultId, 1),
    frames,
    head,
  };
}

Deno.test("of a file with a damaged frame, all generations before it can be proven, wherever it is", () => {
  const { bytes, keys, frames, head } = chain(9);
  const whole = readProvable(bytes, keys());
  assert.deepEqual([whole.complete, whole.state.generation], [true, 10]);
  let at = head.bytes.length;
  for (const [i, { length }] of frames.entries()) {
    for (const place of [60, length - 100, length - 1]) {
      const damaged = bytes.slice();
      damaged[at + place] = (damaged[at + place] ?? 0) ^ 1;
      if (i === 0) {
        assert.throws(() => readProvable(damaged, keys()), { fault: "CORRUPT_FRAME" });
        continue;
      }
      const { state, complete } = readProvable(damaged, keys());
      assert.deepEqual([complete, state.generation, state.entries.size], [false, i, i], `frame ${i + 1} at ${place}`);
    }
    at += length;
  }
});

Deno.test("acceptance takes exactly the file that was shown, and its record must be durable", async () => {
  const { v, old } = await changed();
  using _ = v;
  const newest = Deno.readFileSync(v.homes.vault);
  const backup = listBackups(v.homes).find(({ generation }) => generation === old.generation);
  const older = Deno.readFileSync(backup?.path ?? "?");
  await v.vault.change([put("C", "four")]);
  Deno.writeFileSync(v.homes.vault, newest);
  const shown = outlineAt(v.homes.vault).outline.id;
  Deno.writeFileSync(v.homes.vault, older);
  await assert.rejects(acceptState(v.homes, v.keys(), shown), { fault: "CONFLICT" });
  await assert.rejects(v.again(), { fault: "ROLLED_BACK" });
  Deno.removeSync(v.homes.anchor);
  Deno.mkdirSync(v.homes.anchor);
  await assert.rejects(acceptState(v.homes, v.keys(), stateId(old)), { fault: "WRITE_FAILED" });
  Deno.removeSync(v.homes.anchor);
  await acceptState(v.homes, v.keys(), stateId(old));
  assert.deepEqual([(await v.again()).generation, (await v.again()).notes], [old.generation, []]);
  Deno.writeFileSync(v.homes.vault, newest);
  assert.equal((await v.again()).generation, 4, "what is newer is no rollback");
});
