/** What the global options of one call amount to. docs/cli.md, "Global options". */
import type { Homes } from "../lib/paths.ts";

export interface Invocation {
  readonly homes: Homes;
  readonly json: boolean;
  /** Descriptor from which passphrases and recovery codes are read, a line each. */
  readonly passphraseFd?: number;
  /** File for the same; only with a home that was chosen. */
  readonly passphraseFile?: string;
}
