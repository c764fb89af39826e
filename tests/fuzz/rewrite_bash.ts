/**
 * A command with its values typed in, and the same command rewritten, in a real bash: what they print, return and leave
 * is the same. Changed commands are anything at all, so only those run that cannot reach beyond their own directory.
 */
import { copyPrograms } from "../placeholders/programs.ts";

/** What bash finds, besides its own words. */
const PROGRAMS = ["bash", "sh", "dash", "cat", "touch"];
/** Means the same in every context in which a placeholder may stand, and continues no name, number or escape. */
const VALUE = "@zQ7";
const SECONDS = "2";
/** A difference counts if it is there each time: process substitutions print in any order. */
const ROUNDS = 6;

/** Words of three letters and more that may stand in a command that is run. */
const HARMLESS = new Set(
  ("show take printf echo cat bash dash touch MARK EOF END OUTER1 OUTER2 TOKEN UNKNOWN Names nope abc zzz two words one " +
    "then else elif esac case for done yes xpy true false test exit export local V_A V_B V_C")
    .split(" "),
);

/** True if running `text` can do no harm: no path, no other program, no loop, no function, no spelled-out letters. */
export function isHarmless(text: string): boolean {
  if (text.length > 600 || (text.match(/\{/g)?.length ?? 0) > 24) return false;
  // Directories, ranges, arithmetic loops, functions; what runs in the background may print too late.
  if (/[/]|\.\.|\(\(|\(\s*\)|\$\{?\$|(?<![&<>|])&(?![&>])/.test(text.replaceAll("\\", ""))) return false;
  // Escapes other than those of the corpus may spell anything.
  if (/\\[xuU0-7c]/.test(text.replace(/\\x41|\\u00e9|\\101/g, ""))) return false;
  // Quotes and continued lines inside a word do not hide it.
  const joined = text.replace(/\\\n|['"\\]/g, "");
  return [text, joined].every((form) =>
    (form.match(/[A-Za-z_]\w*/g) ?? []).every((word) => word !== "cd" && (word.length <= 2 || HARMLESS.has(word)))
  );
}

/** One directory with the programs, and a fresh one below it for each run. */
export class Bash {
  readonly #directory = Deno.makeTempDirSync({ prefix: "tacit-fuzz-bash-" });

  constructor() {
    copyPrograms(`${this.#directory}/bin`, PROGRAMS);
  }

  /** How the two differ in every one of several rounds, or null. */
  async difference(typed: string, rewritten: string): Promise<string | null> {
    const filled = typed.replace(/\{\{[ABC]\}\}/g, VALUE);
    let [expected, got] = ["", ""];
    for (let round = 0; round < ROUNDS; round++) {
      const first = await this.#run(filled);
      // A command that waits for something else tells nothing.
      if (first === null) return null;
      const second = await this.#run(rewritten);
      if (second === null || first === second) return null;
      [expected, got] = [first, second];
    }
    return `bash prints ${JSON.stringify(expected)} and, rewritten as ${JSON.stringify(rewritten)}, ${
      JSON.stringify(got)
    }`;
  }

  close(): void {
    Deno.removeSync(this.#directory, { recursive: true });
  }

  /** What bash prints, returns and leaves, or null if it had to be ended. */
  async #run(text: string): Promise<string | null> {
    const work = `${this.#directory}/work`;
    Deno.mkdirSync(work);
    Deno.writeTextFileSync(`${work}/one`, "");
    try {
      const { stdout, code } = await new Deno.Command("/usr/bin/timeout", {
        args: ["-s", "KILL", SECONDS, "bash", "--norc", "-c", text],
        cwd: work,
        clearEnv: true,
        env: { PATH: `${this.#directory}/bin`, HOME: `${this.#directory}/none/home`, ...ENVIRONMENT },
        stdin: "null",
        stderr: "null",
      }).output();
      if (code === 137 || code === 124) return null;
      const left = [...Deno.readDirSync(work)].map(({ name }) => name).sort().join(" ");
      // Numbers of descriptors differ from run to run.
      const printed = new TextDecoder("latin1").decode(stdout).replace(/\/dev\/fd\/\d+/g, "/dev/fd/N");
      return `${printed}\nstatus ${code}\nfiles ${left}`;
    } finally {
      Deno.removeSync(work, { recursive: true });
    }
  }
}

/** The functions and variables that the corpus speaks of, and the values. */
const ENVIRONMENT: Record<string, string> = {
  LC_ALL: "C.UTF-8",
  K: "k  v",
  "BASH_FUNC_show%%": '() { printf \'%s\\0\' "$#" "$@"; }',
  "BASH_FUNC_take%%": "() { printf 'in\\0'; cat; printf '\\0'; }",
  V_A: VALUE,
  V_B: VALUE,
  V_C: VALUE,
};

/** Why no command can be run here, or null. */
export const NO_BASH: string | null = Deno.build.os === "linux" ? null : "this platform is not Linux";
