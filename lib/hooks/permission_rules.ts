/**
 * Claude Code's permission rules for the Bash tool, judged on the command that the agent asked for. Claude Code itself
 * judges the wrapped command, which no rule of the user's matches (docs/agents.md, "Permission rules").
 *
 * Where a rule or a command could be read in two ways, denying rules are read widely and allowing ones narrowly.
 */
import { isObject } from "./event.ts";

export interface PermissionRules {
  deny: string[];
  ask: string[];
  allow: string[];
}

/** `rule` is the one that decided, as written. `unsure` means that Claude Code would have to be asked. */
export type RuleVerdict = { kind: "deny" | "ask"; rule: string } | { kind: "allow" } | { kind: "unsure" };

/** Words that run what follows them; a denying rule looks behind them. */
const RUNNERS = new Set([
  "builtin",
  "command",
  "doas",
  "env",
  "exec",
  "ionice",
  "nice",
  "nohup",
  "setsid",
  "stdbuf",
  "sudo",
  "time",
  "timeout",
  "xargs",
]);

/** Characters of a command's variants that are held against the rules: a long command, some hundred times. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** The rules in one parsed settings file; what is not a rule is ignored. */
export function rulesIn(settings: unknown): PermissionRules {
  const permissions = isObject(settings) ? settings["permissions"] : undefined;
  const list = (key: string) => {
    const rules = isObject(permissions) ? permissions[key] : undefined;
    return Array.isArray(rules) ? rules.filter((rule): rule is string => typeof rule === "string") : [];
  };
  return { deny: list("deny"), ask: list("ask"), allow: list("allow") };
}

/**
 * What `rules` say about a command whose simple commands are `parts`; null where those could not be told.
 * `whole` is the command as written.
 */
export function judgeCommand(rules: PermissionRules, whole: string, parts: readonly string[] | null): RuleVerdict {
  const texts = [whole.trim(), ...(parts ?? []).map((part) => part.trim())];
  const widened = allVariants(texts);
  for (const kind of ["deny", "ask"] as const) {
    for (const rule of rules[kind]) {
      const pattern = bashPattern(rule);
      // More than can be looked at may be anything.
      const meant = pattern !== null && (widened?.some((text) => matchesWidely(pattern, text)) ?? true);
      if (meant) return { kind, rule };
    }
  }
  if (parts === null || parts.length === 0) return { kind: "unsure" };
  const allows = rules.allow.map(bashPattern).filter((pattern): pattern is string => pattern !== null);
  const allowed = texts.slice(1).every((part) => allows.some((pattern) => matchesNarrowly(pattern, part)));
  return allowed ? { kind: "allow" } : { kind: "unsure" };
}

/**
 * A Bash rule as it may be shown to the model: no more than its first word, since people's rules are often whole commands
 * that were approved once, with whatever secret was in them.
 */
export function showRule(rule: string): string {
  const [, word, rest = ""] = /^\s*Bash\(([\w./-]{1,24})(?![\w./-])(.*)\)\s*$/s.exec(rule) ?? [];
  if (word === undefined) return "Bash";
  return /^(?::\*| \*|\*)?$/.test(rest) ? `Bash(${word}${rest})` : `Bash(${word} …)`;
}

/** What stands between the brackets of a Bash rule, `*` for a bare `Bash`; null for a rule about another tool. */
function bashPattern(rule: string): string | null {
  const trimmed = rule.trim();
  if (trimmed === "Bash" || trimmed === "*") return "*";
  const match = /^Bash\(([\s\S]*)\)$/.exec(trimmed);
  return match ? (match[1] ?? "").trim() || "*" : null;
}

function matchesNarrowly(pattern: string, text: string): boolean {
  if (pattern === "*") return true;
  if (pattern.endsWith(":*")) return isPrefixOf(pattern.slice(0, -2), text);
  // `git *` means git with arguments or without, as the older `git:*` does.
  if (pattern.endsWith(" *") && !pattern.slice(0, -2).includes("*")) return isPrefixOf(pattern.slice(0, -2), text);
  return globMatches(pattern, text);
}

function matchesWidely(pattern: string, text: string): boolean {
  return matchesNarrowly(pattern, text) ||
    (!pattern.includes("*") && isPrefixOf(pattern, text)) ||
    (pattern.endsWith("*") && globMatches(pattern.replace(/:\*$/, "*"), text));
}

function isPrefixOf(prefix: string, text: string): boolean {
  return text === prefix || text.startsWith(`${prefix} `) || text.startsWith(`${prefix}\t`) ||
    text.startsWith(`${prefix}\n`);
}

/**
 * True if `text` is `pattern` with any text in the place of each star. A project's own settings hold patterns too, and
 * as an expression one with four stars takes minutes on a line of text.
 */
function globMatches(pattern: string, text: string): boolean {
  const [head = "", ...pieces] = pattern.split("*");
  const tail = pieces.pop();
  if (tail === undefined) return text === head;
  const end = text.length - tail.length;
  if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** The variants of all `texts`, or null if they are more than MOST_CHARACTERS. */
function allVariants(texts: readonly string[]): string[] | null {
  const found = new Set<string>();
  let left = MOST_CHARACTERS;
  for (const text of texts) {
    for (const variant of variants(text)) {
      if (found.has(variant)) continue;
      left -= variant.length;
      if (left < 0) return null;
      found.add(variant);
    }
  }
  return [...found];
}

/** `text` and what it comes down to without assignments, without programs that run others, and by base name. */
function* variants(text: string): Generator<string> {
  yield text;
  const joined = text.split(/\s+/).join(" ");
  let renamed = false;
  for (let at = 0; at < joined.length;) {
    const blank = joined.indexOf(" ", at);
    const next = blank < 0 ? joined.length : blank;
    const word = joined.slice(at, next);
    const first = unquote(word);
    const base = first.replace(/^.*\//s, "");
    if (base !== first) yield base + joined.slice(next);
    if (first !== word) yield first + joined.slice(next);
    renamed ||= base !== word;
    const skippable = /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(first) || RUNNERS.has(base) ||
      ((at > 0 || renamed) && /^(-|\d)/.test(first));
    if (!skippable || blank < 0) break;
    at = blank + 1;
    yield joined.slice(at);
  }
}

/** `word` as the shell would read a plain command name: `"rm"`, `\rm` and `r''m` are all `rm`. */
function unquote(word: string): string {
  return word.replace(/["'\\]/g, "");
}
