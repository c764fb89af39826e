/**
 * The house keeps its own rules (docs/architecture.md, "Rooms"): who may import whom, who may see a value, which file
 * stands for which package. The second half plants one violation per rule and demands that it is found.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { filesUnder, importMap, type Module, packageName, readGraph, readModule } from "./kit/module_graph.ts";
import { IMPORTER, LONGEST_FILE, NOT_BLIND, REVEALS, RULES } from "./kit/room_rules.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const CONFIG = await Deno.readTextFile(join(ROOT, "deno.json"));
const GRAPH = await readGraph(ROOT);

for (const [name, rule] of Object.entries(RULES)) {
  Deno.test(`rooms: ${name}`, () => assert.deepEqual(rule(GRAPH), []));
}

Deno.test("rooms: the graph agrees with what the runtime would load", async () => {
  const info = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
    stdin: "null",
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(info.stdout)) as { modules: { specifier: string }[] };
  const loaded = modules.map((m) => m.specifier).filter((s) => s.startsWith("file:"))
    .map((s) => new URL(s).pathname.slice(ROOT.length)).filter((path) => path.endsWith(".ts"));
  const known = new Set(GRAPH.map((m) => m.path));
  assert.ok(loaded.length > 0, "nothing is loaded");
  assert.deepEqual(loaded.filter((path) => !known.has(path)), []);
});

Deno.test("rooms: every package of deno.json has an importer, and docs/dependencies.md names it", async () => {
  const doc = await Deno.readTextFile(join(ROOT, "docs/dependencies.md"));
  const { imports } = JSON.parse(CONFIG) as { imports: Record<string, string> };
  const packages = [...new Set(Object.values(imports).map((specifier) => packageName(specifier) ?? specifier))];
  assert.ok(packages.length > 0, "no package at all");
  // Pinned for msgpackr's sake, and used by tests only: neither is imported by the program.
  const notImported = ["msgpackr-extract", "fast-check"];
  assert.deepEqual(packages.filter((name) => !doc.includes(`\`${name}\``)), [], "not in docs/dependencies.md");
  assert.deepEqual(packages.filter((name) => IMPORTER[name] === undefined && !notImported.includes(name)), []);
  assert.deepEqual(
    packages.filter((name) => /[\^~*><|x]|^$/.test(imports[name]?.split("@").at(-1) ?? "0")),
    [],
    "range",
  );
});

Deno.test("rooms: no test, tool or bench is too long", async () => {
  const paths = (await filesUnder(ROOT, ["tests", "tools", "bench", "lib", "commands", "wasm"]))
    .filter((path) => /\.tsx?$/.test(path));
  const long = paths.filter((path) => Deno.readTextFileSync(join(ROOT, path)).split("\n").length - 1 > LONGEST_FILE);
  assert.ok(paths.length > 20);
  assert.deepEqual(long, []);
});

/** One violation per rule: a file to add or replace, and a part of the sentence that must come back. */
const PLANTED: Record<string, { path: string; source: string; says: string; also?: [string, string] }[]> = {
  "every module stands in a room of the plan": [{ path: "lib/attic/box.ts", source: "", says: "no such room" }],
  "every import can be read": [
    { path: "lib/shell/x.ts", source: "export const f = (s: string) => import(s);", says: "variable" },
    { path: "lib/shell/x.ts", source: 'import { createRequire } from "node:module";', says: "createRequire" },
    { path: "lib/shell/x.ts", source: 'import "https://example.com/x.ts";', says: "neither" },
    { path: "lib/shell/x.ts", source: 'import "left-pad";', says: "neither" },
  ],
  "every imported file exists": [{ path: "lib/shell/x.ts", source: 'import "./gone.ts";', says: "gone.ts" }],
  "rooms import only downwards": [
    { path: "lib/grant/x.ts", source: 'import "../protocol/frame.ts";', says: "lib/protocol" },
    { path: "lib/grant/x.ts", source: 'import type { A } from "../audit/record.ts";', says: "lib/audit" },
    { path: "lib/grant/x.ts", source: 'export const f = () => import("../daemon/caller.ts");', says: "lib/daemon" },
    { path: "lib/grant/x.ts", source: 'export type A = import("../run/child.ts").A;', says: "lib/run" },
    { path: "lib/vault/x.ts", source: 'export * from "../scrub/tables.ts";', says: "lib/scrub" },
    { path: "lib/x.ts", source: 'import "./names.ts";', says: "leaf" },
    { path: "wasm/x.ts", source: 'import "../lib/crypto/hash.ts";', says: "lib/crypto" },
    { path: "commands/x.ts", source: 'import "../main.ts";', says: "main.ts" },
  ],
  "blind rooms import no plaintext room": [
    { path: "commands/show.ts", source: 'import "../lib/vault/vault.ts";', says: "vault" },
    { path: "commands/show.ts", source: 'import type { V } from "../lib/vault/vault.ts";', says: "vault" },
    { path: "lib/hooks/x.ts", source: 'import "../run/child.ts";', says: "run" },
    { path: "lib/client/x.ts", source: 'import "../crypto/hash.ts";', says: "crypto" },
    { path: "lib/mcp/x.ts", source: 'export const f = () => import("../daemon/caller.ts");', says: "daemon" },
  ],
  "no exception to blindness is idle": [{
    path: NOT_BLIND[0] ?? "",
    source: 'import "../lib/names.ts";',
    says: "strike",
  }],
  "no room hands on what a plaintext room exports": [
    { path: "lib/presence/x.ts", source: 'export { Vault } from "../vault/vault.ts";', says: "re-exports" },
    { path: "lib/presence/x.ts", source: 'export * from "../vault/vault.ts";', says: "re-exports" },
  ],
  "reserved modules are imported by their rooms only": [
    { path: "lib/hooks/x.ts", source: 'import type { F } from "../protocol/fill.ts";', says: "fill.ts" },
    { path: "lib/presence/x.ts", source: 'import "../protocol/fill.ts";', says: "fill.ts" },
    { path: "lib/client/x.ts", source: 'import "../protocol/channel.ts";', says: "channel.ts" },
  ],
  "every npm package has one importer": [
    { path: "lib/vault/x.ts", source: 'import { pack } from "msgpackr";', says: "msgpackr" },
    { path: "lib/vault/x.ts", source: 'import { x } from "@noble/ciphers/chacha.js";', says: "@noble/ciphers" },
    { path: "lib/vault/x.ts", source: 'import x from "npm:left-pad@1.0.0";', says: "left-pad" },
  ],
  "reveal is written only where values are at home": [
    { path: "commands/show.ts", source: "export const f = (s: S) => s.reveal();", says: "show.ts" },
    { path: "commands/show.ts", source: 'export const f = (s: S) => s["reveal"]();', says: "show.ts" },
    { path: "lib/daemon/show.ts", source: "export const f = ({ reveal }: S) => reveal;", says: "show.ts" },
    { path: "lib/daemon/show.ts", source: "export const f = (s: S) => s?.reveal?.();", says: "show.ts" },
  ],
  "no import goes in a circle": [
    {
      path: "lib/shell/x.ts",
      source: 'import "./y.ts";',
      says: "y.ts →",
      also: ["lib/shell/y.ts", 'import "./x.ts";'],
    },
    { path: "lib/shell/x.ts", source: 'import "./x.ts";', says: "→" },
  ],
  "the hook path loads no npm module": [
    { path: "commands/hook.ts", source: 'import "../lib/msgpack.ts";', says: "msgpackr" },
    { path: "main.ts", source: 'import { Command } from "commander";', says: "commander" },
  ],
  "no file has an empty name": [
    { path: "lib/shell/utils.ts", source: "", says: "utils" },
    { path: "lib/errors.ts", source: "", says: "errors" },
    { path: "lib/shell/quoteText.ts", source: "", says: "quoteText" },
  ],
  "no file is too long": [{ path: "lib/shell/x.ts", source: "\n".repeat(LONGEST_FILE + 1), says: "451" }],
};

const MAP = importMap(CONFIG);
const BASE: Module[] = [
  ...GRAPH,
  ...["lib/msgpack.ts"].filter((path) => !GRAPH.some((m) => m.path === path))
    .map((path) => readModule(path, 'import "msgpackr";', MAP)),
];

for (const [name, plants] of Object.entries(PLANTED)) {
  Deno.test(`rooms: a planted violation is found: ${name}`, () => {
    const rule = RULES[name];
    assert.ok(rule, "no such rule");
    for (const { path, source, says, also } of plants) {
      const before = rule(BASE);
      const planted = [...BASE.filter((m) => m.path !== path), readModule(path, source, MAP)];
      if (also !== undefined) planted.push(readModule(...also, MAP));
      const found = rule(planted).filter((sentence) => !before.includes(sentence));
      assert.ok(found.some((sentence) => sentence.includes(says)), `not found: ${path}: ${source.slice(0, 80)}`);
    }
  });
}

Deno.test("rooms: every rule has a planted violation", () => {
  assert.deepEqual(Object.keys(RULES).filter((name) => PLANTED[name] === undefined), ["the graph is not empty"]);
  assert.equal(RULES["the graph is not empty"]?.([]).length, 1);
});

Deno.test("rooms: comments and strings are no imports, and odd spacing hides none", () => {
  const source =
    `// import "./a.ts";\n/* import("./b.ts") */ const s = 'import "./c.ts"', t = \`\${1} import("./d.ts")\`;\n` +
    `import{x}from"./e.ts";import\n/* hm */\n"./f.ts";await import /* hm */ (\n"./g.ts"\n);`;
  const read = readModule("lib/shell/x.ts", source, () => undefined);
  assert.deepEqual(read.imports.map((i) => i.target).sort(), ["lib/shell/e.ts", "lib/shell/f.ts", "lib/shell/g.ts"]);
  assert.equal(read.unreadable, 0);
});

Deno.test("rooms: the list of files that may write reveal has no idle entry", () => {
  const writers = GRAPH.filter((m) => m.reveals).map((m) => m.path);
  assert.deepEqual(REVEALS.filter((pattern) => !writers.some((path) => pattern.test(path))), []);
});
