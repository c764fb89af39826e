/** One comparable program that npm can install: dotenvx, which puts encrypted or plain `.env` values into a command. */
import { join } from "node:path";
import { cacheDirectory } from "../tools/toolchain.ts";

const PACKAGE = "@dotenvx/dotenvx";
const VERSION = "2.38.2";

export interface Peer {
  name: string;
  /** Arguments follow after `--`. */
  command: string[];
  cwd: string;
}

/** The peer, installed into the build cache on first use; null where npm cannot have it. */
export async function peer(): Promise<Peer | null> {
  const directory = join(cacheDirectory(), `dotenvx-${VERSION}`);
  const program = join(directory, "node_modules/.bin/dotenvx");
  if (await Deno.stat(program).catch(() => null) === null) {
    await Deno.mkdir(directory, { recursive: true });
    const args = ["install", "--ignore-scripts", "--no-save", "--no-fund", "--no-audit", "--prefix", directory];
    const install = new Deno.Command("npm", { args: [...args, `${PACKAGE}@${VERSION}`], stdin: "null" });
    const { code } = await install.output().catch(() => ({ code: 127 }));
    if (code !== 0) return null;
    await Deno.writeTextFile(join(directory, ".env"), "API_TOKEN=not-a-secret\n");
  }
  return { name: `dotenvx ${VERSION}`, command: [program, "run"], cwd: directory };
}
