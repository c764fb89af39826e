/**
 * The vaults that every later version must open: one for each feature of docs/format.md. `deno run -A
 * tests/kit/corpus.ts` writes those that are missing to tests/vectors/data/corpus and lists them. A vault that is there
 * is never made anew: users' vaults are not either. A changed plan gets a new name.
 */
import { utf8 } from "../../lib/bytes.ts";
import { CONTENT_PLANS } from "./corpus_contents.ts";
import { productVaults } from "./corpus_by_product.ts";
import { FORMAT_PLANS } from "./corpus_formats.ts";
import { CORPUS, type Kept, written } from "./corpus_writer.ts";

/** Everything that the builder writes. */
export const PLANS = [...FORMAT_PLANS, ...CONTENT_PLANS];
export const MANIFEST = new URL("manifest.json", CORPUS);

/** The list as it is kept. */
export function readManifest(): Kept[] {
  return JSON.parse(Deno.readTextFileSync(MANIFEST)).vaults;
}

async function keepMissing(): Promise<number> {
  Deno.mkdirSync(CORPUS, { recursive: true });
  const kept = isThere(MANIFEST) ? readManifest() : [];
  const missing = (file: string) => !kept.some((vault) => vault.file === file);
  const made = [];
  for (const plan of PLANS) if (missing(`${plan.name}.asv1`)) made.push(await written(plan));
  for (const vault of await productVaults(missing)) made.push(vault);
  for (const { bytes, kept: entry } of made) {
    Deno.writeFileSync(new URL(entry.file, CORPUS), bytes, { createNew: true });
    kept.push(entry);
  }
  const about = "One vault for each feature of docs/format.md, kept for ever. See tests/vectors/README.md.";
  const lines = kept.map((vault) => `    ${ascii(JSON.stringify(vault))}`);
  Deno.writeTextFileSync(MANIFEST, `{\n  "about": "${about}",\n  "vaults": [\n${lines.join(",\n")}\n  ]\n}\n`);
  return made.length;
}

/** Escaped, so that composed and decomposed letters can be told apart. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function isThere(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}

if (import.meta.main) Deno.stdout.writeSync(utf8(`${await keepMissing()} vaults added\n`));
