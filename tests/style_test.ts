/**
 * Style that a reader relies on, checked: how errors speak, what prints, what ends the process. CONTRIBUTING.md, "Style".
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { filesUnder } from "./kit/module_graph.ts";

const ROOT = new URL("..", import.meta.url).pathname;
/** What a person sees is printed by terminal.ts; the runner, which loads little, says its few lines itself. */
const PRINTS = ["commands/terminal.ts", "commands/exec.ts", "lib/run/report.ts"];
/** What ends the process. */
const EXITS = ["main.ts"];

const BUILT_IN = ["Error", "TypeError", "RangeError", "SyntaxError"];

interface Fault {
  rule: "private" | "console" | "exit" | "message";
  text: string;
}

/** Every breach of style in one source text. */
function faultsOf(path: string, source: string): Fault[] {
  const faults: Fault[] = [];
  const add = (rule: Fault["rule"], node: { range: [number, number] }) =>
    faults.push({ rule, text: `${path}: ${source.slice(...node.range).split("\n")[0]?.slice(0, 120)}` });
  const plugin: Deno.lint.Plugin = {
    name: "style",
    rules: {
      read: {
        create: () => ({
          PropertyDefinition: (node) => void (node.accessibility === "private" && add("private", node)),
          MethodDefinition: (node) => void (node.accessibility === "private" && add("private", node)),
          TSParameterProperty: (node) => void (node.accessibility === "private" && add("private", node)),
          MemberExpression(node) {
            if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
            if (node.object.name === "console" && !PRINTS.includes(path)) add("console", node);
            if (`${node.object.name}.${node.property.name}` === "Deno.exit" && !EXITS.includes(path)) add("exit", node);
          },
          NewExpression(node) {
            // Classes of our own put their messages together themselves.
            if (node.callee.type !== "Identifier" || !BUILT_IN.includes(node.callee.name)) return;
            const message = node.arguments.map((argument) => wordsOf(argument as Words)).find((text) =>
              / /.test(text ?? "")
            );
            if (message === undefined || message === null) return;
            if (!/^([A-Z]|…)/.test(message) || /\.$/.test(message)) add("message", node);
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, "module.ts", source);
  return faults;
}

interface Words {
  type: string;
  value?: unknown;
  quasis?: { cooked: string }[];
}

/** The text of a literal or template, its inserted parts as `…`; null for any other expression. */
function wordsOf(node: Words): string | null {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral") return (node.quasis ?? []).map((part) => part.cooked).join("…");
  return null;
}

const SOURCES = (await filesUnder(ROOT, ["main.ts", "commands", "lib", "wasm"]))
  .filter((path) => path.endsWith(".ts") && !path.endsWith("_test.ts"));
const FAULTS = SOURCES.flatMap((path) => faultsOf(path, Deno.readTextFileSync(join(ROOT, path))));

const RULES: [Fault["rule"], string, string][] = [
  ["private", "members are hidden with #, not with a word that the compiler forgets", "class A { private x = 1; }"],
  ["console", "only the listed files print to people", 'console.log("x");'],
  ["exit", "only main.ts ends the process", "Deno.exit(1);"],
  ["message", "error messages begin with a capital and end without a stop", 'throw new TypeError("bad thing.");'],
];

for (const [rule, promise, breach] of RULES) {
  Deno.test(`style: ${promise}`, () => {
    assert.ok(SOURCES.length > 10, "nothing to check");
    assert.deepEqual(faultsOf("lib/x.ts", breach).map((fault) => fault.rule), [rule], "a breach is not seen");
    assert.deepEqual(FAULTS.filter((fault) => fault.rule === rule).map((fault) => fault.text), []);
  });
}
