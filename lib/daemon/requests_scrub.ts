/**
 * Scrubbing of what tools put out, by the tables that stay after a lock. Never unlocked, there is nothing to look for
 * and everything passes; `session` and `status` say that scrubbing is off.
 */
import type { Caller } from "../protocol/messages.ts";
import { ScrubStream } from "../scrub/stream.ts";
import { concat } from "../bytes.ts";
import { leavesOf, scrubLeaf } from "./leaves.ts";
import { type Answer, labels, RefusedRequest, type Service } from "./service.ts";

/** `scrub`: the same leaves with every value replaced by its marker. */
export async function scrub(
  service: Service,
  caller: Caller,
  lengths: readonly number[],
  attachment: Uint8Array,
): Promise<Answer> {
  service.sessions.see(caller);
  const { tables } = service.keyring;
  if (tables === null) return { message: { ok: true, lengths, names: [] }, attachment };
  const found = new Set<string>();
  const leaves = leavesOf(attachment, lengths).map((leaf) => {
    const scrubbed = scrubLeaf(tables, leaf);
    for (const name of scrubbed.found) found.add(name);
    return scrubbed.output;
  });
  const names = [...found].toSorted();
  for (const name of names) await noteScrubbed(service, caller, name);
  const [only] = leaves;
  const scrubbed = only !== undefined && leaves.length === 1 ? only : concat(...leaves);
  return { message: { ok: true, lengths: leaves.map((leaf) => leaf.length), names }, attachment: scrubbed };
}

/**
 * Streams at a time. They may be silent for hours, so a number of connections stays free of them: whoever leaves
 * streams open must not keep hooks from being answered.
 */
export const MAX_SCRUB_STREAMS = 192;

/** One connection's scrub stream. */
export interface StreamState {
  readonly caller: Caller;
  /** Null where there is nothing to look for. */
  readonly stream: ScrubStream | null;
}

/**
 * `scrub_stream`: from now on this connection's `feed` frames are one stream.
 * @throws {RefusedRequest} `busy` if too many are open.
 */
export function openStream(service: Service, caller: Caller): StreamState {
  if (service.streams.open >= MAX_SCRUB_STREAMS) {
    throw new RefusedRequest("busy", "Cannot open a scrub stream: too many are open");
  }
  service.sessions.see(caller);
  const { tables } = service.keyring;
  return { caller, stream: tables === null ? null : new ScrubStream(tables) };
}

/** `feed` and `feed_end`. `held` is how many of the bytes fed so far have not come out yet. */
export async function feed(
  service: Service,
  state: StreamState | null,
  chunk: Uint8Array,
  last: boolean,
): Promise<Answer> {
  if (state === null) throw new RefusedRequest("bad_request", 'Cannot feed "scrub_stream": none was opened');
  const { stream, caller } = state;
  if (stream === null) return { message: { ok: true, held: 0 }, attachment: chunk };
  const before = new Set(stream.found);
  let attachment = stream.feed(chunk);
  if (last) attachment = concat(attachment, stream.end());
  for (const name of stream.found) if (!before.has(name)) await noteScrubbed(service, caller, name);
  return { message: { ok: true, held: last ? 0 : stream.held }, attachment };
}

/** A value was seen where none was injected, or was about to come out: worth a line, not worth stopping. */
async function noteScrubbed(service: Service, caller: Caller, name: string): Promise<void> {
  await service.journal.note({ event: "scrub", decision: "info", code: "redacted", secret: name, ...labels(caller) });
}
