/**
 * The one grammar of secret names, and the names derived from them.
 * A name matches `[A-Z][A-Z0-9_]{0,63}` wherever tacit meets one: vault, placeholder, command line, protocol.
 * See docs/architecture.md, "Words".
 */

const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

/** True if `text` is a valid secret name. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/**
 * The environment variable that carries `name` into a wrapped command.
 * It has a prefix of its own so that a command's `$PATH` or `$HOME` is never shadowed by a secret of that name.
 */
export function variableOf(name: string): string {
  return `TACIT_VALUE_${name}`;
}

/**
 * The known name that `wrong` most likely stands for: one or two edits away, nearest first.
 * Returns null where nothing is near; a name of three letters or fewer tolerates one edit only.
 */
export function didYouMean(wrong: string, known: Iterable<string>): string | null {
  const limit = wrong.length <= 3 ? 1 : 2;
  let best: string | null = null;
  let distance = limit + 1;
  for (const name of known) {
    const d = editDistance(wrong, name, limit);
    if (d < distance) [best, distance] = [name, d];
  }
  return best;
}

/** Levenshtein distance, cut off above `limit` (names are at most 64 characters). */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? limit + 1;
}
