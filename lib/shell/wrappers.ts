/** Commands that run the command among their words: where it begins, and whether it inherits our environment. */
import { isDynamic, operandAfter, type Spelling } from "./spelling.ts";

export interface Wrapped {
  /** Index of the inner command's name; may lie behind the last word. */
  at: number;
  inherits: boolean;
}

// Options with a word behind them: short letters, then long names.
const TRANSPARENT: Readonly<Record<string, [string, string[]]>> = {
  builtin: ["", []],
  nohup: ["", []],
  setsid: ["", []],
  nice: ["n", ["adjustment"]],
  ionice: ["cnpPu", ["class", "classdata", "pid"]],
  stdbuf: ["ioe", ["input", "output", "error"]],
  time: ["fo", ["format", "output"]],
  xargs: ["adEILnPs", ["arg-file", "delimiter", "max-args", "max-procs", "max-lines", "max-chars", "process-slot-var"]],
};

/** The command that `name`, standing at `from`, runs; null if it is no wrapper. */
export function wrappedCommand(name: string, words: readonly Spelling[], from: number): Wrapped | null {
  if (Object.hasOwn(TRANSPARENT, name)) {
    const [takes, long] = TRANSPARENT[name] ?? ["", []];
    return { at: operandAfter(words, from + 1, takes, long), inherits: true };
  }
  switch (name) {
    case "command":
      if (/^-\w*[vV]/.test(words[from + 1] ?? "")) return null;
      return { at: operandAfter(words, from + 1, ""), inherits: true };
    case "exec": {
      const at = operandAfter(words, from + 1, "a");
      return { at, inherits: !words.slice(from + 1, at).some((w) => isDynamic(w) || /^-\w*c/.test(w)) };
    }
    case "timeout":
      return { at: operandAfter(words, from + 1, "ks", ["kill-after", "signal"]) + 1, inherits: true };
    case "sudo":
    case "doas": {
      const at = operandAfter(words, from + 1, "ugpCDhRrTtU", ["user", "group", "prompt", "chdir", "host"]);
      return { at: behindAssignments(words, at), inherits: false };
    }
    case "env": {
      const at = operandAfter(words, from + 1, "uCS", ["unset", "chdir", "split-string"]);
      // `-i`, `-u` and a lone `-` take variables away; the other options are rare enough to be left unfollowed.
      const plain = at === from + 1 && words[at] !== "-";
      return { at: behindAssignments(words, words[at] === "-" ? at + 1 : at), inherits: plain };
    }
    case "find": {
      const action = words.findIndex((word, i) => i > from && FIND_ACTION.test(word));
      return action < 0 ? null : { at: action + 1, inherits: true };
    }
    default:
      return null;
  }
}

/** The actions of `find` that run a command. */
export const FIND_ACTION = /^-(exec|execdir|ok|okdir)$/;

function behindAssignments(words: readonly Spelling[], from: number): number {
  let at = from;
  while (/^[A-Za-z_]\w*=/.test(words[at] ?? "")) at++;
  return at;
}

/** The mark of `xargs -I{}`, `-I {}`, `-i` or `--replace=…`; null if it has none. */
export function replacementOf(words: readonly Spelling[], from: number, to: number): string | null {
  const at = words.slice(from, to).findIndex((word) => /^(-[Ii]|--replace)/.test(word));
  if (at < 0) return null;
  const word = words[from + at] ?? "";
  if (word === "-I") return words[from + at + 1] ?? "";
  return word.replace(/^(-[Ii]|--replace=?)/, "") || "{}";
}
