/**
 * The rules of the house as data and as checks, each returning one sentence per violation.
 * docs/architecture.md, "Rooms", gives the reasons; this file is what holds.
 */
import type { Import, Module } from "./module_graph.ts";

/** Import order: a room may import only rooms of a later line; rooms of one line may not import each other. */
export const ORDER: readonly (readonly string[])[] = [
  ["main.ts"],
  ["commands"],
  ["lib/hooks", "lib/mcp"],
  ["lib/run"],
  ["lib/client"],
  ["lib/presence"],
  ["lib/daemon"],
  ["lib/proxy", "lib/vault", "lib/scrub"],
  ["lib/protocol"],
  ["lib/audit", "lib/grant", "lib/shell"],
  ["lib/crypto"],
  ["wasm"],
  ["leaf"],
];

/** Rooms that must not be able to obtain a value. */
export const BLIND = ["main.ts", "commands", "lib/hooks", "lib/mcp", "lib/client"];
/** Rooms in which values are plain bytes. */
export const PLAINTEXT = ["lib/run", "lib/daemon", "lib/proxy", "lib/vault", "lib/scrub", "lib/crypto"];
/** Blind by place, but their very task is a value or a key. */
export const NOT_BLIND = ["daemon", "exec", "run"].map((verb) => `commands/${verb}.ts`);

/** Modules of an open room that only the named rooms may import. */
export const RESERVED: Record<string, readonly string[]> = {
  // The one reply that carries values.
  "lib/protocol/fill.ts": ["lib/protocol", "lib/run", "lib/daemon"],
  // Holds the key of the administrative channel.
  "lib/protocol/channel.ts": ["lib/protocol", "lib/presence", "lib/daemon"],
};

/** The one module that may import each package, so that replacing a package is a change to one file. */
export const IMPORTER: Record<string, string> = {
  "msgpackr": "lib/msgpack.ts",
  "hash-wasm": "wasm/argon2id.ts",
  "@noble/ciphers": "lib/crypto/aead.ts",
  "@noble/hashes": "lib/crypto/hash.ts",
  "commander": "commands/program.ts",
  "@commander-js/extra-typings": "commands/program.ts",
};

/** Where `.reveal()` may be written: the only places that see the bytes of a value. */
export const REVEALS: readonly RegExp[] = [
  /^lib\/secret\.ts$/,
  /^lib\/vault\/[a-z0-9_]+\.ts$/,
  /^lib\/scrub\/tables\.ts$/,
  /^lib\/run\/[a-z0-9_]+\.ts$/,
  /^lib\/daemon\/(keyring|requests|fill)[a-z0-9_]*\.ts$/,
];

/** Entry points of the calls that an agent makes all the time; nothing they load eagerly may come from npm. */
export const FAST_PATH = ["main.ts", "commands/hook.ts"];

/** Names that say nothing about what a file is for. */
const EMPTY_NAMES = /(^|\/)(utils?|types?|helpers?|errors?|common|misc|shared)(\.tsx?|\/)/;
/** Think at 300, split before this. */
export const LONGEST_FILE = 450;

/** The room of a path of the program; null for one that the plan does not know. */
export function roomOf(path: string): string | null {
  if (path === "main.ts") return path;
  if (path.startsWith("commands/")) return "commands";
  if (path.startsWith("wasm/")) return "wasm";
  if (/^lib\/[^/]+$/.test(path)) return "leaf";
  const room = path.split("/").slice(0, 2).join("/");
  return ORDER.some((line) => line.includes(room)) ? room : null;
}

/** Every rule by name; a rule returns its violations. */
export const RULES: Record<string, (modules: Module[]) => string[]> = {
  "the graph is not empty": (modules) => {
    const edges = modules.reduce((sum, m) => sum + m.imports.filter((i) => i.kind === "ours").length, 0);
    return modules.length >= 10 && edges >= modules.length / 2
      ? []
      : [`only ${modules.length} modules, ${edges} imports`];
  },
  "every module stands in a room of the plan": (modules) =>
    modules.filter((m) => roomOf(m.path) === null).map((m) => `${m.path}: no such room`),
  "every import can be read": (modules) => [
    ...modules.filter((m) => m.unreadable > 0).map((m) => `${m.path}: import() of a variable, or createRequire`),
    ...each(modules, (m, i) => i.kind === "foreign" && `${m.path}: "${i.target}" is neither ours, npm nor node`),
  ],
  "every imported file exists": (modules) => {
    const paths = new Set(modules.map((m) => m.path));
    return each(modules, (m, i) => ours(i) && !paths.has(i.target) && `${m.path}: "${i.target}" is not in the program`);
  },
  "rooms import only downwards": (modules) =>
    each(modules, (m, i) => {
      const [from, to] = [roomOf(m.path), roomOf(i.target)];
      if (!ours(i) || from === null || to === null || (from === to && from !== "leaf")) return false;
      return level(to) <= level(from) && `${m.path} (${from}) imports ${i.target} (${to})`;
    }),
  "blind rooms import no plaintext room": (modules) =>
    each(modules, (m, i) => {
      const blind = BLIND.includes(roomOf(m.path) ?? "") && !NOT_BLIND.includes(m.path);
      return ours(i) && blind && PLAINTEXT.includes(roomOf(i.target) ?? "") && `${m.path} imports ${i.target}`;
    }),
  "no exception to blindness is idle": (modules) =>
    modules.filter((m) =>
      NOT_BLIND.includes(m.path) && !m.imports.some((i) => PLAINTEXT.includes(roomOf(i.target) ?? ""))
    ).map((m) => `${m.path} imports no plaintext room: strike it from the list`),
  "no room hands on what a plaintext room exports": (modules) =>
    each(modules, (m, i) => {
      const [from, to] = [roomOf(m.path), roomOf(i.target)];
      return i.how === "re-export" && from !== to && PLAINTEXT.includes(to ?? "") && `${m.path} re-exports ${i.target}`;
    }),
  "reserved modules are imported by their rooms only": (modules) =>
    each(modules, (m, i) => {
      const rooms = RESERVED[i.target];
      const allowed = rooms === undefined || rooms.includes(roomOf(m.path) ?? "");
      return ours(i) && !allowed && !(NOT_BLIND.includes(m.path)) && `${m.path} imports ${i.target}`;
    }),
  "every npm package has one importer": (modules) =>
    each(modules, (m, i) => i.kind === "npm" && IMPORTER[i.target] !== m.path && `${m.path} imports ${i.target}`),
  "reveal is written only where values are at home": (modules) =>
    modules.filter((m) => m.reveals && !REVEALS.some((r) => r.test(m.path))).map((m) => `${m.path} writes reveal`),
  "no import goes in a circle": (modules) => circles(modules),
  "the hook path loads no npm module": (modules) => {
    const reached = eager(modules, FAST_PATH);
    return modules.filter((m) => reached.has(m.path)).flatMap((m) =>
      m.imports.filter((i) => i.kind === "npm" && runs(i) && i.how !== "lazy").map((i) => `${m.path} loads ${i.target}`)
    );
  },
  "no file has an empty name": (modules) =>
    modules.filter((m) => EMPTY_NAMES.test(m.path) || !/^[a-z0-9_/.]+$/.test(m.path)).map((m) => m.path),
  "no file is too long": (modules) =>
    modules.filter((m) => m.lines > LONGEST_FILE).map((m) => `${m.path}: ${m.lines} lines`),
};

function each(modules: Module[], judge: (m: Module, i: Import) => string | false): string[] {
  return modules.flatMap((m) => m.imports.map((i) => judge(m, i)).filter((verdict) => verdict !== false));
}

function ours(i: Import): boolean {
  return i.kind === "ours";
}

/** False for imports that are erased before the program runs. */
function runs(i: Import): boolean {
  return i.how !== "type";
}

function level(room: string): number {
  return ORDER.findIndex((line) => line.includes(room));
}

/** Modules that are loaded with `entries` before anything is awaited. */
function eager(modules: Module[], entries: string[]): Set<string> {
  const byPath = new Map(modules.map((m) => [m.path, m]));
  const seen = new Set<string>();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const next = byPath.get(path)?.imports.filter((i) => ours(i) && runs(i) && i.how !== "lazy") ?? [];
    queue.push(...next.map((i) => i.target));
  }
  return seen;
}

function circles(modules: Module[]): string[] {
  const byPath = new Map(modules.map((m) => [m.path, m]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]) => {
    const at = trail.indexOf(path);
    if (at >= 0) return void found.push([...trail.slice(at), path].join(" → "));
    if (done.has(path)) return;
    for (const i of byPath.get(path)?.imports ?? []) if (ours(i) && runs(i)) visit(i.target, [...trail, path]);
    done.add(path);
  };
  for (const m of modules) visit(m.path, []);
  return found;
}
