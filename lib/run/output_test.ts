import assert from "node:assert/strict";
import type { ScrubLink } from "../client/scrub_link.ts";
import { utf8 } from "../bytes.ts";
import { closeDescriptor, libc, openPipe } from "./libc.ts";
import { Output } from "./output.ts";
import { PipeReader } from "./pipe_reader.ts";

/** A daemon that takes its time for the last answer. */
class SlowLink {
  readonly alive = true;
  readonly tail = new Uint8Array(0);
  readonly asked = Promise.withResolvers<void>();
  readonly answer = Promise.withResolvers<void>();
  feed(bytes: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(bytes);
  }
  async end(): Promise<Uint8Array> {
    this.asked.resolve();
    await this.answer.promise;
    return new Uint8Array(0);
  }
  close(): void {}
}

Deno.test("handOver() of a stream that ends meanwhile leaves no pipe to take over", async () => {
  const pipe = openPipe();
  const link = new SlowLink();
  const written: Uint8Array[] = [];
  const sink = { write: (part: Uint8Array) => (written.push(part.slice()), Promise.resolve(part.length)) };
  const output = new Output({
    reader: new PipeReader(pipe.read),
    openLink: () => Promise.resolve(link as unknown as ScrubLink),
    makeLocal: () => Promise.reject(new Error("Cannot happen: the daemon is there")),
    sink,
  });
  const text = utf8("done\n");
  await libc().write(pipe.write, text, BigInt(text.length));
  closeDescriptor(pipe.write);
  await link.asked.promise;
  const handedOver = output.handOver();
  link.answer.resolve();
  assert.equal(await handedOver, null);
  assert.equal(new TextDecoder().decode(written[0]), "done\n");
});
