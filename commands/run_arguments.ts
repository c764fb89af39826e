/**
 * Reads the arguments of `tacit run` without the command line parser, which costs a tenth of the whole start.
 * program.ts declares the same options for help and for everything that is not plain.
 */
import { chooseHome } from "./homes.ts";
import { type RunOptions, runRun } from "./run.ts";

/** Runs the command; null, with nothing done, if the arguments are not plainly understood. */
export async function runPlainly(argv: string[]): Promise<number | null> {
  const read = readArguments(argv);
  if (read === null) return null;
  try {
    return await runRun(chooseHome(read.home), read.command, read.options);
  } catch (error) {
    if (read.home !== undefined) (await import("./terminal.ts")).hintsForHome(read.home);
    throw error;
  }
}

interface RunArguments {
  home: string | undefined;
  options: RunOptions;
  command: string[];
}

/** The options up to `--`, each followed by its value as an argument of its own; null for anything else. */
export function readArguments(argv: string[]): RunArguments | null {
  const read: RunArguments = { home: undefined, options: { secret: [], file: [] }, command: [] };
  for (let i = 0; i < argv.length; i += 2) {
    if (argv[i] === "--") return i + 1 < argv.length ? { ...read, command: argv.slice(i + 1) } : null;
    const value = argv[i + 1];
    if (value === undefined || value.startsWith("-")) return null;
    if (argv[i] === "--home") read.home = value;
    else if (argv[i] === "--secret") read.options.secret.push(value);
    else if (argv[i] === "--file") read.options.file.push(value);
    else if (argv[i] === "--env-file") read.options.envFile = value;
    else return null;
  }
  return null;
}
