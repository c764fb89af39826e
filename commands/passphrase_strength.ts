/**
 * What can honestly be said about a passphrase from its letters alone: that it is hopeless, or how long guessing would
 * take someone who holds the vault file and knows the habits people have. It cannot see how it was chosen, so a line
 * of a song looks better here than it is.
 */

export const MIN_CHARACTERS = 8;

// The first guesses of every list, lower case.
const FIRST_GUESSES = new Set([
  "password",
  "passw0rd",
  "password1",
  "password123",
  "12345678",
  "123456789",
  "1234567890",
  "qwertyui",
  "qwertyuiop",
  "qwerty123",
  "iloveyou",
  "letmein1",
  "admin123",
  "welcome1",
  "abcd1234",
  "1q2w3e4r",
  "changeme",
  "trustno1",
  "correcthorsebatterystaple",
  "correct horse battery staple",
]);

// The derivation costs about a second of one core; a rich attacker rents ten thousand.
const GUESSES_PER_SECOND = 10_000;

/** Why `passphrase` (UTF-8) cannot protect a file, or null. */
export function passphraseFault(passphrase: Uint8Array): string | null {
  const text = characters(passphrase);
  if (text.length < MIN_CHARACTERS) return `it has fewer than ${MIN_CHARACTERS} characters`;
  if (FIRST_GUESSES.has(text.join("").toLowerCase())) return "it is among the first that anyone tries";
  if (new Set(text).size < 4) return "it repeats the same few characters";
  return null;
}

/** One of three grades with the time a guesser with 10,000 cores would need, such as `fair (about 3 years …)`. */
export function passphraseStrength(passphrase: Uint8Array): string {
  const bits = estimateBits(characters(passphrase));
  const grade = bits < 40 ? "weak" : bits < 56 ? "fair" : "good";
  return `${grade} (${
    showGuessing(2 ** bits / 2 / GUESSES_PER_SECOND)
  } for a guesser with the file and 10,000 machines)`;
}

/** Bits of guessing work: letters that follow a pattern or a word count for less than free ones. */
export function estimateBits(text: string[]): number {
  const joined = text.join("");
  const perCharacter = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^A-Za-z0-9]/, 20],
  ].reduce((pool, [pattern, size]) => pool + ((pattern as RegExp).test(joined) ? size as number : 0), 0);
  let free = 0;
  for (const [i, character] of text.entries()) {
    const step = i === 0 ? NaN : (character.codePointAt(0) ?? 0) - (text[i - 1]?.codePointAt(0) ?? 0);
    // Repeats and runs such as `aaa` or `456` add little.
    free += Math.abs(step) <= 1 ? 0.3 : 1;
  }
  // Plain words hold about 2.3 bits a letter: four random words of a 2,000-word list are 44 bits.
  const wordlike = /^[a-z]+([ _.-]?[a-z]+)*[0-9!.?]{0,4}$/i.test(joined);
  return free * (wordlike ? 2.3 : 0.8 * Math.log2(perCharacter));
}

function showGuessing(seconds: number): string {
  for (const [unit, length] of [["year", 31557600], ["day", 86400], ["hour", 3600], ["minute", 60]] as const) {
    const n = Math.floor(seconds / length);
    if (unit === "year" && n > 1000) return "more than 1,000 years";
    if (n >= 1) return `about ${n} ${unit}${n === 1 ? "" : "s"}`;
  }
  return "less than a minute";
}

function characters(passphrase: Uint8Array): string[] {
  return [...new TextDecoder().decode(passphrase)];
}
