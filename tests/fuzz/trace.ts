/**
 * The input that a fuzzing process is at, in a file: whoever watches it knows from that what it hangs on or died of.
 * `u32 count ‖ u32 length ‖ input`.
 */
import { concat, u32 } from "../../lib/bytes.ts";

/** Writes each input before it is executed. */
export class TraceWriter {
  readonly #file: Deno.FsFile;
  #count = 0;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { write: true, create: true });
  }

  write(input: Uint8Array): void {
    const bytes = concat(u32(++this.#count), u32(input.length), input);
    this.#file.seekSync(0, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
  }

  close(): void {
    this.#file.close();
  }
}

/** How many inputs there were, and the last one; null before the first. */
export function readTrace(path: string): { count: number; input: Uint8Array } | null {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch {
    return null;
  }
  if (bytes.length < 8) return null;
  const view = new DataView(bytes.buffer);
  return { count: view.getUint32(0), input: bytes.slice(8, 8 + view.getUint32(4)) };
}
