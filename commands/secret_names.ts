/**
 * Names as people type them after a verb, and what to say when the word is none. A word that is no name may be a
 * value typed by mistake: it is never repeated, since argv and its echo reach histories, logs and transcripts.
 */
import { didYouMean, isName } from "../lib/names.ts";
import { CommandError } from "./exit_codes.ts";

const GRAMMAR = "names are capital letters, digits and _, begin with a letter, and have at most 64 characters";

/**
 * The names for a verb that stores values; anything that could be a value is refused with the safe command.
 * @throws {CommandError} (exit "usage")
 */
export function readNewNames(words: string[]): string[] {
  for (const [i, word] of words.entries()) {
    const assignment = /^([A-Za-z][A-Za-z0-9_]{0,63})=/.exec(word);
    if (assignment !== null) throw valueInArguments(assignment[1]?.toUpperCase() ?? "NAME");
    if (i > 0 && looksLikeValue(word)) throw valueInArguments(words[0] ?? "NAME");
    if (isName(word)) continue;
    if (words.length > 1) throw valueInArguments(words.find(isName) ?? "NAME");
    const proposal = word.toUpperCase().replace(/[-.]/g, "_");
    // Letters alone: what has digits or is long may be a key that was pasted in place of its name.
    const safe = /^[A-Za-z][A-Za-z_.-]{0,31}$/.test(word) && isName(proposal);
    throw new CommandError(
      "usage",
      `Cannot add argument 1: it is not a secret's name; ${GRAMMAR}`,
      `tacit add ${safe ? proposal : "NAME"}`,
    );
  }
  return checkDistinct(words);
}

/** The refusal of a value on the command line; the value itself is not repeated. */
export function valueInArguments(name: string): CommandError {
  const safe = isName(name) ? name : "NAME";
  return new CommandError(
    "usage",
    "Cannot take a value from the command line: it stays in the shell's history and every process can read it",
    `tacit add ${safe}   (asks for the value), or: tacit add ${safe} < file. If it was a real value, replace it at its provider`,
  );
}

/**
 * Names of stored secrets.
 * @throws {CommandError} (exit "name") for one that is not stored, with the nearest that is.
 */
export function requireKnown(words: string[], known: string[], verb: string): string[] {
  for (const word of words) {
    if (known.includes(word)) continue;
    const near = didYouMean(word.toUpperCase(), known);
    const subject = isName(word) ? `"${word}"` : "it";
    throw new CommandError(
      "name",
      `Cannot ${verb} ${isName(word) ? subject : "that"}: ${
        isName(word) ? "no secret has this name" : `it is not a secret's name; ${GRAMMAR}`
      }`,
      near === null ? "tacit list" : `tacit ${verb} ${near}`,
    );
  }
  return checkDistinct(words);
}

function checkDistinct(words: string[]): string[] {
  return [...new Set(words)];
}

/** A word in the place of a second name that has a key's look: long, with digits, without the `_` that names have. */
function looksLikeValue(word: string): boolean {
  return isName(word) && word.length >= 16 && !word.includes("_") && /\d/.test(word);
}
