import assert from "node:assert/strict";
import { rewriteCommand } from "../../lib/shell/rewrite.ts";
import { GOLDEN } from "../placeholders/golden.ts";
import { copyPrograms } from "../placeholders/programs.ts";
import { leftOut, NO_SHELL } from "../kit/left_out.ts";

const KNOWN = new Set(["A", "B", "TOKEN"]);
const PROGRAMS = "bash sh dash cat env timeout xargs find nohup nice awk python3 perl tee base64".split(" ");

/** Values that run `program` wherever bash, or something it starts, takes them for more than text. */
function hostileValues(program: string, mark: string): string[] {
  const touch = `${program} ${mark}`;
  return [
    `$(${touch})`,
    `\`${touch}\``,
    `'; ${touch}; '`,
    `"; ${touch}; "`,
    `\n${touch}\n`,
    `a[$(${touch})]`,
    `a[$(${touch})]=1`,
    `[$(${touch})]=1`,
    `($(${touch}))`,
    `{,}$(${touch})`,
    `EOF\n${touch}\n`,
    `TACIT_END_0\n${touch}\n`,
    `-c ${touch}`,
    "-v",
    `%s$(${touch})`,
    `; ${touch} #`,
    `| ${touch}`,
    `} ; ${touch} ; {`,
    `) ; ${touch} ; (`,
  ];
}

/** Runs each command in a shell of its own with all names set to `value`. */
async function runAll(directory: string, commands: string[], value: string): Promise<void> {
  const script = commands.map((_, i) => `( . "$1/command_${i}" ) < /dev/null > /dev/null 2>&1`).join("\n");
  const names = Object.fromEntries([...KNOWN].map((name) => [`V_${name}`, value]));
  await new Deno.Command("/bin/bash", {
    args: ["--norc", "-c", script + "\nwait", "driver", directory],
    cwd: `${directory}/work`,
    clearEnv: true,
    env: { PATH: `${directory}/bin`, HOME: "/nonexistent", ...names },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

Deno.test({
  name: "a value with shell syntax executes nothing in any command that is rewritten",
  ...leftOut(NO_SHELL),
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      const mark = `${directory}/MARK`;
      await Deno.mkdir(`${directory}/work`);
      copyPrograms(`${directory}/bin`, PROGRAMS);
      // Written anew before each use: a command may have taken its path for a file to write.
      const program = `${directory}/bin/leave_mark`;
      const placeProgram = () => Deno.writeTextFile(program, '#!/bin/sh\n: > "$1"\n', { mode: 0o755 });
      await placeProgram();
      const commands: string[] = [];
      for (const [command] of GOLDEN) {
        const result = rewriteCommand(command, (name) => KNOWN.has(name), (name) => `V_${name}`);
        if (result.ok && result.names.length > 0) commands.push(result.command);
      }
      assert.ok(commands.length >= 80, `only ${commands.length} commands to run`);
      for (const [i, command] of commands.entries()) await Deno.writeTextFile(`${directory}/command_${i}`, command);

      const exists = () => [...Deno.readDirSync(directory)].some((entry) => entry.name === "MARK");
      // The control: what is refused for a reason does run the value.
      await Deno.writeTextFile(`${directory}/command_control`, 'eval "echo $V_A"');
      const control = new Deno.Command("/bin/bash", {
        args: ["--norc", `${directory}/command_control`],
        clearEnv: true,
        env: { V_A: `$(${program} ${mark})` },
        stdout: "null",
      });
      await control.output();
      assert.ok(exists(), "the control executed nothing");
      await Deno.remove(mark);

      for (const value of hostileValues(program, mark)) {
        await placeProgram();
        await runAll(directory, commands, value);
        if (!exists()) continue;
        await Deno.remove(mark);
        for (const [i, command] of commands.entries()) {
          await Deno.writeTextFile(`${directory}/command_0`, command);
          await runAll(directory, commands.slice(0, 1), value);
          assert.ok(!exists(), `${JSON.stringify(value)} ran in command ${i}: ${command}`);
        }
        assert.fail(`${JSON.stringify(value)} ran in a command`);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
