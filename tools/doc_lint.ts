/**
 * `deno doc --lint` on the doors: the modules of a room that another room imports. Everything they export says what it
 * means, has explicit types, and mentions no type that a caller cannot name. A member whose name says it all needs no
 * comment: demanding one breeds comments that restate names.
 */
import { denoEnvironment, ROOT, run } from "./toolchain.ts";

interface Info {
  modules: { specifier: string; dependencies?: { code?: { specifier: string }; type?: { specifier: string } }[] }[];
}

/** Directory of a module, from the top of the tree; leaves are rooms of their own. */
function room(path: string): string {
  return /^lib\/[^/]+$/.test(path) ? path : path.split("/").slice(0, -1).join("/");
}

const here = new URL("..", import.meta.url).href;
const info = await run([Deno.execPath(), "info", "--json", "main.ts"], { cwd: ROOT, env: denoEnvironment() });
if (info.code !== 0) throw new Error(`Cannot read the module graph: ${info.stderr}`);
const doors = new Set<string>();
const all = new Set<string>();
for (const { specifier, dependencies } of (JSON.parse(info.stdout) as Info).modules) {
  if (specifier.startsWith(here)) all.add(specifier.slice(here.length));
  for (const { code, type } of dependencies ?? []) {
    const target = code?.specifier ?? type?.specifier ?? "";
    if (!target.startsWith(here) || !specifier.startsWith(here)) continue;
    const [from, to] = [specifier.slice(here.length), target.slice(here.length)];
    if (room(from) !== room(to) && to.startsWith("lib/")) doors.add(to);
  }
}
if (doors.size === 0) throw new Error("Cannot check the doors: the graph has none");

// All modules are given, so that a type from a module that is no door itself still counts as one that can be named.
const roots = [...all].filter((path) => path.endsWith(".ts")).sort();
const checked = await run([Deno.execPath(), "doc", "--lint", ...roots], { cwd: ROOT, env: denoEnvironment() });
const found = checked.stderr.split(/\n(?=error\[)/).filter((fault) => fault.startsWith("error["));
if (checked.code !== 0 && found.length === 0) throw new Error(`Cannot check the doors: ${checked.stderr}`);
const faults = found.filter((fault) => {
  const path = /--> (.+?):\d+:\d+/.exec(fault)?.[1]?.replaceAll("\\", "/") ?? "";
  const source = /^ *\d+ \| (.*)$/m.exec(fault)?.[1] ?? "";
  const atDoor = [...doors].some((door) => path.endsWith(`/${door}`));
  return atDoor && (!fault.startsWith("error[missing-jsdoc]") || source.startsWith("export"));
});
for (const fault of faults) console.error(fault.trim());
console.log(`${doors.size} doors, ${faults.length === 0 ? "all documented" : `${faults.length} faults`}`);
Deno.exit(faults.length === 0 ? 0 : 1);
