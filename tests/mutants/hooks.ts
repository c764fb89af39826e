/** Mutants of lib/hooks, lib/run and the leaves. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const PRE = "lib/hooks/pre_tool_test.ts";
const POST = "lib/hooks/post_tool_test.ts";
const RULES = "lib/hooks/permission_rules_test.ts";
const NEVER = "tests/promises/hook_never_allows_test.ts";
const SEARCHES = "tests/promises/hook_searches_everything_test.ts";
const ENVIRONMENT = "lib/run/environment_test.ts";
const ONE_SHOT = "lib/run/one_shot_test.ts";

export const HOOKS: readonly Mutant[] = [
  ...mutantsOf("lib/hooks/pre_tool.ts", [PRE], {
    "hook-too-large-passes": [
      "packed.bytes.length > MAX_BATCH_BYTES || leaves.length > MAX_BATCH_LEAVES",
      "packed.bytes.length < 0",
      "what is too large to search is denied",
    ],
    "hook-refusal-passes": [
      "if (NO_SERVICE.has(answer.code) && !(live && needsValue(event))) return PASS;",
      "if (!(live && needsValue(event))) return PASS;",
      "a literal value is denied",
    ],
    "hook-locked-passes": [
      "if (NO_SERVICE.has(answer.code) && !(live && needsValue(event))) return PASS;",
      "if (NO_SERVICE.has(answer.code)) return PASS;",
      "a placeholder is denied while locked",
    ],
    "hook-unreachable-passes": [
      "return live && needsValue(event) ? deny(unreachable(await means.unlock())) : PASS;",
      "return PASS;",
      "a placeholder is denied without a daemon",
    ],
    "hook-runner-unsearched": [
      "return found ? deny(explain(answer.message, answer.hint)) : await runner();",
      "return await runner();",
      "a call of the runner is searched",
      [SEARCHES],
    ],
    "hook-incomplete-rules": [
      'verdict.kind === "allow" && complete',
      'verdict.kind === "allow"',
      "rules that could not all be read allow nothing",
    ],
    "hook-rule-asks": [
      'const reason = verdict.kind === "ask"',
      'const reason = verdict.kind === "ask" && !event.unattended',
      "a rule that asks asks in every mode",
    ],
    "hook-marker-into-file": ["if (marker !== undefined) {", 'if (marker === "") {', "a marker is kept out of files"],
    "hook-placeholder-out": [
      'const outbound = event.tool === "outbound" && leaves.some(looksLive);',
      "const outbound = false;",
      "a placeholder on its way out is denied",
    ],
    "hook-opaque-runner": [
      'return event.unattended ? null : () => Promise.resolve({ kind: "ask", reason });',
      "return event.unattended || reason ? null : null;",
      "the runner in another form is asked for",
    ],
  }),
  ...mutantsOf("lib/hooks/permission_rules.ts", [RULES, NEVER], {
    "rules-any-part": [
      "const allowed = texts.slice(1).every(",
      "const allowed = texts.slice(1).some(",
      "every part must be allowed",
    ],
    "rules-parts-unknown": [
      'if (parts === null || parts.length === 0) return { kind: "unsure" };',
      "",
      "a command whose parts are unknown is not allowed",
    ],
    "rules-prefix": [
      "text === prefix || text.startsWith(`${prefix} `)",
      "text === prefix || text.startsWith(prefix)",
      "a rule covers whole words",
    ],
    "rules-ask-before-deny": [
      'for (const kind of ["deny", "ask"] as const) {',
      'for (const kind of ["ask", "deny"] as const) {',
      "a denying rule comes first",
      [RULES, NEVER],
    ],
    "rules-shown-whole": [
      "return /^(?::\\*| \\*|\\*)?$/.test(rest) ? `Bash(${word}${rest})` : `Bash(${word} …)`;",
      "return `Bash(${word}${rest})`;",
      "a rule is shown by its first word",
    ],
  }),
  ...mutantsOf("lib/hooks/post_tool.ts", [POST], {
    "post-too-large-shown": [
      "result.leaves.push(TOO_LARGE);",
      "result.leaves.push(...batch);",
      "output too large to search is withheld",
    ],
    "post-own-copy": [
      '    delete replaced["persistedOutputPath"];\n',
      "",
      "the agent shows what is answered, not its own copy",
    ],
    "post-other-answer": [
      "if (scrubbed.length !== batch.length) return null;",
      "",
      "an answer that does not fit is none",
      [POST],
    ],
  }),
  ...mutantsOf("lib/hooks/string_leaves.ts", ["lib/hooks/string_leaves_test.ts", SEARCHES], {
    "leaves-numbers": [
      'if (typeof value === "number") return mapNumber(value, map);',
      "",
      "a value of digits is found in a number",
    ],
    "leaves-keys": ["const name = map(key);", "const name = key;", "an object's keys are searched"],
  }),
  ...mutantsOf("lib/hooks/daemon.ts", [POST], {
    "hook-lengths-below": ["!(size >= 0) || ", "", "an answer whose lengths lie is none", [
      "lib/hooks/daemon_test.ts",
    ]],
    "hook-text-beyond": [
      "if (at !== bytes.length) throw",
      "if (at < 0) throw",
      "an answer with text beyond its lengths is none",
      ["lib/hooks/daemon_test.ts"],
    ],
  }),
  ...mutantsOf("lib/hooks/persisted_output.ts", ["lib/hooks/persisted_output_test.ts"], {
    "persisted-elsewhere": [
      "if (Deno.realPathSync(dirname(path)) !== Deno.realPathSync(expected)) return false;",
      "",
      "only the session's own output is rewritten",
    ],
    "persisted-second-name": ["&& info.nlink === 1 &&", "&&", "a file with a second name is left alone"],
    "persisted-unchanged": [
      "if (changed) renameSync(temporary, path);",
      "renameSync(temporary, path);",
      "an unchanged file stays the very file",
    ],
    "persisted-left": ["    removeQuietly(temporary);\n", "", "no copy of the output is left"],
  }),
  ...mutantsOf("lib/hooks/wrapped_command.ts", [PRE], {
    "wrap-any-ticket": ["if (!TICKET.test(ticket)) throw", 'if (ticket === "") throw', "a ticket is one plain word"],
    "wrap-unquoted": ["-- ${shellQuote(rest)}`;", "-- '${rest}'`;", "the command is one word"],
    "wrap-looks-wrapped": [
      "return word.length >= 2 && shellQuote(text) === word ? text : null;",
      "return text;",
      "a wrapped command is one word",
    ],
  }),
  ...mutantsOf("lib/hooks/prompt.ts", [SEARCHES, "lib/hooks/prompt_test.ts"], {
    "prompt-too-large-passes": [
      "if (bytes.length > MAX_BATCH_BYTES) {",
      "if (bytes.length < 0) {",
      "a prompt too large to search is blocked",
    ],
    "prompt-value-passes": [
      'if (answer.code !== "prompt_has_value" && answer.code !== "prompt_has_token") return PASS;',
      'if (answer.code !== "prompt_has_token") return PASS;',
      "a prompt with a value is blocked",
    ],
  }),
  ...mutantsOf("lib/run/environment.ts", [ENVIRONMENT], {
    "environment-twice": [".filter(([k]) => !replaced.has(k))", "", "a variable stands once"],
    "environment-nul": [
      "if (value.includes(0)) {",
      "if (value.length === -1) {",
      "a value that would be cut off is refused",
    ],
    "environment-too-long": [
      "if (entry.length >= MAX_ENV_STRING) {",
      "if (entry.length > MAX_ENV_STRING) {",
      "a value that the kernel refuses is refused first",
    ],
  }),
  ...mutantsOf("lib/run/one_shot.ts", [ONE_SHOT], {
    "one-shot-mode": [
      "{ write: true, createNew: true, mode: 0o600 }",
      "{ write: true, createNew: true, mode: 0o644 }",
      "a one-shot file is for its owner alone",
    ],
    "one-shot-over": ["createNew: true", "create: true", "a one-shot file is written over nothing"],
    "one-shot-stays": ["Deno.removeSync(path);", "", "a one-shot file goes with the command"],
    "one-shot-directory": [
      "|| ((info.mode ?? 0) & 0o077) !== 0) {",
      ") {",
      "one-shot files lie where nobody else looks",
    ],
  }),
  ...mutantsOf("lib/run/output.ts", ["lib/run/output_test.ts", "lib/run/local_scrubber_test.ts"], {
    "output-daemon-lost": [
      "this.#parts.always === true || this.#local !== null || this.#link?.alive !== true",
      "this.#parts.always === true",
      "where the daemon is lost our own scrubber takes over",
    ],
    "output-local-tail": [
      "if (this.#local !== null) await this.#write(this.#local.end());",
      "",
      "what our own scrubber held comes out",
    ],
    "output-handed-over": [
      "const held = concat(this.#localTail, this.#link?.tail ?? new Uint8Array(0));",
      "const held = this.#link?.tail ?? new Uint8Array(0);",
      "what was held is handed over",
    ],
  }),
  ...mutantsOf("lib/secret.ts", ["lib/secret_test.ts"], {
    "secret-in-json": [
      "  toJSON(): string {\n    return markerOf(this.name);",
      "  toJSON(): string {\n    return new TextDecoder().decode(this.#bytes);",
      "a secret serialises as its marker",
    ],
    "secret-in-console": [
      '[Symbol.for("Deno.customInspect")](): string {\n    return markerOf(this.name);',
      '[Symbol.for("Deno.customInspect")](): string {\n    return new TextDecoder().decode(this.#bytes);',
      "a secret prints as its marker",
    ],
    "secret-in-text": [
      "  toString(): string {\n    return markerOf(this.name);",
      "  toString(): string {\n    return new TextDecoder().decode(this.#bytes);",
      "a secret as text is its marker",
    ],
    "secret-stays": ["    this.#bytes.fill(0);\n", "", "a wiped secret is overwritten"],
    "secret-after-wipe": ["if (this.#wiped) throw", 'if (this.name === "") throw', "a wiped secret is not read"],
  }),
  ...mutantsOf("lib/display.ts", ["lib/display_test.ts"], {
    "display-bidi": ["\\p{Cc}\\p{Cf}", "\\p{Cc}", "what reorders a line is shown as an escape"],
    "display-control": ["\\p{Cc}\\p{Cf}", "\\p{Cf}", "what steers a terminal is shown as an escape"],
  }),
  ...mutantsOf("lib/names.ts", ["lib/names_test.ts"], {
    "names-length": ["/^[A-Z][A-Z0-9_]{0,63}$/", "/^[A-Z][A-Z0-9_]{0,64}$/", "a name has at most 64 characters"],
    "names-open-end": ["/^[A-Z][A-Z0-9_]{0,63}$/", "/^[A-Z][A-Z0-9_]{0,63}/", "a name is nothing but a name"],
    "names-variable": ["`TACIT_VALUE_${name}`", "name", "a secret shadows no variable of the command"],
  }),
  ...mutantsOf("lib/paths.ts", ["lib/paths_test.ts"], {
    "paths-environment": [
      "const home = homeDirectory();",
      'const home = Deno.env.get("HOME") ?? homeDirectory();',
      "the home is not the environment's to say",
    ],
    "paths-other-user": [
      "return Deno.lstatSync(path).uid === Deno.uid() ? path : null;",
      "return path;",
      "another user's directory holds no one-shot file",
    ],
  }),
  ...mutantsOf("lib/harden.ts", ["tests/promises/daemon_memory_is_closed_test.ts"], {
    "harden-dumpable": [
      "prctl(PR_SET_DUMPABLE, 0n,",
      "prctl(PR_SET_DUMPABLE, 1n,",
      "no process of this user looks into the daemon",
    ],
    "harden-core": [
      "held.no_core = libc.symbols.setrlimit(RLIMIT_CORE, new Uint8Array(16)) === 0;\n    libc.close();\n  } catch { /* reported as false */ }\n  return held;\n}\n\n/** Untested",
      "held.no_core = true;\n    libc.close();\n  } catch { /* reported as false */ }\n  return held;\n}\n\n/** Untested",
      "no core file holds a key",
    ],
    "harden-environment": ["Deno.env.delete(name);", "void name;", "the daemon keeps no environment", [
      "lib/harden_test.ts",
    ]],
    "harden-libraries": [
      "!LIBRARY_PLACES.test(path)",
      '!path.includes("/lib")',
      "a library from an unusual place is foreign",
      ["lib/harden_test.ts"],
    ],
    "harden-preload": [
      '["LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"]',
      '["LD_AUDIT"]',
      "a preloaded daemon takes no key",
      ["lib/harden_test.ts"],
    ],
  }),
];
