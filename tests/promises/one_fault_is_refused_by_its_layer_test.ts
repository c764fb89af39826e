/**
 * Promise: each check of a reader holds by itself. A file that is wrong in one place, every seal, MAC and checksum
 * around it right, is refused with the fault that docs/format.md names, by the layer whose matter it is.
 */
import assert from "node:assert/strict";
import { utf8 } from "../../lib/bytes.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { openWithPassphrase, openWithRecovery } from "../../lib/vault/slots.ts";
import { Vault, VaultError } from "../../lib/vault/vault.ts";
import { readVectors, VECTOR_FILE, vectorFile } from "../kit/one_fault.ts";
import { FAULT_PASSPHRASE, faultKeys, type Layer, LAYERS, type Vector } from "../kit/one_fault_draft.ts";
import { tmpHome } from "../kit/tmp_home.ts";

const TEXT = Deno.readTextFileSync(VECTOR_FILE);
const VECTORS = readVectors(TEXT);

/** How each layer speaks. Every message must fit exactly one. */
const SAYS: Record<Layer, RegExp> = {
  "preamble":
    /does not begin as|format version \d|a critical flag|a header of \d+ bytes|(preamble|header) is cut short|reserved bytes/,
  "checksum": /its checksum does not match/,
  "items":
    /an item is cut|MAC is not at the end|items are out of order|item 0x\S+ (is missing|\(minor)|cipher suite|\d+ key slots|it has no MAC/,
  "slot shape": /a key slot has the wrong size|parameters are malformed/,
  "slot cost":
    /Cannot stretch passphrase: (memory|\d+ passes|\d+ lanes)|asks for \d+ MiB of memory|together ask for too much work/,
  "slot commitment": /the passphrase is wrong|this recovery code belongs to another vault/,
  "slot seal": /the secret is right and the slot was changed/,
  "dk_commit": /a key slot holds the key of another vault/,
  "header MAC": /the header was changed without the key/,
  "frame head":
    /damaged: (its head|its generation|its sizes|it is cut short)|it has no frame|first frame is not a checkpoint/,
  "chain MAC": /damaged: its MAC does not match/,
  "index seal": /the seal of its index does not match/,
  "index padding": /Cannot read index: its padding is wrong/,
  "msgpack": /malformed: Cannot decode index: /,
  "index": /malformed: Cannot read index: (?!its padding)/,
  "record": /malformed: Cannot read record: /,
  "grant": /malformed: Cannot read (grant|destination|position): /,
  "records together": /malformed: (a record occurs twice|two records|it removes a record)/,
  "blob place": /malformed: blobs /,
  "anchor": /this machine has seen/,
  "blob seal": /Cannot open value: its seal does not match/,
  "blob padding": /Cannot read value: its padding is wrong/,
};

/** What only the opening of a slot can notice. */
const OF_SLOTS = ["slot shape", "slot cost", "slot commitment", "slot seal", "dk_commit"];

/** Opens, as a command or (with keys) as a running daemon would, and reads every value. */
async function outcome(
  { file, by, anchor }: Vector,
  withKeys = false,
): Promise<{ result: string; layers: string[]; message: string }> {
  using home = tmpHome();
  Deno.writeFileSync(home.homes.vault, file, { mode: 0o600 });
  if (anchor !== undefined) Deno.writeFileSync(home.homes.anchor, anchor, { mode: 0o600 });
  try {
    const vault = await Vault.open(home.homes, withKeys ? keys() : await keysOf(home.homes.vault, by));
    for (const { name } of vault.list()) vault.read(name);
    const torn = vault.notes.some((note) => note.startsWith("TORN_TAIL")) ? " torn" : "";
    return { result: `generation ${vault.generation}${torn}`, layers: [], message: "" };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const layers = LAYERS.filter((layer) => SAYS[layer].test(error.message));
    return { result: error.fault, layers, message: error.message };
  }
}

async function keysOf(path: string, by: Vector["by"]): Promise<KeyTree> {
  const byPassphrase = by === "passphrase";
  const slot = byPassphrase
    ? openWithPassphrase(path, utf8(FAULT_PASSPHRASE))
    : openWithRecovery(path, faultKeys().code);
  return (await slot).keys;
}

function keys(): KeyTree {
  const { built } = faultKeys();
  return KeyTree.fromPrk(built.prk, built.vaultId, built.epoch);
}

Deno.test("the vectors are what the kit makes, byte for byte", async () => {
  assert.equal(TEXT, await vectorFile(), "if this is wanted: deno run -A tests/kit/one_fault.ts");
});

Deno.test("there are vectors for every layer, and no two of one name", () => {
  assert.ok(VECTORS.length > 300);
  assert.equal(new Set(VECTORS.map(({ name }) => name)).size, VECTORS.length);
  for (const layer of LAYERS) assert.ok(VECTORS.filter((v) => v.layer === layer).length >= 4, layer);
});

Deno.test("the file without a fault opens with both of its secrets", async () => {
  const [intact] = VECTORS;
  assert.ok(intact);
  for (const by of ["recovery code", "passphrase"] as const) {
    assert.deepEqual(await outcome({ ...intact, by }), { result: intact.result, layers: [], message: "" });
  }
});

for (const layer of LAYERS) {
  Deno.test(`a file with one fault is refused by the layer whose matter it is: ${layer}`, async () => {
    const wrong: string[] = [];
    for (const vector of VECTORS.slice(1).filter((v) => v.layer === layer)) {
      const { result, layers, message } = await outcome(vector);
      if (!OF_SLOTS.includes(layer)) assert.equal((await outcome(vector, true)).message, message, vector.name);
      const isRefusal = /^[A-Z_]+$/.test(vector.result);
      const right = result === vector.result && layers.join() === (isRefusal ? layer : "");
      if (!right) wrong.push(`${vector.name}: ${result} by ${layers.join(" and ")}, not ${vector.result}: ${message}`);
      else if (isRefusal) assert.match(message, /^Cannot .*[^.]$/, vector.name);
    }
    assert.deepEqual(wrong, []);
  });
}
