/** Our own scrubber behind the daemon's: it takes over in mid-stream, and nothing it holds is lost. */
import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { ScrubLink } from "../client/scrub_link.ts";
import type { ScrubFeed } from "../client/scrub_feed.ts";
import { ScrubStream } from "../scrub/stream.ts";
import { buildTables } from "../scrub/tables.ts";
import { Secret } from "../secret.ts";
import { closeDescriptor, libc, openPipe } from "./libc.ts";
import { Output } from "./output.ts";
import { PipeReader } from "./pipe_reader.ts";

const VALUE = "kzLocalValue0123456789";
const MARKER = "[REDACTED:TOKEN]";

/** A daemon that scrubs `answers` pieces and then goes away. */
function daemonFor(answers: number): ScrubLink {
  const stream = new ScrubStream(tables());
  return new ScrubLink({
    scrubbing: true,
    get held() {
      return stream.held;
    },
    feed: (bytes: Uint8Array) =>
      answers-- > 0 ? Promise.resolve(stream.feed(bytes)) : Promise.reject(new Error("gone")),
    end: () => answers-- > 0 ? Promise.resolve(stream.end()) : Promise.reject(new Error("gone")),
    close: () => {},
  } as unknown as ScrubFeed);
}

function tables() {
  return buildTables([new Secret("TOKEN", utf8(VALUE))]);
}

/** What comes out of a pipe into which `pieces` are written one after the other. */
async function shown(
  link: ScrubLink,
  pieces: readonly string[],
  first = "",
): Promise<{ text: string; output: Output }> {
  const pipe = openPipe();
  const written: Uint8Array[] = [];
  const output = new Output({
    reader: new PipeReader(pipe.read),
    openLink: () => Promise.resolve(link),
    makeLocal: () => Promise.resolve(new ScrubStream(tables())),
    sink: { write: (part: Uint8Array) => (written.push(part.slice()), Promise.resolve(part.length)) },
    first: utf8(first),
  });
  for (const piece of pieces) {
    const bytes = utf8(piece);
    await libc().write(pipe.write, bytes, BigInt(bytes.length));
    // So that each piece is a read of its own, most of the time.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  closeDescriptor(pipe.write);
  await output.done;
  return { text: written.map((part) => new TextDecoder().decode(part)).join(""), output };
}

const PIECES = ["begin ", VALUE.slice(0, 7), VALUE.slice(7) + " mid ", VALUE, ` end ${VALUE.slice(0, 9)}`];
const EXPECTED = `begin ${MARKER} mid ${MARKER} end ${VALUE.slice(0, 9)}`;

for (let answers = 0; answers <= PIECES.length + 1; answers++) {
  Deno.test(`no value is shown where the daemon goes away after ${answers} answers, and nothing else is lost`, async () => {
    const { text, output } = await shown(daemonFor(answers), PIECES);
    assert.equal(text, EXPECTED);
    assert.equal(output.ended, true);
    assert.equal(output.fault, null);
  });
}

Deno.test("without a daemon our own scrubber does it all, and what another process had read comes first", async () => {
  const { text } = await shown(new ScrubLink(null), [VALUE.slice(5), " z"], `a ${VALUE.slice(0, 5)}`);
  assert.equal(text, `a ${MARKER} z`);
});

Deno.test("a stream that is handed over leaves to the next what either scrubber still holds", async () => {
  for (const answers of [0, 9]) {
    const pipe = openPipe();
    const written: Uint8Array[] = [];
    const output = new Output({
      reader: new PipeReader(pipe.read),
      openLink: () => Promise.resolve(daemonFor(answers)),
      makeLocal: () => Promise.resolve(new ScrubStream(tables())),
      sink: { write: (part: Uint8Array) => (written.push(part.slice()), Promise.resolve(part.length)) },
    });
    const begin = utf8(`shown ${VALUE.slice(0, 12)}`);
    await libc().write(pipe.write, begin, BigInt(begin.length));
    for (let i = 0; i < 1500 && written.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    const held = await output.handOver() ?? assert.fail("there is something to hand over");
    const seen = written.map((part) => new TextDecoder().decode(part)).join("");
    assert.equal(seen + new TextDecoder().decode(held), `shown ${VALUE.slice(0, 12)}`, `${answers} answers`);
    assert.ok(!seen.includes(VALUE.slice(0, 6)));
    closeDescriptor(pipe.write);
    output.reader.close();
  }
});
