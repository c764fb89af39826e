import assert from "node:assert/strict";
import { concat, u16, u32 } from "../bytes.ts";
import { hmacSha256, sha256 } from "../crypto/hash.ts";
import {
  type Built,
  derived,
  frame,
  header,
  item,
  newBuilt,
  recoverySpec,
  slotItem,
} from "../../tests/kit/vault_builder.ts";
import { put } from "../../tests/kit/open_vault.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { checkHeaderMac, parseHeader } from "./header.ts";
import { KeyTree } from "./key_tree.ts";
import { Vault } from "./vault.ts";

const slotOf = (built: Built) => slotItem(built, recoverySpec(built, built.random.bytes(20)));

Deno.test("a header above 64 KiB is refused although every byte of it is right", () => {
  const built = newBuilt("large");
  const most = 65_536 - header(built, { items: [slotOf(built), item(0x8000, new Uint8Array(0))] }).bytes.length + 64;
  const large = (length: number) =>
    header(built, { items: [slotOf(built), item(0x8000, new Uint8Array(length))] }).bytes;
  assert.equal(parseHeader(large(most)).extensions[0]?.value.length, most);
  assert.throws(() => parseHeader(large(most + 1)), { fault: "DAMAGED_HEADER", message: /65537 bytes/ });
});

Deno.test("nothing stands behind the header's MAC, which would not cover it", () => {
  const built = newBuilt("behind");
  const good = header(built, { items: [slotOf(built)] }).bytes;
  const behind = item(0x8001, new Uint8Array(40));
  const preamble = concat(good.subarray(0, 20), u32(good.length - 64 + behind.length), good.subarray(24, 32));
  const covered = good.subarray(64, good.length - 38);
  const mac = hmacSha256(derived(built, "header"), preamble, covered);
  const area = concat(covered, item(0x7fff, mac), behind);
  const file = concat(preamble, sha256(area), area);
  assert.throws(() => parseHeader(file), { fault: "DAMAGED_HEADER", message: /MAC is not at the end/ });
});

Deno.test("a slot has exactly the size that its parameters give it", () => {
  for (const more of [1, 16, 100]) {
    const built = newBuilt("slot");
    const slot = slotOf(built);
    const longer = item(0x10, concat(slot.subarray(6), new Uint8Array(more)));
    assert.throws(() => parseHeader(header(built, { items: [slot, longer] }).bytes), {
      fault: "DAMAGED_HEADER",
      message: /wrong size/,
    });
  }
});

Deno.test("the right key under another vault's name proves nothing", () => {
  const built = newBuilt("name");
  const parsed = parseHeader(header(built, { items: [slotOf(built)] }).bytes);
  checkHeaderMac(parsed, KeyTree.fromPrk(built.prk, built.vaultId));
  const other = KeyTree.fromPrk(built.prk, built.random.bytes(16));
  assert.throws(() => checkHeaderMac(parsed, other), { fault: "WRONG_SECRET" });
});

Deno.test("a save keeps extensions and ignorable flags of a later version byte for byte", async () => {
  using home = tmpHome();
  const built = newBuilt("extension");
  const extensions = [item(0x8000, built.random.bytes(9)), item(0xfffe, new Uint8Array(0))];
  const head = header(built, { items: [slotOf(built), ...extensions], ignorableFlags: 0x80000005 });
  const first = frame(built, { type: 1, generation: 1, index: { v: 1, put: [], del: [] }, previous: head.mac });
  Deno.writeFileSync(home.homes.vault, concat(head.bytes, first.bytes), { mode: 0o600 });
  const vault = await Vault.open(home.homes, KeyTree.fromPrk(built.prk, built.vaultId));
  await vault.change([put("A", "one")]);
  const saved = parseHeader(Deno.readFileSync(home.homes.vault));
  assert.equal(saved.ignorableFlags, 0x80000005);
  assert.deepEqual(
    saved.extensions.map(({ type, value }) => concat(u16(type), u32(value.length), value)),
    extensions,
  );
});
