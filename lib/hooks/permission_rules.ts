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
  const widened = texts.flatMap(variants);
  for (const kind of ["deny", "ask"] as const) {
    for (const rule of rules[kind]) {
      const pattern = bashPattern(rule);
      if (pattern !== null && widened.some((text) => matchesWidely(pattern, text))) return { kind, rule };
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
  return pattern.includes("*") ? glob(pattern).test(text) : pattern === text;
}

function matchesWidely(pattern: string, text: string): boolean {
  return matchesNarrowly(pattern, text) ||
    (!pattern.includes("*") && isPrefixOf(pattern, text)) ||
    (pattern.endsWith("*") && glob(pattern.replace(/:\*$/, "*")).test(text));
}

function isPrefixOf(prefix: string, text: string): boolean {
  return text === prefix || text.startsWith(`${prefix} `) || text.startsWith(`${prefix}\t`) ||
    text.startsWith(`${prefix}\n`);
}

function glob(pattern: string): RegExp {
  const escaped = pattern.split("*").map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[\\s\\S]*")}$`);
}

/** `text` and what it comes down to without assignments, without programs that run others, and by base name. */
function variants(text: string): string[] {
  const found = new Set([text]);
  let words = text.split(/\s+/);
  while (words.length > 0) {
    const first = unquote(words[0] ?? "");
    if (first.includes("/")) found.add([first.replace(/^.*\//, ""), ...words.slice(1)].join(" "));
    if (first !== words[0]) found.add([first, ...words.slice(1)].join(" "));
    const skippable = /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(first) || RUNNERS.has(first.replace(/^.*\//, "")) ||
      (found.size > 1 && /^(-|\d)/.test(first));
    if (!skippable) break;
    words = words.slice(1);
    found.add(words.join(" "));
  }
  return [...found];
}

/** `word` as the shell would read a plain command name: `"rm"`, `\rm` and `r''m` are all `rm`. */
function unquote(word: string): string {
  return word.replace(/["'\\]/g, "");
}
