import assert from "node:assert/strict";
import { join } from "node:path";
import type { ScrubFeed } from "../client/scrub_feed.ts";
import { isOwnResult, scrubPersisted } from "./persisted_output.ts";

const VALUE = "kzPersistedValue0123456789";

/** A feed that knows one value and never sees it in two pieces. */
function feed(): Promise<ScrubFeed> {
  const scrubbed = (bytes: Uint8Array) =>
    new TextEncoder().encode(new TextDecoder().decode(bytes).replaceAll(VALUE, "[REDACTED:TOKEN]"));
  return Promise.resolve({
    feed: (bytes: Uint8Array) => Promise.resolve(scrubbed(bytes)),
    end: () => Promise.resolve(new Uint8Array(0)),
    close: () => {},
  } as unknown as ScrubFeed);
}

async function inSession(work: (results: string, transcript: string) => Promise<void>): Promise<void> {
  const home = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    const results = join(home, "s1", "tool-results");
    Deno.mkdirSync(results, { recursive: true });
    await work(results, join(home, "s1.jsonl"));
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

Deno.test("a session's own output is rewritten where it holds a value, with its mode, and nothing is left beside it", () =>
  inSession(async (results, transcript) => {
    const places = { transcript, project: null };
    const path = join(results, "a.txt");
    Deno.writeTextFileSync(path, `t=${VALUE}\n`, { mode: 0o640 });
    assert.equal(await scrubPersisted(path, places, feed), true);
    assert.equal(Deno.readTextFileSync(path), "t=[REDACTED:TOKEN]\n");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o640);
    assert.deepEqual([...Deno.readDirSync(results)].map(({ name }) => name), ["a.txt"]);
  }));

Deno.test("output without a value stays the very file", () =>
  inSession(async (results, transcript) => {
    const path = join(results, "a.txt");
    Deno.writeTextFileSync(path, "nothing here\n");
    const { ino } = Deno.statSync(path);
    assert.equal(await scrubPersisted(path, { transcript, project: null }, feed), false);
    assert.equal(Deno.statSync(path).ino, ino);
    assert.deepEqual([...Deno.readDirSync(results)].map(({ name }) => name), ["a.txt"]);
  }));

Deno.test("a feed that ends early leaves the file as it was, and no copy of it", () =>
  inSession(async (results, transcript) => {
    const path = join(results, "a.txt");
    Deno.writeTextFileSync(path, `t=${VALUE}\n`);
    const lost = async () => ({ ...await feed(), end: () => Promise.reject(new Error("gone")) }) as ScrubFeed;
    assert.equal(await scrubPersisted(path, { transcript, project: null }, lost), false);
    assert.equal(Deno.readTextFileSync(path), `t=${VALUE}\n`);
    assert.deepEqual([...Deno.readDirSync(results)].map(({ name }) => name), ["a.txt"]);
  }));

Deno.test("only a plain file of one name, directly in the session's own place, is its own", () =>
  inSession((results, transcript) => {
    const places = { transcript, project: null };
    const own = join(results, "a.txt");
    Deno.writeTextFileSync(own, "x");
    assert.ok(isOwnResult(own, places));
    assert.ok(!isOwnResult(own, { transcript: null, project: null }));
    assert.ok(!isOwnResult(own, { transcript: join(results, "other.jsonl"), project: null }));
    const outside = join(results, "..", "mine.txt");
    Deno.writeTextFileSync(outside, "x");
    Deno.mkdirSync(join(results, "deeper"));
    Deno.writeTextFileSync(join(results, "deeper", "b.txt"), "x");
    Deno.symlinkSync(outside, join(results, "link.txt"));
    Deno.linkSync(outside, join(results, "hard.txt"));
    // One of the name that is there, elsewhere.
    Deno.writeTextFileSync(join(results, "..", "a.txt"), "x");
    Deno.writeTextFileSync(join(results, "deeper", "a.txt"), "x");
    const others = [
      "../a.txt",
      "deeper/a.txt",
      "../mine.txt",
      "deeper/b.txt",
      "deeper",
      "link.txt",
      "hard.txt",
      "missing.txt",
      ".",
    ];
    for (const name of others) assert.ok(!isOwnResult(join(results, name), places), name);
    return Promise.resolve();
  }));
