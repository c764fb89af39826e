/**
 * The placeholder grammar: `{{NAME}}`, and nothing else in braces. docs/architecture.md, "Words".
 *
 * The rule is textual on purpose, so that a hook, the daemon and the runner find the same names in the same text:
 * `{{ A }}`, `{{.A}}` and `{{a}}` are not ours; the inner pair of `{{{{A}}}}` is.
 */
import { isName } from "../names.ts";

/** One `{{NAME}}`: UTF-16 offsets, `end` exclusive, braces included. */
export interface Placeholder {
  name: string;
  start: number;
  end: number;
}

// Names are upper-case, so two matches cannot overlap, and the bounded repeat keeps the search linear.
const PLACEHOLDER = /\{\{([A-Z][A-Z0-9_]{0,63})\}\}/g;

/** Every placeholder of `text`, in order, whether or not a vault holds the name. */
export function findPlaceholders(text: string): Placeholder[] {
  const found: Placeholder[] = [];
  for (const match of text.matchAll(PLACEHOLDER)) {
    const name = match[1] ?? "";
    if (isName(name)) found.push({ name, start: match.index, end: match.index + match[0].length });
  }
  return found;
}
