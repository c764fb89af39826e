/**
 * Builtins and programs with a rule of their own about which words are code. Bash evaluates the subscript of a
 * variable's *name* wherever a builtin takes one, so a value there could run a command.
 */
import { FOLLOWED_SHELLS, INTERPRETERS } from "./interpreters.ts";
import { DYNAMIC, isDynamic, markAll, operandAfter, programName, type Reading, type Spelling } from "./spelling.ts";

/** Marks code in `reading`; `scan` asks to look for an interpreter among the words as well. */
interface Rule {
  judge: (reading: Reading, words: readonly Spelling[], from: number) => void;
  scan?: true;
}

/** Words of a declaration must be `NAME=value`, with no option that changes what a value means. */
const declares: Rule["judge"] = (reading, words, from) => {
  const options = words.slice(from + 1).some((word) => word.startsWith(DYNAMIC) || /^[-+]\w*[inaA]/.test(word));
  for (let i = from + 1; i < words.length; i++) {
    if (options || !/^[A-Za-z_]\w*\+?=/.test(words[i] ?? "")) reading.code.add(i);
  }
};

/** `test -v` and `-R` evaluate a name, and a value in the word before could be such an operator. */
const tests: Rule["judge"] = (reading, words, from) => {
  for (let i = from + 2; i < words.length; i++) {
    const before = words[i - 1] ?? "";
    if (/^-[vR]$/.test(before) || before.startsWith("{{") || before === DYNAMIC) reading.code.add(i);
  }
};

/** Keys of git's configuration whose values are never a command line. */
const PLAIN_GIT_KEY = /^(https?|url|user|remote|branch|init)\./i;

const git: Rule["judge"] = (reading, words, from) => {
  const runs = words.slice(from).some((word) =>
    /^(filter-branch|foreach|bisect|difftool|-x|--ext(cmd|diff))/.test(word)
  );
  const configures = words.indexOf("config", from);
  for (let i = from + 1; i < words.length; i++) {
    const word = words[i] ?? "";
    const before = words[i - 1] ?? "";
    const attached = /^(?:-c|--config=)(.*)/s.exec(word)?.[1];
    const setting = before === "-c" || before === "--config" ? word : attached;
    const name = words.slice(configures + 1, i).find((w) => !w.startsWith("-")) ?? word;
    const odd = setting !== undefined && setting !== "" && !PLAIN_GIT_KEY.test(setting);
    const stored = configures >= 0 && i > configures && !PLAIN_GIT_KEY.test(name);
    if (runs || odd || stored || /^--(exec|upload-pack|receive-pack)/.test(word)) reading.code.add(i);
    if (/^--(exec|upload-pack|receive-pack)$/.test(before)) reading.code.add(i);
  }
};

/** Everything behind the host is a command line for the remote shell, and options can hold local ones. */
const ssh: Rule["judge"] = (reading, words, from) => {
  const host = operandAfter(words, from + 1, "BbcDEeFIiJLlmOopQRSWw");
  reading.reads = "standard input: printf %s {{NAME}} | ssh HOST 'read -r TOKEN; …'";
  const remote = words.slice(host + 1).join(" ").split(/[\s;&|()]+/);
  const readsCode = remote.some((word) => {
    const name = programName(word);
    if (name === null) return word !== "";
    return Object.hasOwn(FOLLOWED_SHELLS, name) || Object.hasOwn(INTERPRETERS, name) || name === "eval";
  });
  if (readsCode || words.length <= host + 1) reading.stdin = "code";
  markAll(reading, words, from);
};

const behind = (option: RegExp): Rule => ({
  scan: true,
  judge: (reading, words, from) => {
    for (let i = from + 1; i < words.length; i++) {
      if (!option.test(words[i] ?? "")) continue;
      reading.code.add(i);
      reading.code.add(i + 1);
    }
  },
});

/** The file is the code; what follows are its parameters. */
const sources: Rule["judge"] = (reading, words, from) => {
  if (words.length > from + 1) reading.code.add(from + 1);
  const file = words[from + 1];
  if (isDynamic(file) || /^\/dev\/(stdin|fd\/0)$/.test(file ?? "")) reading.stdin = "code";
};

/** Names are evaluated; a prompt, a count and such are data. */
const reads: Rule["judge"] = (reading, words, from) => {
  for (let i = from + 1; i < words.length; i++) {
    if (!/^-[a-zA-Z]*[pdiNntu]$/.test(words[i - 1] ?? "")) reading.code.add(i);
  }
};

/** Before `--` a value could be an option. */
const sets: Rule["judge"] = (reading, words, from) => {
  const dashes = words.indexOf("--", from);
  for (let i = from + 1; i < (dashes < 0 ? words.length : dashes); i++) reading.code.add(i);
};

/** `printf -v NAME`. */
const prints: Rule["judge"] = (reading, words, from) => {
  const first = words[from + 1] ?? "";
  if (first.startsWith("-v")) reading.code.add(from + 1);
  if (first === "-v") reading.code.add(from + 2);
};

/** `deno eval CODE`; other subcommands take files and data. */
const deno: Rule["judge"] = (reading, words, from) => {
  reading.reads = 'Deno.env.get("TOKEN")';
  const evaluates = words.slice(from + 1).some((word) => word === "eval" || word.startsWith(DYNAMIC));
  if (evaluates) markAll(reading, words, from);
  if (words.includes("-", from) || words.length === from + 1) reading.stdin = "code";
};

const RULES: Readonly<Record<string, Rule>> = {
  declare: { judge: declares },
  typeset: { judge: declares },
  local: { judge: declares },
  export: { judge: declares },
  readonly: { judge: declares },
  test: { judge: tests },
  "[": { judge: tests },
  deno: { judge: deno },
  git: { judge: git },
  ssh: { judge: ssh },
  source: { judge: sources },
  ".": { judge: sources },
  read: { judge: reads },
  set: { judge: sets },
  printf: { judge: prints },
  npx: behind(/^(-c|--call(=.*)?)$/s),
  npm: behind(/^(-c|--call(=.*)?)$/s),
  flock: behind(/^(-c|--command(=.*)?)$/s),
  rsync: behind(/^(-\w*e|--rsh(=.*)?|--rsync-path(=.*)?)$/s),
  tar: behind(/^(-I|--use-compress-program(=.*)?|--to-command(=.*)?|--checkpoint-action(=.*)?)$/s),
};

/** The rule of `name`, or null. */
export function ruleOf(name: string): Rule | null {
  return Object.hasOwn(RULES, name) ? RULES[name] ?? null : null;
}
