import assert from "node:assert/strict";
import { rewriteCommand } from "../../lib/shell/rewrite.ts";
import { Generator, NAMES } from "../placeholders/generator.ts";
import { copyPrograms } from "../placeholders/programs.ts";
import { SEED } from "../kit/seed.ts";
import { leftOut, NO_SHELL } from "../kit/left_out.ts";

const BATCHES = 24;
const COMMANDS_PER_BATCH = 30;
const variable = (name: string) => `TACIT_VALUE_${name}`;
const known = (name: string) => (NAMES as readonly string[]).includes(name);

// Each command runs in a subshell of its own, from a file; the functions reach inner shells through the environment.
const DRIVER = `
show() { printf '%s\\0' "$#" "$@"; }
take() { printf 'in\\0'; cat; printf '\\0'; }
export -f show take
export K='k  v'
for file in "$1"/command_*; do
  ( . "$file" )
  printf '\\0END %s\\0' "\${file##*_}"
done
`;

/** Bash's output for each command, with the values in its environment. */
async function runBatch(directory: string, commands: string[], values: Record<string, string>): Promise<string[]> {
  const work = `${directory}/work`;
  await Deno.mkdir(work);
  // Names that an unquoted glob would find.
  for (const name of ["one", "two words"]) await Deno.writeTextFile(`${work}/${name}`, "");
  await Promise.all(
    commands.map((command, i) =>
      Deno.writeTextFile(`${directory}/command_${String(i).padStart(3, "0")}`, command + "\n")
    ),
  );
  const environment = Object.fromEntries(Object.entries(values).map(([name, value]) => [variable(name), value]));
  const { stdout, stderr } = await new Deno.Command("/bin/bash", {
    args: ["--norc", "-c", DRIVER, "driver", directory],
    cwd: work,
    clearEnv: true,
    env: { PATH: `${directory}/../bin`, LC_ALL: "C.UTF-8", HOME: "/nonexistent", ...environment },
    stdin: "null",
  }).output();
  const files = [...Deno.readDirSync(work)].map((entry) => entry.name).sort();
  assert.deepEqual(files, ["one", "two words"], "a value was executed: it left a file");
  const errors = new TextDecoder().decode(stderr);
  const printed = new TextDecoder().decode(stdout).split(/\0END \d+\0/).slice(0, -1);
  assert.equal(printed.length, commands.length, errors);
  return printed.map((text, i) => text === "" ? `nothing; ${i}: ${errors}` : text);
}

Deno.test({
  name: "a value is one literal string to bash wherever its placeholder stands, and executes nothing",
  ...leftOut(NO_SHELL),
  fn: async () => {
    const seed = SEED;
    const generator = new Generator(seed);
    const directory = await Deno.makeTempDir();
    let compared = 0;
    try {
      copyPrograms(`${directory}/bin`, ["bash", "sh", "dash", "cat", "touch"]);
      for (let batch = 0; batch < BATCHES; batch++) {
        const values = generator.drawValues();
        const samples = Array.from({ length: COMMANDS_PER_BATCH }, () => generator.command());
        const commands = samples.map((sample) => {
          const result = rewriteCommand(sample.text, known, variable);
          assert.ok(result.ok, `seed ${seed}: refused ${JSON.stringify(sample.text)}: ${result.ok || result.message}`);
          return result.command;
        });
        const place = `${directory}/${batch}`;
        await Deno.mkdir(place);
        const printed = await runBatch(place, commands, values).catch((error) => {
          throw new Error(`seed ${seed}, batch ${batch}`, { cause: error });
        });
        samples.forEach((sample, i) => {
          const about = `seed ${seed}, batch ${batch}\n${sample.text}\n--- became\n${commands[i]}\n---`;
          assert.equal(printed[i], sample.prints, about);
          compared++;
        });
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
    assert.ok(compared >= 400, `only ${compared} commands were compared`);
  },
});
