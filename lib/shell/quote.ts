/** One literal word for a POSIX shell. */

/**
 * `text` in single quotes, which is one word in every POSIX shell whatever it contains.
 * A NUL cannot be in a shell word at all.
 * @throws {TypeError} on a NUL.
 */
export function shellQuote(text: string): string {
  if (text.includes("\0")) throw new TypeError("Cannot quote text for the shell: it has a NUL");
  return `'${text.replaceAll("'", "'\\''")}'`;
}
