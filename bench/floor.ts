/** The least that any program made with `deno compile` costs: one that does nothing, built like tacit itself. */
import { join } from "node:path";
import { compile } from "../tools/build.ts";
import { cacheDirectory, COMPILED_WITH } from "../tools/toolchain.ts";

/** Path of the empty program, built on first use and kept in the build cache. */
export async function emptyProgram(): Promise<string> {
  const directory = join(cacheDirectory(), `empty-${COMPILED_WITH}`);
  const out = join(directory, "empty");
  if (await Deno.stat(out).catch(() => null) !== null) return out;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(join(directory, "empty.js"), "export {};\n");
  await compile(join(directory, "empty.js"), out);
  return out;
}
