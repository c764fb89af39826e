/**
 * A mutant: one deliberate fault in the product, by which the suite is tested. Each takes one check away, moves one
 * bound or forgets one step; a suite that stays green over it has a hole. docs/mutants.md.
 */

/** One fault. */
export interface Mutant {
  /** Room and fault in a few words; stable, since docs/mutants.md names it. */
  readonly id: string;
  /** Source file from the top directory. */
  readonly file: string;
  /** Text that stands exactly once in the file. Short, so that it survives edits of its neighbours. */
  readonly find: string;
  /** What takes its place. */
  readonly replace: string;
  /** What the product no longer does. */
  readonly breaks: string;
  /** Test files of which at least one must fail. */
  readonly tests: readonly string[];
}

/** Text to find, its replacement, what breaks; and test files, where the group's own do not fit. */
export type Row = readonly [find: string, replace: string, breaks: string, tests?: readonly string[]];

/** The mutants of one source file, by id. `tests` are meant to notice those that name none. */
export function mutantsOf(file: string, tests: readonly string[], rows: Readonly<Record<string, Row>>): Mutant[] {
  return Object.entries(rows).map(([id, [find, replace, breaks, own]]) => ({
    id,
    file,
    find,
    replace,
    breaks,
    tests: own ?? tests,
  }));
}

/** `source` with the fault in it, or null where its text does not stand there exactly once. */
export function mutated(source: string, mutant: Pick<Mutant, "find" | "replace">): string | null {
  const parts = source.split(mutant.find);
  return parts.length === 2 ? parts.join(mutant.replace) : null;
}
