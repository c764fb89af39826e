/** Mutants of lib/shell. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const CONTEXTS = "tests/promises/placeholder_contexts_test.ts";
const LITERAL = "tests/promises/placeholder_literal_value_test.ts";
const NOTHING = "tests/promises/placeholder_executes_nothing_test.ts";
const PARTS = "lib/shell/parts_test.ts";
const INTERPRETERS = "lib/shell/interpreters_test.ts";

export const SHELL: readonly Mutant[] = [
  ...mutantsOf("lib/shell/references.ts", [CONTEXTS, LITERAL], {
    "shell-unquoted": [
      'return `"\\${${variable}}"`;',
      "return `\\${${variable}}`;",
      "a value is not split or globbed",
      [
        LITERAL,
      ],
    ],
    "shell-in-single": [
      "return `'\"\\${${variable}}\"'`;",
      "return `\\${${variable}}`;",
      "in single quotes a reference is expanded",
      [
        LITERAL,
      ],
    ],
    "shell-in-ansi": [
      "return `'\"\\${${variable}}\"$'`;",
      "return `'\"\\${${variable}}\"'`;",
      "what follows in $'…' keeps its escapes",
    ],
    "shell-after-backslash": ['slot.afterBackslash ? "\\\\" : ""', '""', "a backslash that stood for itself stays one"],
    "shell-heredoc-escapes": [
      "text.replace(/[\\\\$`]/g,",
      "text.replace(/[\\\\`]/g,",
      "a quoted here-document expands nothing",
    ],
    "shell-heredoc-end": ["&& !lines.has(word)", "", "a here-document does not end early"],
  }),
  ...mutantsOf("lib/shell/rewrite.ts", [CONTEXTS, NOTHING], {
    "shell-code": [
      "if (reading.code.has(i)) refuseCode(",
      "if (reading.code.has(-1)) refuseCode(",
      "a value becomes no code",
    ],
    "shell-code-on-stdin": [
      'if (reading.stdin !== "data" && fed[0] !== undefined) {',
      'if (reading.stdin === "posix" && fed[0] !== undefined) {',
      "a value becomes no code on standard input",
    ],
    "shell-deciding-variable": [
      "if (name !== undefined && CODE_VARIABLES.test(variable)) refuseVariable(",
      'if (name !== undefined && variable === "") refuseVariable(',
      "a value is not put into a variable that decides what runs",
    ],
    "shell-reserved-variable": [
      "if (text.includes(options.variable(name))) {",
      'if (text === "") {',
      "a command cannot put something in the value's place",
    ],
    "shell-integer": [
      "if (names[0] !== undefined) refuseAttributes(text, list, names[0]);",
      "",
      "no variable that holds a value is declared an integer",
    ],
    "shell-loop-variable": [
      "if (name !== undefined && CODE_VARIABLES.test(command.variable))",
      'if (name !== undefined && command.variable === "")',
      "a loop over values does not set what decides what runs",
    ],
    "shell-descriptor": [
      'if (name !== undefined && redirect.operator.endsWith("&")) {',
      'if (name === "" && redirect.operator.endsWith("&")) {',
      "a value is no descriptor's number",
    ],
  }),
  ...mutantsOf("lib/shell/quotes.ts", [CONTEXTS, LITERAL], {
    "shell-arithmetic": [
      '    if (slot !== undefined) {\n      throw new Unprovable("it stands in arithmetic',
      '    if (slot === null) {\n      throw new Unprovable("it stands in arithmetic',
      "no value stands in arithmetic",
    ],
    "shell-subscript": [
      '  refuseSlots(pieces, "it stands in an array subscript, where a value could run commands");\n',
      "",
      "no value stands in a subscript",
    ],
    "shell-backticks": [
      'if (slot !== undefined) throw new Unprovable("it stands in backticks',
      'if (slot === null) throw new Unprovable("it stands in backticks',
      "no value stands in backticks",
    ],
    "shell-pattern": [
      "if (!isWord) refuseSlots(operand",
      "if (!found) refuseSlots(operand",
      "no value stands in a pattern of an expansion",
    ],
    "shell-backslash-before": [
      'if (slot !== undefined) throw new Unprovable("a backslash stands before it; remove the backslash", slot.name);\n  const next',
      "const next",
      "a backslash before a placeholder is refused",
    ],
  }),
  ...mutantsOf("lib/shell/words.ts", [CONTEXTS, PARTS], {
    "shell-comment": [
      'if (peek(reader) !== "#") return;',
      'if (peek(reader) !== "\\0") return;',
      "a placeholder in a comment is none",
    ],
    "shell-glob-is-text": [
      '(bare !== "[" && (/[*?[]/.test(bare) || hasAlternatives(bare)))',
      "false",
      "what a glob becomes is not known",
    ],
  }),
  ...mutantsOf("lib/shell/grammar.ts", [CONTEXTS, "tests/promises/placeholder_reading_test.ts"], {
    "shell-control": [
      '["\\0", "\\x01", "\\x7f"].some((control) => text.includes(control))',
      "false",
      "bytes that bash keeps for itself are refused",
    ],
  }),
  ...mutantsOf("lib/shell/readings.ts", [CONTEXTS, INTERPRETERS, NOTHING], {
    "shell-name-unknown": [
      '    reading.stdin = "code";\n    return markAll(reading, words, from);',
      "    return reading;",
      "a command whose name is not written out may be any interpreter",
    ],
    "shell-attached-code": [
      "if (option.words === 0) reading.code.add(i + 1);",
      "",
      "code behind bundled letters is seen",
    ],
    "shell-script-begins-dynamic": [
      '    reading.stdin = "code";\n    return markAll(reading, words, i);',
      '    reading.stdin = "code";\n    return takesScript && !doubt ? reading : markAll(reading, words, i);',
      "a script that begins with an expansion holds no value",
    ],
    "shell-dash-is-stdin": [
      'if (how.stdin && !given) reading.stdin = "code";',
      "",
      "an interpreter without a file reads code from its input",
    ],
  }),
  ...mutantsOf("lib/shell/interpreters.ts", [CONTEXTS, INTERPRETERS], {
    "shell-eval": ['"eval trap alias', '"trap alias', "eval's words are code"],
    "shell-python": ["  python: PYTHON,\n", "", "python's words are code", [CONTEXTS, NOTHING]],
    "shell-awk-program": [
      'fileLong: ["file", "exec"],\n  operand: "code",',
      'fileLong: ["file", "exec"],\n  operand: "data",',
      "awk's program is code",
    ],
    "shell-prompt-command": ["|PROMPT_COMMAND|", "|", "PROMPT_COMMAND decides what runs"],
  }),
  ...mutantsOf("lib/shell/builtins.ts", [CONTEXTS], {
    "shell-test-v": ["/^-[vR]$/.test(before)", "/^-R$/.test(before)", "test -v evaluates a name"],
    "shell-printf-v": ['if (first === "-v") reading.code.add(from + 2);', "", "printf -v takes a name"],
    "shell-ssh": ["  markAll(reading, words, from);\n};", "};", "what ssh gets is a command line"],
    "shell-git-config": ["|| stored ||", "||", "git's configuration holds commands"],
  }),
  ...mutantsOf("lib/shell/wrappers.ts", [CONTEXTS], {
    "shell-env-takes-away": [
      "inherits: plain }",
      "inherits: true }",
      "a variable that env takes away is not referred to",
    ],
    "shell-sudo": [
      "return { at: behindAssignments(words, at), inherits: false };",
      "return { at: behindAssignments(words, at), inherits: true };",
      "sudo drops our environment",
    ],
  }),
  ...mutantsOf("lib/shell/placeholders.ts", ["lib/shell/placeholders_test.ts", CONTEXTS], {
    "shell-placeholder-spaces": ["/\\{\\{([A-Z]", "/\\{\\{ ?([A-Z]", "a placeholder has no spaces"],
  }),
  ...mutantsOf("lib/shell/quote.ts", ["lib/shell/quote_test.ts"], {
    "shell-quote-once": ['replaceAll("\'",', 'replace("\'",', "every quote is quoted"],
    "shell-quote-nul": ['if (text.includes("\\0")) throw', 'if (text === "\\0") throw', "a NUL is in no word"],
  }),
  ...mutantsOf("lib/shell/parts.ts", [PARTS], {
    "shell-cd-or": ['first?.next !== "&&" ||', "", "a cd is taken apart only where all the rest depends on it"],
    "shell-cd-dynamic": ["|| isDynamic(dir) ||", "||", "the directory of a cd is written out"],
    "shell-parts-unsure": [
      "if (programName(spelled) === null) throw",
      'if (spelled === "") throw',
      "parts that are not certain are not told",
    ],
    "shell-parts-behind": ["at = readingOf(words, at).inner;", "at = null;", "a command behind a wrapper is told"],
    "shell-parts-eval": [
      'if (last === "eval" || last === "trap") {',
      'if (last === "trap") {',
      "what eval runs is told",
    ],
    "shell-parts-substitution": [
      "if (piece.source !== null) collect(",
      'if (piece.source === "") collect(',
      "what backticks run is told",
    ],
  }),
];
