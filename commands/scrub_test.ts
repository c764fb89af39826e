import assert from "node:assert/strict";
import { utf8 } from "../lib/bytes.ts";
import { type FakeDaemon, startFakeDaemon } from "../tests/kit/fake_daemon.ts";
import { tacitCommand } from "../tests/kit/program.ts";

const VALUE = "kzScrubValue0123456789abcdefghijklmno";
const MARK = "\x1eend-of-command";

interface Scrubbing {
  write(text: string): Promise<void>;
  /** Output so far, once it holds `text`. */
  until(text: string): Promise<string>;
  /** Closes stdin; all output and the status. */
  end(): Promise<{ code: number; stdout: string; stderr: string }>;
}

async function withScrub(
  words: string[],
  play: (scrub: Scrubbing, daemon: FakeDaemon) => Promise<void>,
  state: FakeDaemon["state"] = "unlocked",
): Promise<void> {
  const daemon = await startFakeDaemon({ TOKEN: VALUE });
  daemon.state = state;
  const home = daemon.homes.chosen ?? "";
  // The shell channel's script opens descriptor 9 for the acknowledgement.
  const args = ["-c", 'exec "$@" 9>/dev/null', "sh", ...tacitCommand(), "--home", home, "scrub", ...words];
  const child = new Deno.Command("sh", { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const input = child.stdin.getWriter();
  let seen = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) seen += text;
  })();
  const errors = new Response(child.stderr).text();
  const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  try {
    await play({
      write: (text) => input.write(utf8(text)),
      async until(text) {
        for (let i = 0; i < 6000 && !seen.includes(text); i++) await new Promise((done) => setTimeout(done, 10));
        assert.ok(seen.includes(text), `not in ${JSON.stringify(seen)}`);
        return seen;
      },
      async end() {
        await input.close().catch(() => {});
        await reading;
        return { code: (await child.status).code, stdout: seen, stderr: await errors };
      },
    }, daemon);
  } finally {
    clearTimeout(timer);
    await daemon.stop().catch(() => {});
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("scrub: a person's text comes out without values, wherever a read cuts it", () =>
  withScrub([], async (scrub) => {
    await scrub.write(`a ${VALUE.slice(0, 10)}`);
    await new Promise((done) => setTimeout(done, 100));
    await scrub.write(`${VALUE.slice(10)} z`);
    assert.deepEqual(await scrub.end(), { code: 0, stdout: "a [REDACTED:TOKEN] z", stderr: "" });
  }));

Deno.test("scrub: a person's text is not passed on where it cannot be scrubbed", () =>
  withScrub([], async (scrub, daemon) => {
    await daemon.stop();
    await scrub.write(VALUE).catch(() => {});
    const ended = await scrub.end();
    assert.equal(ended.code, 3);
    assert.equal(ended.stdout, "");
    assert.match(ended.stderr, /^tacit: error: Cannot /);
  }));

Deno.test("scrub: a daemon that knows no value is no scrubber for a person", () =>
  withScrub([], async (scrub) => {
    await scrub.write(VALUE).catch(() => {});
    const ended = await scrub.end();
    assert.deepEqual([ended.code, ended.stdout], [3, ""]);
  }, "never_unlocked"));

Deno.test("scrub: unknown words are a usage error", () =>
  withScrub(["file.txt"], async (scrub) => {
    assert.equal((await scrub.end()).code, 2);
  }));

Deno.test("scrub: a shell's end mark is taken out and flushes, and what comes after is scrubbed too", () =>
  withScrub(["--shell", MARK], async (scrub) => {
    await scrub.write(`one ${VALUE}${MARK}`);
    await scrub.until("one [REDACTED:TOKEN]");
    await scrub.write(`two ${VALUE} `);
    await scrub.write(`not the ${MARK.slice(0, 5)} mark`);
    const ended = await scrub.end();
    assert.equal(ended.stdout, `one [REDACTED:TOKEN]two [REDACTED:TOKEN] not the ${MARK.slice(0, 5)} mark`);
    assert.equal(ended.code, 0);
  }));

Deno.test("scrub: a mark in two pieces is a mark, half a mark is output", () =>
  withScrub(["--shell", MARK], async (scrub) => {
    await scrub.write(`x${MARK.slice(0, 6)}`);
    await new Promise((done) => setTimeout(done, 200));
    await scrub.write(`${MARK.slice(6)}y${MARK.slice(0, 4)}`);
    assert.equal((await scrub.end()).stdout, `xy${MARK.slice(0, 4)}`);
  }));

Deno.test("scrub: a daemon lost on the way costs what it had not answered, says so once, and nothing else", () =>
  withScrub(["--shell", MARK], async (scrub, daemon) => {
    await scrub.write(`${"first ".repeat(50)}`);
    await scrub.until("first first");
    await daemon.stop();
    await scrub.write("second ");
    await scrub.until("withheld");
    await scrub.write("third ");
    const { code, stdout } = await scrub.end();
    assert.equal(code, 0);
    assert.ok(stdout.endsWith("[tacit: some output is withheld here, its daemon went away]\nthird "));
    assert.ok(!stdout.includes("second"));
    assert.equal(stdout.split("withheld").length, 2);
  }));
