/**
 * Gives memory back. The engine collects late when little is running, and the daemon idles with what one large output
 * or one unlock left behind; among it are copies of values, which should not lie about longer than they must.
 */
import v8 from "node:v8";
import vm from "node:vm";

/** Frames of so many bytes in all are worth a collection. */
const WORTH_BYTES = 4 * 1024 * 1024;
/** A collection waits for so long a pause, so that it delays nobody. */
const PAUSE_MS = 250;

let collector: (() => void) | null | undefined;

/** Collects now, and hands free memory back to the system. Without effect where the platform offers no way. */
export function releaseMemory(): void {
  if (collector === undefined) collector = findCollector();
  collector?.();
  trimHeap();
}

/** glibc keeps freed blocks of up to 32 MiB for itself unless asked. */
function trimHeap(): void {
  if (Deno.build.os !== "linux") return;
  try {
    const libc = Deno.dlopen("libc.so.6", { malloc_trim: { parameters: ["usize"], result: "i32" } });
    libc.symbols.malloc_trim(0n);
    libc.close();
  } catch { /* another C library */ }
}

/** Counts handled bytes, and collects in a pause once they are worth it. */
export class MemoryKeeper {
  #handled = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `bytes` were received and answered. */
  handled(bytes: number): void {
    this.#handled += bytes;
    if (this.#handled < WORTH_BYTES) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#handled = 0;
      releaseMemory();
    }, PAUSE_MS);
  }

  /** Nothing more will be collected. */
  close(): void {
    clearTimeout(this.#timer);
  }
}

/** A build may expose the collector by a flag; newer runtimes let the program do so itself. */
function findCollector(): (() => void) | null {
  const given = (globalThis as { gc?: () => void }).gc;
  if (given !== undefined) return given;
  try {
    v8.setFlagsFromString("--expose-gc");
    const gc: unknown = vm.runInNewContext("gc");
    return typeof gc === "function" ? () => gc() : null;
  } catch {
    return null;
  }
}
