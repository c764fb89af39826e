/**
 * Small files of the state directory, MACed under K_anchor: `magic(4) ‖ u16 1 ‖ u16 0 ‖ vault_id(16) ‖ … ‖ mac(32)`.
 * docs/format.md, "Anchor". Whoever can write them can also delete them.
 */
import { dirname } from "node:path";
import { replaceFile } from "../atomic_file.ts";
import { concat, u16 } from "../bytes.ts";
import { equalConstantTime, hmacSha256 } from "../crypto/hash.ts";
import { VaultError } from "./fault.ts";
import { guardDirectory, readGuarded } from "./guarded_file.ts";
import type { KeyTree } from "./key_tree.ts";
import { MAC_LENGTH } from "./layout.ts";

/** Whose files these are: the vault's own tree, or what is kept of the one of an earlier epoch. */
export type MacKeys = Pick<KeyTree, "anchor" | "vaultId">;

const VERSION = 1;
/** Bytes before the fields that differ. */
const HEAD_LENGTH = 4 + 2 + 2 + 16;

/** The fields after the head, `length` bytes, if the MAC matches and the head is this vault's. */
export function readMaced(
  path: string,
  magic: Uint8Array,
  length: number,
  keys: MacKeys,
): Uint8Array | "missing" | "unusable" {
  const total = HEAD_LENGTH + length + MAC_LENGTH;
  let bytes: Uint8Array;
  try {
    bytes = readGuarded(path, total);
  } catch (error) {
    if (error instanceof VaultError) return error.fault === "MISSING" ? "missing" : "unusable";
    throw error;
  }
  if (bytes.length !== total) return "unusable";
  const body = bytes.subarray(0, HEAD_LENGTH + length);
  const ours = equalConstantTime(hmacSha256(keys.anchor, body), bytes.subarray(body.length)) &&
    equalConstantTime(body.subarray(0, HEAD_LENGTH), head(magic, keys));
  return ours ? body.slice(HEAD_LENGTH) : "unusable";
}

/**
 * Replaces the file by one with these fields.
 * @throws {Error} if it cannot be made durable.
 */
export function writeMaced(path: string, magic: Uint8Array, fields: Uint8Array, keys: KeyTree): void {
  const body = concat(head(magic, keys), fields);
  guardDirectory(dirname(path));
  replaceFile(path, concat(body, hmacSha256(keys.anchor, body)));
}

function head(magic: Uint8Array, keys: MacKeys): Uint8Array {
  return concat(magic, u16(VERSION), u16(0), keys.vaultId);
}
