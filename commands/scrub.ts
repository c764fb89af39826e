/**
 * `tacit scrub`: stdin to stdout without the values of the vault. The daemon does the work; no value is in this process
 * other than in what it passes on.
 *
 * A person's scrub fails where it cannot scrub. The form of the shell channel (`--shell MARK`, lib/hooks) must never
 * cost a command its output: with no daemon at the start it passes everything through; where the daemon is lost, what
 * it was asked and did not answer is withheld with one line, and the rest passes.
 */
import { concat, utf8 } from "../lib/bytes.ts";
import { ask } from "../lib/client/client.ts";
import { ScrubFeed } from "../lib/client/scrub_feed.ts";
import { harden } from "../lib/harden.ts";
import { type Homes, homesOf } from "../lib/paths.ts";
import type { Caller } from "../lib/protocol/messages.ts";

/** One read; a pipe holds as much. */
const CHUNK_BYTES = 64 * 1024;
/** File descriptors that the shell channel's script opens for us. */
const SECOND_INPUT = "/dev/fd/8";
const ACKNOWLEDGE = "/dev/fd/9";

const WITHHELD = "\n[tacit: some output is withheld here, its daemon went away]\n";

interface ScrubArguments {
  homes: Homes;
  /** Ends a command's output in the stream, or null for a person's scrub. */
  mark: string | null;
  two: boolean;
}

/** Runs `tacit scrub`; resolves to the exit status. */
export async function runScrub(argv: string[]): Promise<number> {
  const parsed = parse(argv);
  if (parsed === null) return await fail("usage", "Cannot scrub: expected no arguments; text is read from stdin", "");
  harden({ keepUmask: true, ignoreLoader: true });
  const { homes, mark, two } = parsed;
  if (mark === null) return await scrubForPerson(homes);
  let open = two ? 2 : 1;
  const ended = () => {
    if (--open === 0) acknowledge();
  };
  const streams = [channel(homes, mark, Deno.stdin, Deno.stdout, ended)];
  if (two) streams.push(channel(homes, mark, Deno.openSync(SECOND_INPUT), Deno.stderr, ended));
  await Promise.all(streams);
  return 0;
}

function parse(argv: string[]): ScrubArguments | null {
  let [home, mark, two]: [string | null, string | null, boolean] = [null, null, false];
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--home") home = argv[++i] ?? null;
    else if (argv[i]?.startsWith("--home=")) home = argv[i]?.slice(7) ?? null;
    else if (argv[i] === "--shell") mark = argv[++i] ?? null;
    else if (argv[i] === "--two") two = true;
    else return null;
  }
  return { homes: homesOf(home), mark, two };
}

async function scrubForPerson(homes: Homes): Promise<number> {
  try {
    const { message } = await ask(homes, { verb: "status" });
    if (message["scrubbing"] !== true) {
      const { CommandError } = await import("./exit_codes.ts");
      throw new CommandError("locked", "Cannot scrub: no vault was unlocked, so no value is known", "tacit unlock");
    }
    const feed = await ScrubFeed.open(homes, callerOf(null, null));
    for await (const chunk of chunksOf(Deno.stdin)) writeAll(Deno.stdout, await feed.feed(chunk));
    writeAll(Deno.stdout, await feed.end());
    return 0;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    const { hintsForHome, reportError } = await import("./terminal.ts");
    if (homes.chosen !== null) hintsForHome(homes.chosen);
    return reportError(error);
  }
}

async function channel(
  homes: Homes,
  mark: string,
  input: { read(p: Uint8Array): Promise<number | null> },
  output: { writeSync(p: Uint8Array): number },
  ended: () => void,
): Promise<void> {
  const caller = callerOf("claude-code", Deno.env.get("CLAUDE_CODE_SESSION_ID") ?? null);
  const bytes = utf8(mark);
  // Opened before anything is there to scrub, which costs no time then; again after each mark, when more comes.
  let feed: ScrubFeed | "none" | "lost" | null = await ScrubFeed.open(homes, caller).catch(() => "none" as const);
  let held: Uint8Array = new Uint8Array(0);
  const through = async (data: Uint8Array, last: boolean) => {
    if (feed === null && data.length > 0) feed = await ScrubFeed.open(homes, caller).catch(() => "none" as const);
    if (!(feed instanceof ScrubFeed)) return writeAll(output, data);
    try {
      if (data.length > 0) writeAll(output, await feed.feed(data));
      if (last) writeAll(output, await feed.end());
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw error;
      feed = "lost";
      return writeAll(output, utf8(WITHHELD));
    }
    if (last) feed = null;
  };
  let waiting = true;
  for await (const chunk of chunksOf(input)) {
    let data = held.length === 0 ? chunk : concat(held, chunk);
    const at = waiting ? indexOf(data, bytes) : -1;
    if (at >= 0) {
      await through(data.subarray(0, at), true);
      data = data.subarray(at + bytes.length);
      waiting = false;
      ended();
    }
    const keep = waiting ? tailLike(data, bytes) : 0;
    held = data.slice(data.length - keep);
    await through(data.subarray(0, data.length - keep), false);
  }
  await through(held, true);
  if (waiting) ended();
}

async function* chunksOf(input: { read(p: Uint8Array): Promise<number | null> }): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let n = await input.read(buffer); n !== null; n = await input.read(buffer)) yield buffer.slice(0, n);
}

/** Where `part` begins in `bytes`, or -1. */
function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = bytes.indexOf(part[0] ?? 0); at >= 0; at = bytes.indexOf(part[0] ?? 0, at + 1)) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Length of the longest end of `bytes` that `part` begins with. */
function tailLike(bytes: Uint8Array, part: Uint8Array): number {
  for (let n = Math.min(bytes.length, part.length - 1); n > 0; n--) {
    const start = bytes.length - n;
    if (bytes[start] === part[0] && part.subarray(0, n).every((byte, i) => bytes[start + i] === byte)) return n;
  }
  return 0;
}

function writeAll(output: { writeSync(p: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += output.writeSync(bytes.subarray(at));
}

/** Tells the shell that everything before the mark is written. */
function acknowledge(): void {
  try {
    const file = Deno.openSync(ACKNOWLEDGE, { write: true });
    file.writeSync(utf8("\n"));
    file.close();
  } catch {
    // The shell has gone; nobody waits.
  }
}

function callerOf(agent: string | null, session: string | null): Caller {
  return { agent, session, project: null, cwd: null };
}

async function fail(exit: "usage", message: string, hint: string): Promise<number> {
  const [{ reportError }, { CommandError }] = await Promise.all([import("./terminal.ts"), import("./exit_codes.ts")]);
  return reportError(new CommandError(exit, message, hint));
}
