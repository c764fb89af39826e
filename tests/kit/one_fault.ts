/**
 * Vault files with exactly one fault each, every seal, MAC and checksum around it right: whoever opens one has skipped
 * the check that the vector names. After a change of the format or of the lists, `deno run -A tests/kit/one_fault.ts`
 * writes tests/vectors/data/vault_faults.json anew.
 */
import { concat, fromHex, toHex, utf8 } from "../../lib/bytes.ts";
import { FAULT_PASSPHRASE, faultKeys, LAYERS, NEWEST, type Vector, vectorOf } from "./one_fault_draft.ts";
import { FRAME_FAULTS } from "./one_fault_frames.ts";
import { HEADER_FAULTS } from "./one_fault_header.ts";
import { INDEX_FAULTS } from "./one_fault_index.ts";
import { RECORD_FAULTS } from "./one_fault_records.ts";
import { SLOT_FAULTS } from "./one_fault_slots.ts";

export const VECTOR_FILE = new URL("../vectors/data/vault_faults.json", import.meta.url);

/** The whole file, which every vector spoils. */
const NO_FAULT = { name: "no fault", layer: "preamble", result: `generation ${NEWEST}`, by: "recovery code" } as const;

/** All vectors; the first has no fault. Always the same bytes. */
export async function vectors(): Promise<Vector[]> {
  const lists = [HEADER_FAULTS, SLOT_FAULTS, FRAME_FAULTS, INDEX_FAULTS, RECORD_FAULTS];
  const { name, layer, result } = NO_FAULT;
  const made = [await vectorOf([name, layer, result, () => {}])];
  for (const fault of lists.flat()) made.push(await vectorOf(fault));
  return made;
}

/** The text of the vector file: one vector a line, each told as pieces of the intact file and bytes of its own. */
export async function vectorFile(): Promise<string> {
  const [intact, ...faults] = await vectors();
  if (intact === undefined) throw new Error("Cannot write vectors: there are none");
  const { built, code } = faultKeys();
  const pieces = new Pieces(intact.file);
  const lines = faults.map(({ file, anchor, ...rest }) => {
    const vector = { ...rest, ...(anchor ? { anchor: toHex(anchor) } : {}), file: pieces.of(file) };
    return `    ${JSON.stringify(vector)}`;
  });
  const head = {
    about: "One fault a vector; all else is right. How `file` is told: tests/vectors/README.md.",
    passphrase: FAULT_PASSPHRASE,
    recovery_code: code,
    vault_id: toHex(built.vaultId),
    data_key: toHex(built.dataKey),
    layers: LAYERS,
    intact: toHex(intact.file),
  };
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "vectors": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** Hexadecimal, a stretch of the intact file, or a count of zero bytes. */
type Piece = string | [start: number, length: number] | number;

/** Shorter stretches are written out. */
const SHORTEST = 16;

/** Tells a file by what it shares with the intact one. */
class Pieces {
  readonly #intact: Uint8Array;
  readonly #places = new Map<string, number>();

  constructor(intact: Uint8Array) {
    this.#intact = intact;
    for (let i = intact.length - SHORTEST; i >= 0; i--) this.#places.set(this.#key(intact, i), i);
  }

  of(file: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    let own = 0;
    for (let at = 0; at < file.length;) {
      const [piece, length] = this.#shared(file, at);
      if (length < SHORTEST) {
        at++;
        continue;
      }
      if (own < at) pieces.push(toHex(file.subarray(own, at)));
      pieces.push(piece);
      own = at += length;
    }
    if (own < file.length) pieces.push(toHex(file.subarray(own)));
    return pieces;
  }

  #shared(file: Uint8Array, at: number): [Piece, number] {
    let zeros = 0;
    while (file[at + zeros] === 0) zeros++;
    if (zeros >= SHORTEST) return [zeros, zeros];
    const sameAt = (i: number) => {
      let n = 0;
      while (i + n < this.#intact.length && at + n < file.length && this.#intact[i + n] === file[at + n]) n++;
      return n;
    };
    const start = sameAt(at) >= SHORTEST ? at : this.#places.get(this.#key(file, at));
    return start === undefined ? [0, 0] : [[start, sameAt(start)], sameAt(start)];
  }

  #key(bytes: Uint8Array, at: number): string {
    return String.fromCharCode(...bytes.subarray(at, at + SHORTEST));
  }
}

/** The vectors as the text of the file tells them, the intact one first. */
export function readVectors(text: string): Vector[] {
  const { intact: hex, vectors } = JSON.parse(text);
  const intact = fromHex(hex);
  const bytes = (piece: Piece) => {
    if (typeof piece === "number") return new Uint8Array(piece);
    return typeof piece === "string" ? fromHex(piece) : intact.subarray(piece[0], piece[0] + piece[1]);
  };
  const read = vectors.map(({ anchor, file, ...rest }: Vector & { anchor?: string; file: Piece[] }) => ({
    ...rest,
    file: concat(...file.map(bytes)),
    ...(anchor ? { anchor: fromHex(anchor) } : {}),
  }));
  return [{ ...NO_FAULT, file: intact }, ...read];
}

if (import.meta.main) {
  Deno.writeTextFileSync(VECTOR_FILE, await vectorFile());
  Deno.stdout.writeSync(utf8(`${(await vectors()).length} vectors\n`));
}
