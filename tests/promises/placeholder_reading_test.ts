import assert from "node:assert/strict";
import { rewriteCommand } from "../../lib/shell/rewrite.ts";
import { Generator, NAMES } from "../placeholders/generator.ts";
import { copyPrograms } from "../placeholders/programs.ts";
import { SEED } from "../kit/seed.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";

const COMMANDS = Number(Deno.env.get("TACIT_TEST_COMMANDS") ?? 600);
const BATCH = 150;
// Means the same in every context in which a placeholder may stand, and continues no name, number or escape.
const VALUE = "@zQ7";

const DRIVER = `
show() { printf '%s\\0' "$#" "$@"; }
take() { printf 'in\\0'; cat; printf '\\0'; }
export -f show take
export K='k  v'
for file in "$1"/"$2"_*; do
  /bin/rm -rf "$1/work"; /bin/mkdir "$1/work"; cd "$1/work"; : > one
  IFS= read -r -d '' text < "$file"
  /usr/bin/timeout 5 bash --norc -c "$text" 2> /dev/null
  printf '\\0STATUS %s' "$?"
  for name in * .[!.]*; do [ -e "$name" ] && [ ! -p "$name" ] && printf '\\0FILE %s' "$name"; done
  printf '\\0END\\0'
done
`;

// A fault can make any short word a command's name, so the commands find these programs only.
const PROGRAMS = ["bash", "sh", "dash", "cat", "touch"];

const known = (name: string) => (NAMES as readonly string[]).includes(name);
const variable = (name: string) => `TACIT_VALUE_${name}`;

/** What bash prints, returns and leaves for each of the batch's files whose name begins with `kind`. */
async function run(directory: string, kind: string): Promise<string[]> {
  const values = Object.fromEntries(NAMES.map((name) => [variable(name), VALUE]));
  const { stdout } = await new Deno.Command("/bin/bash", {
    args: ["--norc", "-c", DRIVER, "driver", directory, kind],
    clearEnv: true,
    env: { PATH: `${directory}/bin`, LC_ALL: "C.UTF-8", HOME: "/nonexistent", ...values },
    stdin: "null",
  }).output();
  // Numbers of descriptors differ from run to run.
  const text = new TextDecoder().decode(stdout).replace(/\/dev\/fd\/\d+/g, "/dev/fd/N");
  return text.split("\0END\0").slice(0, -1);
}

Deno.test({
  name: "a command that is rewritten at all is read as bash reads it, however faulty it is",
  ...leftOut(NOT_LINUX),
  fn: async () => {
    const seed = SEED;
    const generator = new Generator(seed);
    generator.drawValues();
    let rewritten = 0;
    for (let done = 0; done < COMMANDS; done += BATCH) {
      const directory = await Deno.makeTempDir();
      try {
        copyPrograms(`${directory}/bin`, PROGRAMS);
        const pairs: [string, string][] = [];
        for (let i = 0; i < BATCH; i++) {
          const text = generator.faultyCommand();
          // A process's number differs from run to run, and what runs in the background may print too late.
          if (/\$\{?\$|(?<![&<>|])&(?![&>])/.test(text.replaceAll("\\", ""))) continue;
          const result = rewriteCommand(text, known, variable);
          if (result.ok && result.names.length > 0) pairs.push([text, result.command]);
        }
        for (const [i, [text, command]] of pairs.entries()) {
          const number = String(i).padStart(4, "0");
          await Deno.writeTextFile(`${directory}/typed_${number}`, text.replace(/\{\{[ABC]\}\}/g, VALUE));
          await Deno.writeTextFile(`${directory}/rewritten_${number}`, command);
        }
        let different = pairs.map((_, i) => i);
        let [typed, got]: [string[], string[]] = [[], []];
        // Process substitutions print in any order, on a busy machine even into the next command: a difference counts if
        // it is there each time.
        for (let round = 0; round < 12 && different.length > 0; round++) {
          [typed, got] = [await run(directory, "typed"), await run(directory, "rewritten")];
          assert.equal(got.length, pairs.length);
          different = different.filter((i) => got[i] !== typed[i]);
        }
        for (const i of different) {
          assert.equal(got[i], typed[i], `seed ${seed}\n${pairs[i]?.[0]}\n--- became\n${pairs[i]?.[1]}\n---`);
        }
        rewritten += pairs.length;
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    }
    assert.ok(rewritten >= COMMANDS / 20, `only ${rewritten} commands were rewritten`);
  },
});
