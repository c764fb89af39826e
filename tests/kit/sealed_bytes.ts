/** Every bit flipped and every byte cut off of one vault file: what must come of it, as tests to register. */
import assert from "node:assert/strict";
import { fromHex } from "../../lib/bytes.ts";
import { checkAnchor } from "../../lib/vault/anchor.ts";
import { parseHeader } from "../../lib/vault/header.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { readState } from "../../lib/vault/state.ts";
import { VaultError } from "../../lib/vault/vault.ts";
import { fixChecksum } from "./vault_builder.ts";

/** A file whose data key is known, so that nothing is derived. */
export interface Target {
  file: Uint8Array;
  keys: KeyTree;
  /** Where the header ends, and where each frame ends. */
  ends: number[];
  /** Generation of the whole file. */
  newest: number;
}

export function target(file: Uint8Array, of: { data_key: string; vault_id: string }, newest: number): Target {
  const keys = KeyTree.fromDataKey(fromHex(of.data_key), fromHex(of.vault_id));
  const ends = [parseHeader(file).end];
  const view = new DataView(file.buffer);
  for (let at = ends[0] ?? 0; at < file.length;) {
    at += 48 + view.getUint32(at + 16) + view.getUint32(at + 20) + 32;
    ends.push(at);
  }
  return { file, keys, ends, newest };
}

/** What a changed file is read as, and what the anchor of the newest generation makes of it; throws on other errors. */
export function outcome({ file, keys, newest }: Target, changed: Uint8Array): { read: string; anchored: string } {
  let read = "";
  try {
    const state = readState(changed, keys);
    read = `generation ${state.generation}${state.tornAt === null ? "" : " torn"}`;
    checkAnchor(state, { generation: newest, lastMac: file.subarray(-32) });
    return { read, anchored: read };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { read: read || error.fault, anchored: error.fault };
  }
}

export function flipped(file: Uint8Array, bit: number): Uint8Array {
  const changed = file.slice();
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

/** With a checksum that fits what the file then calls its header, if that much is there. */
export function fitted(changed: Uint8Array, bit: number): Uint8Array {
  const inChecksum = bit >> 3 >= 32 && bit >> 3 < 64;
  const length = new DataView(changed.buffer).getUint32(20);
  return inChecksum || 64 + length > changed.length ? changed : fixChecksum(changed);
}

/** Registers the tests for one file. */
export function testSealedBytes(name: string, target: Target): void {
  const { file, ends, newest } = target;
  const headerEnd = ends[0] ?? assert.fail();
  const lastFrame = ends.at(-2) ?? assert.fail();

  Deno.test(`every flipped bit is refused, or in the last frame read as the generation before, which the anchor refuses: ${name}`, () => {
    const seen: Record<string, number> = {};
    for (let bit = 0; bit < file.length * 8; bit++) {
      const { read, anchored } = outcome(target, flipped(file, bit));
      seen[read] = (seen[read] ?? 0) + 1;
      const torn = read === `generation ${newest - 1} torn`;
      assert.ok(torn ? bit >> 3 >= lastFrame : /^[A-Z_]+$/.test(read), `bit ${bit}: ${read}`);
      if (torn) assert.equal(anchored, "ROLLED_BACK", `bit ${bit}`);
    }
    // All but those that no cut write explains: another generation, or a size that leaves bytes after the frame.
    const inLastFrame = (file.length - lastFrame) * 8;
    assert.ok((seen[`generation ${newest - 1} torn`] ?? 0) > inLastFrame - 64 - 64, JSON.stringify(seen));
  });

  Deno.test(`a flipped header bit is refused by the keyed MAC even if the unkeyed checksum is made to fit: ${name}`, () => {
    const seen: Record<string, number> = {};
    for (let bit = 0; bit < headerEnd * 8; bit++) {
      const { read } = outcome(target, fitted(flipped(file, bit), bit));
      seen[read] = (seen[read] ?? 0) + 1;
      assert.match(read, /^[A-Z_]+$/, `bit ${bit}`);
    }
    assert.ok((seen.TAMPERED ?? 0) > 1000, JSON.stringify(seen));
  });

  Deno.test(`every truncation gives the generation before or a refusal, and with the anchor always a refusal: ${name}`, () => {
    for (let length = 0; length < file.length; length++) {
      const { read, anchored } = outcome(target, file.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length - 1;
      const generation = newest - (ends.length - 1) + whole;
      if (whole < 1) assert.match(read, /^[A-Z_]+$/, `length ${length}`);
      else assert.equal(read, `generation ${generation}${ends.includes(length) ? "" : " torn"}`, `length ${length}`);
      assert.match(anchored, /^[A-Z_]+$/);
    }
  });
}
