/** The string leaves of a tool's input or output, as they travel in an attachment, and what is looked for in them. */
import { findPlaceholders } from "../shell/placeholders.ts";
import { concat } from "../bytes.ts";
import { scrubBytes, ScrubStream } from "../scrub/stream.ts";
import type { ScrubTables } from "../scrub/tables.ts";

/** Larger leaves go through the scrubber piece by piece, which needs a tenth of the memory. Bytes. */
const PIECE_BYTES = 256 * 1024;

/** The parts of `attachment`; `lengths` add up to it (lib/protocol/parse.ts). */
export function leavesOf(attachment: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => attachment.subarray(at, at += length));
}

/** The text of one leaf. What is no UTF-8 cannot have come from JSON. */
export function textOf(leaf: Uint8Array): string {
  return new TextDecoder().decode(leaf);
}

/** `leaf` with every value replaced by its marker, and the names of those values. */
export function scrubLeaf(tables: ScrubTables, leaf: Uint8Array): { output: Uint8Array; found: string[] } {
  if (leaf.length <= PIECE_BYTES) return scrubBytes(tables, leaf);
  const stream = new ScrubStream(tables);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < leaf.length; at += PIECE_BYTES) parts.push(stream.feed(leaf.subarray(at, at + PIECE_BYTES)));
  parts.push(stream.end());
  return { output: concat(...parts), found: [...stream.found] };
}

/** Names of the secrets whose values stand in `leaf`, in any encoding the scrubber knows; a placeholder is none. */
export function valuesIn(tables: ScrubTables, leaf: Uint8Array): string[] {
  const { found } = scrubLeaf(tables, leaf);
  if (found.length === 0) return found;
  // A value may equal its own name: look again with the placeholders' names out of sight.
  let text = textOf(leaf);
  for (const { start, end } of findPlaceholders(text)) {
    text = text.slice(0, start + 2) + "\0".repeat(end - start - 4) + text.slice(end - 2);
  }
  return scrubLeaf(tables, new TextEncoder().encode(text)).found;
}

const MARKER = /\[REDACTED:[A-Z][A-Z0-9_]{0,63}\]/;

/** True if `text` holds a marker that stands where a value stood. */
export function hasMarker(text: string): boolean {
  return MARKER.test(text);
}
