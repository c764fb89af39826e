/** Durations as people type them (`90s`, `15m`, `8h`, `30d`, `12w`) and as they are shown. */

const UNIT_MS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 };

/**
 * Milliseconds of `text`.
 * @throws {SyntaxError} if it is not a whole number with one of the units s, m, h, d, w, or is zero or above ten years.
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})([smhdw])$/.exec(text.trim());
  const ms = match ? Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? NaN) : NaN;
  if (!(ms > 0 && ms <= 3650 * 86400e3)) {
    throw new SyntaxError(`Cannot read duration "${text}": expected a number with s, m, h, d or w, such as 8h`);
  }
  return ms;
}

/** `ms` in its two largest units, such as `7h 12m`; anything under a second is `0s`. */
export function showDuration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]] as const) {
    const n = Math.floor(rest / seconds);
    rest -= n * seconds;
    if (n > 0) parts.push(`${n}${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}
