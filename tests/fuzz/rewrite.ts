/**
 * Placeholders in commands: each text is refused in our own words, or every placeholder becomes a reference and nothing
 * else changes but quotes. Some of what is accepted runs in a real bash, beside the same text with the values in it.
 */
import { utf8 } from "../../lib/bytes.ts";
import { judgeCommand } from "../../lib/hooks/permission_rules.ts";
import { unwrapCommand, wrapCommand } from "../../lib/hooks/wrapped_command.ts";
import * as parts from "../../lib/shell/parts.ts";
import { findPlaceholders } from "../../lib/shell/placeholders.ts";
import * as rewriting from "../../lib/shell/rewrite.ts";
import { Generator } from "../placeholders/generator.ts";
import { GOLDEN } from "../placeholders/golden.ts";
import { textPieces } from "./mutate.ts";
import { Bash, isHarmless, NO_BASH } from "./rewrite_bash.ts";
import { demand, type Entry, type Target } from "./target.ts";

/** The functions under test. */
export interface RewriteParts {
  rewriteCommand: typeof rewriting.rewriteCommand;
  commandParts: typeof parts.commandParts;
  leadingCd: typeof parts.leadingCd;
}

const KNOWN = new Set(["A", "B", "C", "TOKEN"]);
const variable = (name: string) => `V_${name}`;
const known = (name: string) => KNOWN.has(name);
const REFERENCE = /\$\{V_(A|B|C|TOKEN)\}/g;
/** One in so many accepted commands is compared in bash; each takes as long as a few hundred rewrites. */
const COMPARED = 16;
/** Commands of the generator beside the golden table. */
const GENERATED = 150;
const RULES = {
  deny: ["Bash(rm:*)", "Bash(*a*a*a*a*secret*)"],
  ask: ["Bash(git push*)"],
  allow: ["Bash(echo:*)", "Bash(ls *)"],
};
const PROGRAM = ["/opt/tacit dir/tacit", "--home", "/h"];

export function rewriteTarget(
  given: RewriteParts = { ...rewriting, ...parts },
  compare = NO_BASH === null,
): Target {
  const bash = compare ? new Bash() : null;
  return {
    name: "rewrite",
    corpus: corpus(),
    dictionary: [
      ..."' \" ` $ ( ) { } \\ < > & ; # ! * ? [ ] ~ = + - @ : % ^ | , . \n \t \0 \x01 \r".split(" "),
      ...[
        "$(",
        "${",
        "$'",
        '$"',
        "((",
        "))",
        "[[ ",
        " ]]",
        "<<",
        "<<-",
        "<<<",
        "<(",
        ">(",
        ">&",
        "|&",
        "||",
        "&&",
        ";;",
      ],
      ...[
        "{{A}}",
        "{{B}}",
        "{{C}}",
        "{{UNKNOWN}}",
        "{{",
        "}}",
        "\\\n",
        "${x:-",
        "x=(",
        "x+=",
        " # ",
        "\nEOF\n",
        "<<'EOF'\n",
      ],
      ...["if ", "then ", "fi", "case ", " in ", "esac", "for ", "do ", "done", "function f ", "f() {", "time ", "! "],
      ...[
        "eval ",
        "bash -c ",
        "sh -c '",
        "xargs ",
        "env -S ",
        "timeout 5 ",
        "sudo ",
        "find -exec ",
        "/a/env ",
        "cd a && ",
        "exec --ticket T -- ",
        "\u2028",
      ],
    ].map(utf8),
    maxBytes: 8192,
    async run(input, thorough) {
      const text = new TextDecoder().decode(input);
      demandParts(given, text);
      const result = given.rewriteCommand(text, known, variable);
      if (!result.ok) {
        const sound = result.code === "unprovable_context" &&
          /^Cannot (rewrite the command|place "\{\{)/.test(result.message);
        demand(sound && result.message.length < 9000, "A refusal has another form");
        return "refused";
      }
      demandPlaced(text, result);
      if (result.names.length === 0) return "left alone";
      demandUnchanged(text, result.command);
      const chosen = thorough === true || hashOf(input) % COMPARED === 0;
      if (bash === null || !chosen || text.includes("TOKEN") || !isHarmless(text) || !isHarmless(result.command)) {
        return "rewritten";
      }
      const difference = await bash.difference(text, result.command);
      demand(difference === null, `A rewritten command does something else: ${difference}`);
      return "rewritten, the same in bash";
    },
    reaches: ["refused", "left alone", "rewritten", ...(bash === null ? [] : ["rewritten, the same in bash"])],
    close: () => bash?.close(),
  };
}

/** The readers of commands that the hook and the daemon use answer for any text. */
function demandParts({ commandParts, leadingCd }: RewriteParts, text: string): void {
  const found = commandParts(text);
  judgeCommand(RULES, text, found);
  const cd = leadingCd(text);
  demand(cd === null || cd.prefix + cd.rest === text, "A leading cd is not the beginning of the command");
  if (text.includes("\0")) return;
  const unwrapped = unwrapCommand(PROGRAM, wrapCommand(PROGRAM, "TICKET", text));
  const inner = unwrapped === null || unwrapped === "opaque" ? null : unwrapped.inner;
  demand(inner === text, "A wrapped command is not known again");
}

/** Every live placeholder is a reference or stands in a comment, and the names are those of the references. */
function demandPlaced(text: string, { command, names }: { command: string; names: string[] }): void {
  const live = (of: string) => findPlaceholders(of).filter(({ name }) => known(name)).length;
  if (names.length === 0) {
    // An inner shell's script is written anew, though its only placeholder stands in a comment.
    demand(command === text || /sh/i.test(text), "A command without a name was changed");
    demand(live(text) === 0 || text.includes("#"), "A placeholder outside of a comment was left");
    return;
  }
  const references = [...command.matchAll(REFERENCE)].map(([, name]) => name ?? "");
  demand(
    new Set(names).size === names.length && names.every(known),
    "A rewrite names a secret twice or an unknown one",
  );
  demand(references.every((name) => names.includes(name)), "A reference is not among the names");
  demand(names.every((name) => references.includes(name)), "A name has no reference");
  demand(live(text) === live(command) + references.length, "Placeholders and references do not add up");
  demand(live(command) === 0 || text.includes("#"), "A placeholder outside of a comment was left");
}

/** Without quotes, and with references read as placeholders again, both texts are the same. */
function demandUnchanged(text: string, command: string): void {
  const bare = (of: string) => of.replace(/\\\n/g, "").replace(/['"\\\t]/g, "");
  // The script of an inner shell is written anew from what it spells, and a delimiter may have to be another word.
  if (/sh/i.test(bare(text)) || /\$'/.test(text) || command.includes("TACIT_END_")) return;
  const before = bare(text.replace(/\{\{(A|B|C|TOKEN)\}\}/g, "\x01$1\x02"));
  const after = bare(
    command.replace(REFERENCE, "\x01$1\x02").replace(/\{\{(A|B|C|TOKEN)\}\}/g, "\x01$1\x02"),
  );
  demand(before === after, "Something besides placeholders and quotes was changed");
}

function corpus(): Entry[] {
  const outcome = (expected: string, changed: boolean) =>
    expected === "refused" ? "refused" : expected === "same" || !changed ? "left alone" : "rewritten";
  const golden = GOLDEN.map(([command, expected]): Entry => ({
    name: `golden: ${command.slice(0, 40)}`,
    pieces: textPieces(command),
    gives: outcome(expected, command !== expected),
  }));
  const generator = new Generator(7);
  generator.drawValues();
  const generated = Array.from({ length: GENERATED }, (_, i): Entry => {
    const { text } = generator.command();
    return {
      name: `generated ${i}`,
      pieces: textPieces(text),
      gives: /\{\{[ABC]\}\}/.test(text) ? "rewritten" : "left alone",
    };
  });
  return [...golden, ...generated];
}

function hashOf(bytes: Uint8Array): number {
  return bytes.reduce((hash, b) => Math.imul(hash ^ b, 0x01000193) >>> 0, 0x811c9dc5);
}
