/**
 * The vault that docs/format.md prints byte by byte, and its printing. After a change of the format:
 * `deno run -A tests/kit/docs_vault.ts`, and paste what it prints over the block in the page.
 */
import { concat, fromHex, toHex, utf8 } from "../../lib/bytes.ts";
import { encode } from "../../lib/msgpack.ts";
import { recoveryCodeOf } from "../../lib/vault/recovery_code.ts";
import {
  blob,
  type Built,
  derived,
  frame,
  header,
  newBuilt,
  passphraseSpec,
  recoverySpec,
  slotItem,
} from "./vault_builder.ts";

export const DOCS_PASSPHRASE = "an example, not a secret";
export const DOCS_VALUE = "example-value-000000000000";

export interface DocsVault {
  built: Built;
  bytes: Uint8Array;
  recoveryCode: string;
  index: Uint8Array;
}

/** Always the same bytes. */
export async function docsVault(): Promise<DocsVault> {
  const built = newBuilt("format.md");
  const bits = built.random.bytes(20);
  const slots = [await passphraseSpec(built, DOCS_PASSPHRASE), recoverySpec(built, bits)];
  const head = header(built, { items: slots.map((spec) => slotItem(built, spec)) });
  const id = built.random.bytes(16);
  const index = encode({
    v: 1,
    put: [{
      id,
      rev: 1,
      name: "EXAMPLE_TOKEN",
      off: 0,
      len: 296,
      kind: "token",
      tags: ["docs"],
      grant: { destinations: [{ host: "api.example.com" }], modes: ["sealed"], expires: 1_800_000_000_000 },
      created: 1_764_000_000_000,
      updated: 1_764_000_000_000,
    }],
    del: [],
  });
  const blobs = [blob(built, id, 1, DOCS_VALUE)];
  const body = frame(built, { type: 1, generation: 1, index, blobs, previous: head.mac });
  return { built, bytes: concat(head.bytes, body.bytes), recoveryCode: recoveryCodeOf(bits), index };
}

/** Field names and lengths in file order; a length of null takes what is left before the last field. */
const FIELDS: [string, number][] = [
  ["magic", 8],
  ["major 1, minor 0", 4],
  ["critical flags, ignorable flags", 8],
  ["header_len 426", 4],
  ["zero", 8],
  ["SHA-256 of the header area", 32],
  ["item 0x0001, 16 bytes", 6],
  ["vault_id", 16],
  ["item 0x0002, 4 bytes: epoch 1", 10],
  ["item 0x0003, 2 bytes: suite 1", 8],
  ["item 0x0004, 32 bytes", 6],
  ["dk_commit", 32],
  ["item 0x0010, 154 bytes", 6],
  ["slot_id", 16],
  ["type 1, flags 0", 4],
  ["26 bytes of parameters", 4],
  ["Argon2id, 19,456 KiB, 1 pass, 1 lane", 10],
  ["salt", 16],
  ["commitment", 32],
  ["nonce", 24],
  ["wrapped data key and tag", 48],
  ["item 0x0010, 144 bytes", 6],
  ["slot_id", 16],
  ["type 2, flags 0", 4],
  ["16 bytes of parameters", 4],
  ["salt", 16],
  ["commitment", 32],
  ["nonce", 24],
  ["wrapped data key and tag", 48],
  ["item 0x7fff, 32 bytes", 6],
  ["header_mac", 32],
  ["FRM1, CHECKPOINT, zero", 8],
  ["generation 1", 8],
  ["blob_len 296, index_ct_len 4,112", 8],
  ["nonce", 24],
  ["index_ct", 4112],
  ["blob of EXAMPLE_TOKEN", 296],
  ["chain_mac", 32],
];

/** The block of the page: offset, bytes, meaning at the first row of each field. */
export function printed({ built, bytes, recoveryCode, index }: DocsVault): string {
  const lines = ["```text"];
  let at = 0;
  for (const [name, length] of FIELDS) {
    for (let row = 0; row < length; row += 32) {
      const hex = toHex(bytes.subarray(at + row, at + Math.min(row + 32, length)));
      lines.push(`${String(at + row).padStart(4, "0")}  ${hex}${row === 0 ? `  ${name}` : ""}`);
    }
    at += length;
  }
  if (at !== bytes.length) throw new Error(`Cannot print vault: ${at} of ${bytes.length} bytes have a name`);
  const given = [
    ["passphrase", DOCS_PASSPHRASE],
    ["recovery code", recoveryCode],
    ["value", DOCS_VALUE],
    ["data key", toHex(built.dataKey)],
    ["PRK", toHex(built.prk)],
    ...["header", "index", "chain", "anchor", "share", "admin", "audit"].map((
      l,
    ) => [`K_${l}`, toHex(derived(built, l))]),
    ["index", toHex(index)],
  ];
  return [...lines, "```", "", "```text", ...given.map(([k, v]) => `${k?.padEnd(14)} ${v}`), "```"].join("\n");
}

/** The bytes that a printed block shows. */
export function bytesOf(page: string): Uint8Array {
  const rows = [...page.matchAll(/^\d{4} {2}([0-9a-f]+)/gm)].map((m) => m[1] ?? "");
  return fromHex(rows.join(""));
}

if (import.meta.main) {
  Deno.stdout.writeSync(utf8(printed(await docsVault()) + "\n"));
}
