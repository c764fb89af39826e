/** Words of a command by their spelling, and the judgement of how a program reads them. */

/**
 * A word's text after quote removal, placeholders as typed, with a NUL (which no command can contain) for each thing
 * that is only known when the command runs: expansions, globs, braces, a tilde.
 */
export type Spelling = string;

/** Stands for what is only known at run time. */
export const DYNAMIC = "\0";

/** True if part of `word` is only known at run time. */
export function isDynamic(word: Spelling | undefined): boolean {
  return word === undefined || word.includes(DYNAMIC);
}

/** How a program reads its words. Indexes are those of the command's words. */
export interface Reading {
  /** The program that reads the code. */
  program: string;
  /** How its code reads an environment variable, for the sentence that the agent gets; may be empty. */
  reads: string;
  /** Words where a placeholder would become code. */
  code: Set<number>;
  /** A shell script given as one word to a shell that inherits our environment. */
  script: { index: number; posix: boolean } | null;
  /** What standard input is: data, code, or a script of a shell that can be followed. */
  stdin: "data" | "code" | "bash" | "posix";
  /** Where a wrapped command begins, as for `timeout 5 curl`. */
  inner: number | null;
}

/** The name that decides: without directory, `.exe` and version, in lower case. Null if it is not written out. */
export function programName(word: Spelling | undefined): string | null {
  const base = (word ?? "").slice((word ?? "").lastIndexOf("/") + 1).toLowerCase().replace(/\.exe$/, "");
  if (base === "" || isDynamic(base) || base.includes("{{")) return null;
  return base.replace(/-?[\d.]+$/, "") || base;
}

/** Marks every word from `from` on. */
export function markAll(reading: Reading, words: readonly Spelling[], from: number): Reading {
  for (let i = from; i < words.length; i++) reading.code.add(i);
  return reading;
}

/** Index of the first operand behind options, of which those in `takes` and `takesLong` have a word behind them. */
export function operandAfter(
  words: readonly Spelling[],
  from: number,
  takes: string,
  takesLong: readonly string[] = [],
): number {
  let i = from;
  for (; i < words.length; i++) {
    const word = words[i] ?? "";
    if (!/^-./s.test(word)) break;
    if (word === "--") return i + 1;
    if (word.startsWith("--")) {
      if (takesLong.includes(word.slice(2))) i++;
      continue;
    }
    // The first letter with an argument takes the rest of its word, or else the next word.
    const letters = [...word.slice(1)];
    const taking = letters.findIndex((letter) => takes.includes(letter));
    if (taking >= 0 && taking === letters.length - 1) i++;
  }
  return i;
}
