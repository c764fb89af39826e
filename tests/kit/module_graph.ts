/**
 * The source tree as a graph: every module of main.ts, commands/, lib/ and wasm/, with what it imports and how.
 * Read with the linter's own parser, so that comments, strings and odd spacing cannot hide an import.
 */
import { join, normalize } from "node:path";

/** One import of one module. */
export interface Import {
  /** `ours`: a file of the tree; `npm`: a package; `node`: a built-in module; `foreign`: anything else. */
  kind: "ours" | "npm" | "node" | "foreign";
  /** Path from the top of the tree, package name, or the specifier itself. */
  target: string;
  how: "static" | "lazy" | "type" | "re-export";
}

export interface Module {
  /** Path from the top of the tree, with forward slashes. */
  path: string;
  lines: number;
  imports: Import[];
  /** `import(x)` whose target is not a literal, and `createRequire`: places where the graph would be blind. */
  unreadable: number;
  /** True if the identifier or property `reveal` is written anywhere in the file. */
  reveals: boolean;
}

/** The top-level entries that make the program; everything else may import what it likes. */
const PROGRAM = ["main.ts", "commands", "lib", "wasm"];

/**
 * Every module of the program under `root`, unit tests excluded, ordered by path.
 * @throws {Error} if a file cannot be parsed.
 */
export async function readGraph(root: string): Promise<Module[]> {
  const map = importMap(await Deno.readTextFile(join(root, "deno.json")));
  const modules: Module[] = [];
  for (const path of await filesUnder(root, PROGRAM)) {
    if (!/\.(ts|tsx|js|mjs)$/.test(path) || /_(test|bench)\.tsx?$/.test(path)) continue;
    modules.push(readModule(path, await Deno.readTextFile(join(root, path)), map));
  }
  return modules.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Files at or under the given entries, as paths from `root`; missing entries give none. */
export async function filesUnder(root: string, entries: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of entries) {
    const info = await Deno.lstat(join(root, entry)).catch(() => null);
    if (info?.isFile) found.push(entry);
    if (!info?.isDirectory) continue;
    const inside = [...Deno.readDirSync(join(root, entry))].map((child) => `${entry}/${child.name}`);
    found.push(...await filesUnder(root, inside));
  }
  return found;
}

/** Reads one module; `map` turns a bare specifier into its package name, or undefined. */
export function readModule(path: string, source: string, map: (specifier: string) => string | undefined): Module {
  const imports: Import[] = [];
  let unreadable = 0;
  let reveals = false;
  const add = (specifier: string, how: Import["how"]) => imports.push({ ...resolve(path, specifier, map), how });
  const plugin: Deno.lint.Plugin = {
    name: "graph",
    rules: {
      read: {
        create: () => ({
          ImportDeclaration: (node) => void add(node.source.value, node.importKind === "type" ? "type" : "static"),
          ExportAllDeclaration: (node) => void add(node.source.value, "re-export"),
          ExportNamedDeclaration(node) {
            if (node.source) add(node.source.value, "re-export");
          },
          ImportExpression(node) {
            if (node.source.type === "Literal" && typeof node.source.value === "string") add(node.source.value, "lazy");
            else unreadable++;
          },
          TSImportType(node) {
            const literal = /^import\(\s*["']([^"']+)["']/.exec(source.slice(node.range[0], node.range[1]));
            if (literal?.[1] !== undefined) add(literal[1], "type");
            else unreadable++;
          },
          Identifier(node) {
            if (node.name === "reveal") reveals = true;
            if (node.name === "createRequire") unreadable++;
          },
          Literal(node) {
            if (node.value === "reveal") reveals = true;
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, path.endsWith("x") ? "module.tsx" : "module.ts", source);
  return { path, lines: source.split("\n").length - (source.endsWith("\n") ? 1 : 0), imports, unreadable, reveals };
}

function resolve(from: string, specifier: string, map: (s: string) => string | undefined): Omit<Import, "how"> {
  if (specifier.startsWith("./") || specifier.startsWith("../")) {
    return { kind: "ours", target: normalize(join(from, "..", specifier)).replaceAll("\\", "/") };
  }
  if (specifier.startsWith("node:")) return { kind: "node", target: specifier };
  const name = map(specifier);
  return name === undefined ? { kind: "foreign", target: specifier } : { kind: "npm", target: name };
}

/** The package that a bare specifier means under the `imports` of a deno.json; undefined if it is not mapped to npm. */
export function importMap(config: string): (specifier: string) => string | undefined {
  const imports = (JSON.parse(config) as { imports?: Record<string, string> }).imports ?? {};
  return (specifier) => {
    const key = Object.keys(imports).find((k) =>
      k === specifier || specifier.startsWith(k.endsWith("/") ? k : `${k}/`)
    );
    return packageName(key === undefined ? specifier : imports[key] ?? "");
  };
}

/** `npm:/@scope/name@1.2.3/` → `@scope/name`; undefined for anything that is not an npm specifier. */
export function packageName(specifier: string): string | undefined {
  return /^npm:\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1];
}
