/** The log that fault_library.c keeps of the operations that change something, in their order. */
import { type Operation, OPERATIONS } from "./fault_library.ts";

export interface Logged {
  operation: Operation;
  /** Where a write begins, or the length that a file is cut to; of a sync, 1 if it failed. */
  number: number;
  /** A path by the name that the file was opened by; of a note, its text. */
  path: string;
  /** The new name of a rename or link. */
  other: string;
  data: Uint8Array;
}

const HEAD_LENGTH = 21;

/** The operations of a whole log. */
export function parseLog(bytes: Uint8Array): Logged[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const operations: Logged[] = [];
  for (let at = 0; at < bytes.length;) {
    const operation = OPERATIONS[view.getUint8(at)];
    if (operation === undefined) throw new Error(`Cannot read the log: no operation at ${at}`);
    const number = Number(view.getBigUint64(at + 1, true));
    const lengths = [9, 13, 17].map((offset) => view.getUint32(at + offset, true));
    at += HEAD_LENGTH;
    const [path, other, data] = lengths.map((length) => bytes.subarray(at, at += length));
    operations.push({ operation, number, path: decoder.decode(path), other: decoder.decode(other), data: data! });
  }
  return operations;
}
