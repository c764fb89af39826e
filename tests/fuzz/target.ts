/** What a fuzz target is: a corpus, and one execution with everything that must hold in it. */
import type { Dice } from "./dice.ts";

/** An input that is worth changing, cut at its field boundaries. */
export interface Entry {
  name: string;
  /** Joined they are the input. Changes begin and end at these cuts more often than elsewhere. */
  pieces: readonly Uint8Array[];
  /** What the outcome of the unchanged input begins with: a corpus that no longer gets inside fails. */
  gives: string;
}

/** One thing to fuzz. */
export interface Target {
  name: string;
  corpus: readonly Entry[];
  /** Words of the input's language, as bytes. */
  dictionary: readonly Uint8Array[];
  /** No input is longer. */
  maxBytes: number;
  /** A variation that keeps more of the input's structure than the byte mutator does; null where this entry has none. */
  vary?(entry: Entry, dice: Dice): Uint8Array | null;
  /**
   * One execution; gives a label for the table of outcomes. Whatever it throws is a finding: it knows itself which
   * errors are the typed ones. With `thorough` it does what is too dear for every input.
   */
  run(input: Uint8Array, thorough?: boolean): string | Promise<string>;
  /** Outcomes without which a whole campaign has only scratched the surface. */
  reaches: readonly string[];
  /** Gives back what the target holds outside of memory. */
  close?(): void | Promise<void>;
}

/** A promise was broken. Any other error that leaves a target is a finding too. */
export class Finding extends Error {
  override name = "Finding";
}

/** Throws unless `holds`. */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Finding(what);
}

/** Message and class of whatever was thrown, without turning anything of a foreign shape into text. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return `something that is no error: ${typeof error}`;
  const cause = error.cause instanceof Error ? `; because of ${describe(error.cause)}` : "";
  return `${error.name}: ${error.message}${cause}`;
}
