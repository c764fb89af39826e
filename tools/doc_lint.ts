/**
 * `deno doc --lint` on the doors: the modules of a room that another room imports. Everything they export is
 * documented, with explicit types, and mentions no type that a caller cannot name.
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
for (const { specifier, dependencies } of (JSON.parse(info.stdout) as Info).modules) {
  for (const { code, type } of dependencies ?? []) {
    const target = code?.specifier ?? type?.specifier ?? "";
    if (!target.startsWith(here) || !specifier.startsWith(here)) continue;
    const [from, to] = [specifier.slice(here.length), target.slice(here.length)];
    if (room(from) !== room(to) && to.startsWith("lib/")) doors.add(to);
  }
}
if (doors.size === 0) throw new Error("Cannot check the doors: the graph has none");
const checked = await run([Deno.execPath(), "doc", "--lint", ...[...doors].sort()], {
  cwd: ROOT,
  env: denoEnvironment(),
});
if (checked.code !== 0) console.error(checked.stderr);
console.log(`${doors.size} doors, ${checked.code === 0 ? "all documented" : "some with faults"}`);
Deno.exit(checked.code === 0 ? 0 : 1);
