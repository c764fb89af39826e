/**
 * How a simple command reads its words: which are code, which one is a script that the rewrite can follow into, and
 * where a wrapper's own command begins. Judged from the words' spelling alone.
 */
import { ruleOf } from "./builtins.ts";
import { ALL_CODE, FOLLOWED_SHELLS, type Interpreter, INTERPRETERS, PLAIN, STDIN_CODE } from "./interpreters.ts";
import { DYNAMIC, isDynamic, markAll, programName, type Reading, type Spelling } from "./spelling.ts";
import { Unprovable } from "./syntax.ts";
import { FIND_ACTION, replacementOf, wrappedCommand } from "./wrappers.ts";

// `sudo timeout 5 nice env xargs …`: nobody writes so many, and each is read with all that follow it.
const WRAPPER_LEVELS = 32;

/**
 * Reads the command whose name stands at `from`; `inherits` tells whether it gets our environment, `level` how many
 * commands run it.
 * @throws {Unprovable} if more commands run one another than anyone writes.
 */
export function readingOf(words: readonly Spelling[], from = 0, inherits = true, level = 0): Reading {
  if (level > WRAPPER_LEVELS) throw new Unprovable("it is nested too deeply");
  const name = programName(words[from]);
  const reading: Reading = {
    program: name ?? "the command",
    reads: "",
    // A value in the command's own name would choose what runs.
    code: new Set([from]),
    script: null,
    stdin: "data",
    inner: null,
  };
  // A name that is not written out may be any interpreter.
  if (name === null) {
    reading.stdin = "code";
    return markAll(reading, words, from);
  }
  if (Object.hasOwn(FOLLOWED_SHELLS, name)) return shellReading(reading, words, from, inherits);
  if (Object.hasOwn(INTERPRETERS, name)) {
    const how = INTERPRETERS[name];
    if (how !== undefined) return interpreterReading(reading, words, from, how);
  }
  if (ALL_CODE.has(name)) {
    if (STDIN_CODE.has(name)) reading.stdin = "code";
    return markAll(reading, words, from);
  }
  if (wrappedCommand(name, words, from) !== null) return wrapperReading(reading, words, from, inherits, level);
  const rule = ruleOf(name);
  rule?.judge(reading, words, from);
  return PLAIN.has(name) || (rule !== null && !rule.scan) ? reading : scanned(reading, words, from, level);
}

/** A program we do not know may run an interpreter that stands among its words, as `docker exec c sh -c …` does. */
function scanned(reading: Reading, words: readonly Spelling[], from: number, level: number): Reading {
  for (let i = from + 1; i < words.length; i++) {
    const name = programName(words[i]);
    if (name === null || /\s|^-/.test(words[i] ?? "")) continue;
    const runs = Object.hasOwn(FOLLOWED_SHELLS, name) || Object.hasOwn(INTERPRETERS, name) ||
      RUN_BY_STRANGERS.has(name);
    if (!runs) continue;
    const inner = readingOf(words, i, false, level + 1);
    for (const index of inner.code) reading.code.add(index);
    if (inner.script !== null) reading.code.add(inner.script.index);
    if (inner.stdin !== "data") reading.stdin = "code";
    reading.program = inner.program;
    reading.reads = inner.reads;
    break;
  }
  return reading;
}

const RUN_BY_STRANGERS = new Set(["eval", "ssh", "env", "xargs", "timeout", "sudo", "sed"]);

function wrapperReading(
  reading: Reading,
  words: readonly Spelling[],
  from: number,
  inherits: boolean,
  level: number,
): Reading {
  const { program } = reading;
  const wrapped = wrappedCommand(program, words, from);
  if (wrapped === null || wrapped.at >= words.length) return splitOptions(reading, words, from, words.length);
  const inner = readingOf(words, wrapped.at, inherits && wrapped.inherits, level + 1);
  inner.code.add(from);
  inner.inner = wrapped.at;
  if (program === "xargs") {
    // The lines that xargs reads become words, or with a mark even parts, of what an interpreter runs.
    const runsCode = inner.script !== null || inner.code.size > 2 || inner.stdin !== "data";
    inner.stdin = runsCode ? "code" : "data";
    // A mark that could occur in the reference itself would tear it apart.
    const mark = replacementOf(words, from + 1, wrapped.at) ?? "{}";
    if (inner.script !== null && !["{}", "%", "@", "+"].includes(mark)) {
      inner.code.add(inner.script.index);
      inner.script = null;
    }
  }
  if (program === "find" && words.filter((word) => FIND_ACTION.test(word)).length > 1) {
    // Only the first action is read; several are not worth the doubt.
    inner.script = null;
    return markAll(inner, words, from);
  }
  return splitOptions(inner, words, from, wrapped.at);
}

/** `env -S` splits its word into a command. */
function splitOptions(reading: Reading, words: readonly Spelling[], from: number, to: number): Reading {
  if (programName(words[from]) !== "env") return reading;
  for (let i = from + 1; i < to; i++) {
    const word = words[i] ?? "";
    if (!word.startsWith(DYNAMIC) && !/^-\w*S|^--split/.test(word)) continue;
    reading.program = "env -S";
    reading.code.add(i);
    reading.code.add(i + 1);
  }
  return reading;
}

/** `bash`, `sh`: a literal `-c` script that runs with our environment can be followed. */
function shellReading(reading: Reading, words: readonly Spelling[], from: number, inherits: boolean): Reading {
  const posix = FOLLOWED_SHELLS[reading.program] ?? true;
  reading.reads = '"$TOKEN"';
  let [takesScript, readsInput, doubt, i] = [false, false, !inherits, from + 1];
  for (; /^[-+]./s.test(words[i] ?? ""); i++) {
    const word = words[i] ?? "";
    reading.code.add(i);
    if (word === "--") {
      i++;
      break;
    }
    if (word.startsWith("--")) {
      // Start-up files of the caller's choice may do anything.
      const takesFile = word === "--rcfile" || word === "--init-file";
      doubt ||= !/^--(login|norc|noprofile|posix|verbose|restricted)$/.test(word);
      if (takesFile) reading.code.add(++i);
      continue;
    }
    const letters = word.slice(1);
    if (letters.includes("c")) takesScript = true;
    if (letters.includes("s")) readsInput = true;
    // Interactive shells read files and expand aliases; `-k` turns arguments into assignments.
    doubt ||= !/^[abcefhlmnoOprstuvx]+$/.test(letters);
    for (const letter of letters) if (letter === "o" || letter === "O") reading.code.add(++i);
  }
  const operand = words[i];
  if (operand?.startsWith(DYNAMIC)) {
    // It may be nothing, an option, or a script that runs its parameters or holds the placeholder itself.
    reading.stdin = "code";
    return markAll(reading, words, i);
  }
  if (operand !== undefined && (takesScript || !readsInput)) {
    reading.code.add(i);
    if (takesScript && !doubt && !isDynamic(operand)) {
      reading.code.delete(i);
      reading.script = { index: i, posix };
    }
    if (!takesScript && /^(-|\/dev\/(stdin|fd\/0))$/.test(operand)) reading.stdin = "code";
    return reading;
  }
  reading.stdin = doubt ? "code" : posix ? "posix" : "bash";
  return reading;
}

function interpreterReading(reading: Reading, words: readonly Spelling[], from: number, how: Interpreter): Reading {
  reading.reads = how.reads;
  let given = false;
  let operands = 0;
  for (let i = from + 1; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") continue;
    if (/^-./s.test(word)) {
      const option = optionOf(word, how);
      if (option.means === "code") {
        given = true;
        reading.code.add(i);
        if (option.last) return markAll(reading, words, i);
        for (let next = 0; next < option.words; next++) reading.code.add(++i);
        // Letters that bundle (`-pe`) leave open whether the code is the rest of the word or the next one.
        if (option.words === 0) reading.code.add(i + 1);
        if (how.ends && option.short) return reading;
      } else i += option.words;
      continue;
    }
    operands++;
    if (how.operand === "data" || given && how.operand !== "code after first") continue;
    if (how.operand === "code after first" && operands === 1 && !word.startsWith(DYNAMIC)) continue;
    given = !/^(-|\/dev\/(stdin|fd\/0))$/.test(word);
    reading.code.add(i);
    // It may be nothing or an option, and then code follows.
    if (word.startsWith(DYNAMIC)) markAll(reading, words, i);
    if (how.operand !== "code after first") break;
  }
  if (how.stdin && !given) reading.stdin = "code";
  return reading;
}

/** What the option `word` means, how many words belong to it, and whether everything behind it is code. */
function optionOf(
  word: Spelling,
  how: Interpreter,
): { means: "code" | "other"; words: number; short: boolean; last: boolean } {
  const [, dashes = "", name = ""] = /^(--?)([^=]*)/s.exec(word) ?? [];
  const long = name.toLowerCase();
  const one = word.includes("=") ? 0 : 1;
  const isLong = dashes === "--" || long.length > 1;
  if (isLong && [...how.codeLong ?? [], ...how.fileLong ?? []].includes(long)) {
    return { means: "code", words: one, short: false, last: how.shell === true };
  }
  if (isLong && how.takesTwo?.includes(long)) return { means: "other", words: 2, short: false, last: false };
  if (isLong && how.takesLong?.includes(long)) return { means: "other", words: one, short: false, last: false };
  if (dashes === "--") return { means: "other", words: 0, short: false, last: false };
  const letters = [...word.slice(1)];
  const code = `${how.code ?? ""}${how.file ?? ""}`;
  const at = letters.findIndex((letter) => code.includes(letter) || how.takes?.includes(letter));
  const letter = letters[at];
  if (letter === undefined) return { means: "other", words: 0, short: true, last: false };
  const words = at < letters.length - 1 ? 0 : 1;
  return { means: code.includes(letter) ? "code" : "other", words, short: true, last: how.shell === true };
}
