/**
 * `main.ts` as a few plain JavaScript files, each lazy `import()` a file of its own, so that a hook call parses the
 * hook and nothing else. The price of npm packages in a compiled program is their embedded tree, not their use:
 * that is why only the bundle is embedded. docs/architecture.md, "Build".
 */
import { denoEnvironment, ROOT, run } from "./toolchain.ts";

/** Verbs whose bundled code must load no npm module: they run once for every tool call of an agent. */
const NPM_FREE = ["hook"];

/** Sizes in bytes, for the line that the build prints. */
export interface Bundle {
  entry: string;
  files: number;
  bytes: number;
  /** Bytes parsed before the first line of each NPM_FREE verb runs. */
  fastPath: Record<string, number>;
}

/**
 * Bundles `entry` into `directory`, which must exist and be empty.
 * @throws {Error} if the bundler fails, a lazy import was merged into the entry, or a fast path reaches an npm module.
 */
export async function bundle(entry: string, directory: string, root: string = ROOT): Promise<Bundle> {
  const arguments_ = ["bundle", "--quiet", "--frozen", "--platform", "deno", "--code-splitting", "--outdir", directory];
  const { code, stderr } = await run([Deno.execPath(), ...arguments_, entry], { cwd: root, env: denoEnvironment() });
  if (code !== 0) throw new Error(`Cannot bundle "${entry}": ${stderr.trim()}`);

  const chunks = new Map<string, string>();
  for await (const file of Deno.readDir(directory)) {
    const path = `${directory}/${file.name}`;
    const text = withoutLocalPaths(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, text);
    chunks.set(file.name, text);
  }
  const main = entry.replace(/^.*\//, "").replace(/\.ts$/, ".js");
  const fastPath: Record<string, number> = {};
  for (const verb of NPM_FREE) {
    const chunk = [...chunks.keys()].find((name) => new RegExp(`^${verb}-[A-Z0-9]+\\.js$`).test(name));
    if (chunk === undefined) throw new Error(`Cannot find the bundled code of "${verb}": it is no file of its own`);
    const loaded = [...closure(chunks, main), ...closure(chunks, chunk)];
    for (const name of loaded) {
      const npm = /^\/\/ npm:(\S+)/m.exec(chunks.get(name) ?? "");
      if (npm) throw new Error(`Cannot accept the bundle: "${verb}" loads the npm module "${npm[1]}" in ${name}`);
    }
    fastPath[verb] = [...new Set(loaded)].reduce((sum, name) => sum + (chunks.get(name)?.length ?? 0), 0);
  }
  const bytes = [...chunks.values()].reduce((sum, text) => sum + text.length, 0);
  return { entry: `${directory}/${main}`, files: chunks.size, bytes, fastPath };
}

/** The bundler names each source in a comment; the builder's own directories do not belong in the program. */
function withoutLocalPaths(text: string): string {
  return text.replace(/^\/\/ \S*\/npm\/[^/\s]+\/(\S+)$/gm, "// npm:$1");
}

/** Every file that is loaded with `start`, itself included: static imports only. */
function closure(chunks: Map<string, string>, start: string): Set<string> {
  const seen = new Set<string>();
  const queue = [start];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const text = chunks.get(name);
    if (text === undefined) throw new Error(`Cannot follow the bundle: "${name}" is missing`);
    for (const match of text.matchAll(/^(?:import|export)\b[^"'();]*["']\.\/([^"']+)["'];$/gm)) {
      queue.push(match[1] ?? "");
    }
  }
  return seen;
}
