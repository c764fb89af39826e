/** What to say about a command line that cannot be used. Words of it are repeated only where none can be a secret. */
import type { Homes } from "../lib/paths.ts";
import { CommandError } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";

/** The error for what the parser found: its code, its message of one or two lines, and the verb it was reading. */
export function explainUsage(code: string, message: string, verb: string | undefined): CommandError {
  const help = verb === undefined ? "tacit --help" : `tacit ${verb} --help`;
  const [first = "", suggestion = ""] = message.split("\n");
  const near = /Did you mean (?:one of )?([^?]+)\?/.exec(suggestion)?.[1];
  const subject = /'(-{0,2}[a-z-]{1,24})/.exec(first)?.[1];
  switch (code) {
    case "commander.unknownOption":
      return refuse(
        `it has an unknown option${subject === undefined ? "" : ` "${subject}"`}`,
        verb === "run"
          ? "tacit run [options] -- command: what belongs to the command stands after --"
          : near === undefined
          ? help
          : `did you mean ${near}?`,
      );
    case "commander.unknownCommand":
      return refuse(
        `there is no such verb${subject === undefined ? "" : ` as "${subject}"`}`,
        near === undefined ? "tacit --help" : `did you mean: tacit ${near}`,
      );
    case "commander.excessArguments":
      return refuse(
        "it has more arguments than this verb takes; values and passphrases never belong there",
        help,
      );
    default: {
      // What follows is the parser's own text without the word that it refused.
      const text = first.replace(/^error: /, "").replace(/argument '.*' is invalid\./s, "has an unusable value:")
        .replace(/command-argument value '.*' is invalid for argument/s, "unusable value for");
      return refuse(text.replace(/\.$/, ""), help);
    }
  }
}

/**
 * Where passphrases come from, by the global options.
 * @throws {CommandError} on both at once, or a file for the user's own home.
 */
export function passphraseSource(
  homes: Homes,
  fd: number | undefined,
  file: string | undefined,
): Pick<Invocation, "passphraseFd" | "passphraseFile"> {
  if (fd !== undefined && file !== undefined) {
    throw new CommandError(
      "usage",
      "Cannot read passphrases from two places: a descriptor and a file were named",
      "give one",
    );
  }
  if (file !== undefined && homes.chosen === null) {
    throw new CommandError(
      "usage",
      "Cannot read the passphrase of your own home from a file: whoever reads the file could use every secret",
      "leave it out, or use --passphrase-fd N",
    );
  }
  if (fd === 1 || fd === 2) {
    throw new CommandError(
      "usage",
      `Cannot read passphrases from descriptor ${fd}: it is for output`,
      "tacit … --passphrase-fd 3 3< file",
    );
  }
  return { ...(fd !== undefined && { passphraseFd: fd }), ...(file !== undefined && { passphraseFile: file }) };
}

function refuse(state: string, hint: string): CommandError {
  return new CommandError("usage", `Cannot read the command line: ${state}`, hint);
}
