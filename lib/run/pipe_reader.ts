/**
 * Reads a raw pipe end so that the reading can be stopped with nothing lost: a byte is taken from the pipe only when
 * it is there and wanted, so another process can go on reading where this one stopped (custody.ts).
 */
import { closeDescriptor, libc, openPipe, type Pipe } from "./libc.ts";

const POLLIN = 0x01;
/** One read never takes more: the usual capacity of a pipe. */
const CHUNK = 64 * 1024;

/** The reading side of one child output. */
export class PipeReader {
  readonly #fd: number;
  readonly #wake: Pipe = openPipe();
  readonly #buffer = new Uint8Array(CHUNK);
  #stopped = false;

  /** Takes over descriptor `fd`. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The raw descriptor, for a process that reads on. */
  get descriptor(): number {
    return this.#fd;
  }

  /** The next bytes (valid until the next call); null at the end of the stream or after `stop()`. */
  async next(): Promise<Uint8Array | null> {
    const set = new Uint8Array(16);
    const view = new DataView(set.buffer);
    for (;;) {
      if (this.#stopped) return null;
      for (const [i, fd] of [this.#fd, this.#wake.read].entries()) {
        view.setInt32(i * 8, fd, true);
        view.setInt16(i * 8 + 4, POLLIN, true);
        view.setInt16(i * 8 + 6, 0, true);
      }
      if (await libc().poll(set, 2n, -1) < 0) continue;
      if (this.#stopped) return null;
      if (view.getInt16(6, true) === 0) continue;
      const n = Number(libc().read(this.#fd, this.#buffer, BigInt(CHUNK)));
      if (n === 0) return null;
      if (n > 0) return this.#buffer.subarray(0, n);
    }
  }

  /** Makes a waiting `next()` return null without taking a byte. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    closeDescriptor(this.#wake.write);
  }

  /** Closes everything; a writer that remains gets SIGPIPE, as with any closed pipe. */
  close(): void {
    this.stop();
    closeDescriptor(this.#wake.read);
    closeDescriptor(this.#fd);
  }
}
