/**
 * After a tool call: every string of its output goes through the daemon's scrubber, and the output is answered in its
 * own shape where something was found. docs/agents.md, "After a call".
 */
import { type Ask, MAX_BATCH_BYTES, MAX_BATCH_LEAVES, namesOf, pack, unpack } from "./daemon.ts";
import { isObject, type Json, PASS, type Verdict } from "./event.ts";
import type { Caller } from "../protocol/messages.ts";
import { cutDepths, stringLeaves, withStringLeaves } from "./string_leaves.ts";

/** Stands where one string is larger than the daemon takes. */
const TOO_LARGE = "[tacit: this output is too large to be searched for secrets and is withheld]";

/** Stands where output is nested deeper than any tool's, so deep that it cannot be walked. */
const TOO_DEEP = "[tacit: what was here is nested too deeply to be searched for secrets and is withheld]";

/** What a scrub of many strings found. */
export interface Scrubbed {
  leaves: string[];
  changed: boolean;
  names: string[];
}

/** Scrubs the output of a call that succeeded. `persisted` scrubs the file the agent saved it to. */
export async function decidePostTool(
  caller: Caller,
  output: Json,
  ask: Ask,
  persisted: (path: string) => Promise<boolean>,
): Promise<Verdict> {
  const { walkable, leaves } = leavesOf(output);
  const scrubbed = await scrubLeaves(caller, leaves, ask);
  if (scrubbed === null) return PASS;
  const path = isObject(output) ? output["persistedOutputPath"] : undefined;
  const fileChanged = typeof path === "string" && await persisted(path);
  if (!scrubbed.changed && !fileChanged && walkable === output) return PASS;
  const replaced = withStringLeaves(walkable, scrubbed.leaves);
  if (isObject(replaced)) {
    // With these Claude Code shows its own saved copy in place of what is answered here.
    delete replaced["persistedOutputPath"];
    delete replaced["persistedOutputSize"];
  }
  return { kind: "replace", output: replaced };
}

/** The text of `output`, and `output` itself unless a part of it had to be cut out for that. */
function leavesOf(output: Json): { walkable: Json; leaves: string[] } {
  try {
    return { walkable: output, leaves: stringLeaves(output) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const walkable = cutDepths(output, TOO_DEEP);
    return { walkable, leaves: stringLeaves(walkable) };
  }
}

/** A failed call's output cannot be replaced; the agent is told not to repeat what it saw. */
export async function decidePostToolFailure(caller: Caller, error: string, ask: Ask): Promise<Verdict> {
  const scrubbed = await scrubLeaves(caller, [error], ask);
  if (scrubbed === null || scrubbed.names.length === 0) return PASS;
  const names = scrubbed.names.join(", ");
  return {
    kind: "context",
    text: `tacit: the output of this failed call holds the value of ${names}, which could not be taken out. Do not ` +
      `repeat it, write it anywhere or use it; tell the person that ${names} was exposed here and should be rotated.`,
  };
}

/** `leaves` without values, or null where nothing can scrub them now. */
export async function scrubLeaves(caller: Caller, leaves: string[], ask: Ask): Promise<Scrubbed | null> {
  const result: Scrubbed = { leaves: [], changed: false, names: [] };
  for (const batch of batches(leaves)) {
    const packed = pack(batch);
    if (packed.bytes.length > MAX_BATCH_BYTES) {
      result.leaves.push(TOO_LARGE);
      result.changed = true;
      continue;
    }
    const answer = await ask({ verb: "scrub", caller, lengths: packed.lengths }, packed.bytes);
    if (answer.kind !== "ok") return null;
    const scrubbed = unpack(answer.message["lengths"], answer.attachment);
    if (scrubbed.length !== batch.length) return null;
    // A string that is not well-formed comes back different although nothing was found in it.
    const kept = batch.map((leaf, i) => scrubbed[i] === leaf.toWellFormed() ? leaf : scrubbed[i] ?? "");
    result.changed ||= kept.some((leaf, i) => leaf !== batch[i]);
    result.leaves.push(...kept);
    result.names.push(...namesOf(answer.message));
  }
  result.names = [...new Set(result.names)];
  return result;
}

/** Runs of leaves that fit one request; a leaf that fits none stands alone. */
function* batches(leaves: string[]): Generator<string[]> {
  let [batch, size]: [string[], number] = [[], 0];
  for (const leaf of leaves) {
    // UTF-8 needs at most three bytes for one UTF-16 unit.
    const most = leaf.length * 3;
    if (batch.length > 0 && (size + most > MAX_BATCH_BYTES || batch.length === MAX_BATCH_LEAVES)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(leaf);
    size += most;
  }
  if (batch.length > 0) yield batch;
}
