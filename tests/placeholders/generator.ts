/**
 * Random commands with what they must do, for comparing the rewrite with a real bash. Each step of the grammar gives
 * text and meaning together, so that the expectation never comes from the code under test.
 *
 * In a command `show` is a function that prints its argument count and arguments, each behind a NUL, and `take` one
 * that prints its standard input in the same way. K is a variable with the content `k  v`; U is unset.
 */

/** A stretch of a word and what bash must make of it. */
interface Chunk {
  text: string;
  means: string;
}

/** A command and what `show` and `take` must print in it. */
export interface Sample {
  text: string;
  prints: string;
}

/** Names of the placeholders that a sample may use. */
export const NAMES = ["A", "B", "C"] as const;

/** Numbers in [0, 1) from a 32-bit seed (the mulberry32 recurrence). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What values are made of: everything a shell or a formatter might act on. MARK is a file that must never appear. */
const HOSTILE = [
  ..."$(touch MARK)|`touch MARK`|\"; touch MARK; \"|'; touch MARK; '|a[$(touch MARK)]|; touch MARK|& touch MARK".split(
    "|",
  ),
  ..."$HOME|${IFS}|$((1+1))|%s%n%d|*|?|[a-z]|~|{a,b}|{{A}}|!|!!|#|# x|-n|--|-e|<EOF|>MARK|<(touch MARK)".split("|"),
  ..." |  |\t|\n|\n\n|\nEOF\n|\nEND 1\n|\r\n|\\|\\\\|\\n|\\$|'|\"|`|''|\"\"|$|${|$(|)|}|é|🦀|\u202e|\x1b[0m|=".split(
    "|",
  ),
  ..."plain|s3cr3t|0|x=1|a b|(|||&&|;".split("|"),
];

/** The grammar, drawing from one source of chance. */
export class Generator {
  readonly #next: () => number;
  #values: Record<string, string> = {};

  constructor(seed: number) {
    this.#next = random(seed);
  }

  /** New hostile values for all names; the commands that follow mean these. */
  drawValues(): Record<string, string> {
    this.#values = Object.fromEntries(NAMES.map((name) => {
      const parts = Array.from({ length: this.#below(5) }, () => this.#pick(HOSTILE));
      // A value with a trailing newline is a case of its own, since substitutions drop newlines.
      return [name, parts.join("") + (this.#below(8) === 0 ? "\n" : "")];
    }));
    return this.#values;
  }

  /** A random command. */
  command(depth = 2): Sample {
    const kinds = depth > 0 ? 26 : 12;
    const kind = this.#below(kinds);
    const value = this.#value();
    const line = this.#word();
    switch (kind) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#show();
      case 4:
        return { text: `X=${line.text}; show "$X"`, prints: shown(line.means) };
      case 5:
        return { text: `X=${line.text} bash -c 'show "$X"'`, prints: shown(line.means) };
      case 6:
        return { text: `export X=${line.text} Y='b c'; show "$X" "$Y"`, prints: shown(line.means, "b c") };
      case 7: {
        const other = this.#word();
        return { text: `X=(${line.text} ${other.text}); show "\${X[@]}"`, prints: shown(line.means, other.means) };
      }
      case 8:
        return { text: `take <<< ${line.text}`, prints: taken(line.means + "\n") };
      case 9:
        return this.#heredoc("take", "");
      case 10:
        return { text: `[[ ${value.text} == "${value.text}" ]] && show yes`, prints: shown("yes") };
      case 11:
        return { text: `show x{p,${value.text}q}y`, prints: shown("xpy", `x${value.means}qy`) };
      case 12: {
        const text = `case ${line.text} in zzz) show no;; '${value.text}'|zz${value.text}) show 1;; *) show 2;; esac`;
        const hit = line.means === value.means || line.means === `zz${value.means}`;
        return { text, prints: line.means === "zzz" ? shown("no") : shown(hit ? "1" : "2") };
      }
      case 13: {
        const other = this.#word();
        const text = `for x in ${line.text} ${other.text}; do show "$x"\ndone`;
        return { text, prints: shown(line.means) + shown(other.means) };
      }
      case 14:
        return { text: `f() { show "$@" ${line.text}; }; f ${value.text}`, prints: shown(value.means, line.means) };
      case 15: {
        const first = this.command(depth - 1);
        const second = this.command(depth - 1);
        const join = this.#pick(["\n", "\n# {{A}} 'open\n", "\n\n"]);
        return { text: first.text + join + second.text, prints: first.prints + second.prints };
      }
      case 16: {
        const inner = this.command(depth - 1);
        const [open, close] = this.#pick([["( ", "\n)"], ["{ ", "\n}"], ["if true; then ", "\nfi"], [
          "( ",
          "\n) 2>&1",
        ]]);
        return { text: open + inner.text + close, prints: inner.prints };
      }
      case 17: {
        const inner = this.#word();
        return { text: `show "$(printf '%sX' ${inner.text})"`, prints: shown(inner.means + "X") };
      }
      case 18:
        return { text: `printf %s ${line.text} | take`, prints: taken(line.means) };
      case 19:
        return { text: `take < <(printf %s ${line.text})`, prints: taken(line.means) };
      case 20: {
        const inner = this.command(depth - 1);
        return { text: `bash -c ${singleQuoted(inner.text)}`, prints: inner.prints };
      }
      case 21: {
        const inner = this.command(depth - 1);
        return { text: `bash -c ${doubleQuoted(inner.text)}`, prints: inner.prints };
      }
      case 22: {
        const word = this.#word(true);
        const script = `printf '%s\\0' 1 ${word.text}`;
        return { text: `${this.#pick(["sh", "dash"])} -c ${singleQuoted(script)}`, prints: shown(word.means) };
      }
      case 23: {
        const inner = this.command(depth - 1);
        return { text: `bash <<'OUTER${depth}'\n${inner.text}\nOUTER${depth}`, prints: inner.prints };
      }
      case 24: {
        const inner = this.#heredoc("cat", " | take");
        return inner;
      }
      default: {
        const inner = this.#heredoc("cat", "");
        return { text: `X=$(${inner.text}\necho .)\nshow "$X"`, prints: shown(inner.prints.slice(3, -1) + ".") };
      }
    }
  }

  /** The text of a random command with one to three random faults in it; what it means is for bash to say. */
  faultyCommand(): string {
    let text = this.command().text;
    for (let faults = 1 + this.#below(3); faults > 0; faults--) {
      const at = this.#below(text.length + 1);
      const length = this.#below(3) === 0 ? this.#below(8) : this.#below(2);
      const placed = this.#pick([...FAULTS, text.slice(at, at + this.#below(12)), ""]);
      text = text.slice(0, at) + placed + text.slice(at + length);
    }
    return text;
  }

  #show(): Sample {
    const words = Array.from({ length: 1 + this.#below(4) }, () => this.#word());
    const gap = () => this.#pick([" ", "  ", "\t", " \\\n  "]);
    const text = `show${words.map((word) => gap() + word.text).join("")}${this.#pick(["", " # {{B}} it's", ";"])}`;
    return { text, prints: shown(...words.map((word) => word.means)) };
  }

  /** A word of one to four chunks; `posix` keeps to what every sh knows. */
  #word(posix = false): Chunk {
    const chunks = Array.from({ length: 1 + this.#below(4) }, () => this.#chunk(posix));
    // A lone value must not be taken for the lack of one.
    return { text: chunks.map((c) => c.text).join(""), means: chunks.map((c) => c.means).join("") };
  }

  #chunk(posix: boolean): Chunk {
    const value = this.#value();
    switch (this.#below(posix ? 9 : 13)) {
      case 0:
        return this.#pick([
          plain("abc"),
          plain("-H"),
          plain("p:%"),
          plain("{{nope}}"),
          plain("{{UNKNOWN}}"),
          plain("x@y,z"),
        ]);
      case 1:
        return this.#pick([{ text: "\\ ", means: " " }, { text: '\\"', means: '"' }, { text: "\\*", means: "*" }, {
          text: "\\$",
          means: "$",
        }].map((c) => ({ text: `${c.text}q`, means: `${c.means}q` })));
      case 2:
      case 3:
        return value;
      case 4:
      case 5: {
        const parts = this.#parts(SINGLE_PARTS, value);
        return { text: `'${parts.text}'`, means: parts.means };
      }
      case 6:
      case 7: {
        const parts = this.#parts(DOUBLE_PARTS, value);
        return { text: `"${parts.text}"`, means: parts.means };
      }
      case 8:
        return this.#pick([
          { text: '"$K"', means: "k  v" },
          { text: `"\${U:-${value.text}}"`, means: value.means },
          { text: `\${U:-${value.text}}`, means: value.means },
          { text: `"\${K:+a ${value.text} b}"`, means: `a ${value.means} b` },
          { text: `\${K:+'${value.text}'"${value.text}"}`, means: value.means + value.means },
        ]);
      case 9:
      case 10: {
        const parts = this.#parts(ANSI_PARTS, value);
        return { text: `$'${parts.text}'`, means: parts.means };
      }
      case 11:
        return { text: `$"t ${value.text}"`, means: `t ${value.means}` };
      default:
        return { text: `"$(printf '%s.' ${value.text})"`, means: `${value.means}.` };
    }
  }

  /** Two to five pieces of one kind of quotes, values among them. */
  #parts(parts: readonly Chunk[], value: Chunk): Chunk {
    const all = Array.from({ length: 2 + this.#below(4) }, () => this.#below(3) === 0 ? value : this.#pick(parts));
    // An escaped dollar or a dollar sign right before braces is another grammar.
    const safe = all.filter((c, i) => !(c === value && /\$$/.test(all[i - 1]?.text ?? "")));
    return { text: safe.map((c) => c.text).join(""), means: safe.map((c) => c.means).join("") };
  }

  #heredoc(reader: string, after: string): Sample {
    const quoted = this.#below(2) === 0;
    const delimiter = this.#pick(quoted ? ["'EOF'", '"EOF"', "\\EOF", "'E F'", "E'O'F"] : ["EOF", "END", "_x1"]);
    const end = delimiter.replace(/['"\\]/g, "");
    const strip = this.#below(3) === 0;
    const lines = Array.from({ length: 1 + this.#below(4) }, () => {
      const parts = this.#parts(quoted ? RAW_PARTS : HEREDOC_PARTS, this.#value());
      return { text: (strip ? "\t\t" : "") + parts.text, means: parts.means };
    }).filter((line) => line.text.trim() !== end);
    const text = lines.map((line) => line.text + "\n").join("");
    const means = lines.map((line) => line.means + "\n").join("");
    const operator = strip ? "<<-" : "<<";
    return {
      text: `${reader} ${operator}${delimiter}${after}\n${text}${strip ? "\t" : ""}${end}`,
      prints: taken(means),
    };
  }

  #value(): Chunk {
    const name = this.#pick(NAMES);
    return { text: `{{${name}}}`, means: this.#values[name] ?? "" };
  }

  #below(n: number): number {
    return Math.floor(this.#next() * n);
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[this.#below(from.length)];
    if (picked === undefined) throw new RangeError("Cannot pick from an empty list");
    return picked;
  }
}

const FAULTS = [
  ..."'|\"|`|$|(|)|{|}|\\|<|>|&|;|#|!|*|?|[|]|~|=|+|-|@|:|%|,|.|^".split("|"),
  ..."\n| |\t|\\\n|||;;|&&|$(|${|$'|$\"|((|))|[[ | ]]|<<|<<<|<<-|<(|>(|${x:-|${x#|x=|x[|]=|{{A}}|{{B}}|#{{A}}".split(
    "|",
  ),
  "|",
  ..." do : esac then case in fi done if for time function x () select".split(" ").map((word) => `${word} `),
];

const plain = (text: string): Chunk => ({ text, means: text });

const COMMON = [
  "a",
  " ",
  "  ",
  "{{ A }}",
  "{{.Names}}",
  "{{nope}}",
  "#",
  "*",
  "~",
  "(b)",
  ";",
  "é🦀",
  "|",
  "{",
  "}",
  "!",
].map(plain);
const SINGLE_PARTS = [...COMMON, ...["$x", "`touch MARK`", "$(touch MARK)", "\\", "\\\\", '"', "\n", "$"].map(plain)];
const RAW_PARTS = [
  ...COMMON,
  ...["$x", "`touch MARK`", "$(touch MARK)", "\\", "\\\\", '"', "'", "\\$", "$"].map(plain),
];
const DOUBLE_PARTS: readonly Chunk[] = [
  ...COMMON,
  ...["'", "\n", "\\", "\\q"].map(plain),
  { text: "\\$", means: "$" },
  { text: "\\\\", means: "\\" },
  { text: '\\"', means: '"' },
  { text: "\\`", means: "`" },
  { text: "$K", means: "k  v" },
  { text: "$(printf '%s' \"$K\" ')')", means: "k  v)" },
  { text: "\\\n", means: "" },
].map((chunk) =>
  chunk.text === "\\" ? { text: "\\ ", means: "\\ " } : chunk.text === "$K" ? { text: "${K}", means: "k  v" } : chunk
);
const HEREDOC_PARTS: readonly Chunk[] = [
  ...COMMON,
  ...["'", '"', "\\q", '\\"'].map(plain),
  { text: "\\$", means: "$" },
  { text: "\\\\", means: "\\" },
  { text: "\\`", means: "`" },
  { text: "${K}", means: "k  v" },
  { text: "$(printf '%s' \"$K\" ')')", means: "k  v)" },
];
const ANSI_PARTS: readonly Chunk[] = [
  ...COMMON,
  ...['"', "$x", "`touch MARK`", "\n"].map(plain),
  { text: "\\n", means: "\n" },
  { text: "\\\\", means: "\\" },
  { text: "\\'", means: "'" },
  { text: "\\t", means: "\t" },
  { text: "\\x41", means: "A" },
  { text: "\\u00e9", means: "é" },
  { text: "\\101", means: "A" },
];

/** What `show` prints for these arguments. */
export function shown(...args: string[]): string {
  return [String(args.length), ...args].map((arg) => `${arg}\0`).join("");
}

/** What `take` prints for this input. */
export function taken(input: string): string {
  return `in\0${input}\0`;
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function doubleQuoted(text: string): string {
  return `"${text.replace(/[\\$`"]/g, "\\$&")}"`;
}
