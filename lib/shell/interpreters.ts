/**
 * Which words of a command are code of another language, as data. A value spliced into code would become code
 * itself, so placeholders there are refused.
 *
 * No list of programs is complete. It holds what agents are seen to write; for the rest the value arrives as one
 * argument, exactly as if it had been typed there in quotes.
 */

/** How a program reads its words. Letters are those of short options, `long` those behind two dashes. */
export interface Interpreter {
  /** Options whose next word, or rest, is code. */
  code?: string;
  codeLong?: string[];
  /** Options whose next word is something else. */
  takes?: string;
  takesLong?: string[];
  /** Long options with two words behind them. */
  takesTwo?: string[];
  /** Options that name the program's file, so that no operand is code. */
  file?: string;
  fileLong?: string[];
  /** What the first operand is; behind a script's path everything is data. */
  operand: "script" | "code" | "data" | "code after first";
  /** True if its short code and file options end its own: behind their word everything is data. */
  ends?: true;
  /** True for a shell that the rewrite does not follow: with `-c` any word may be the script. */
  shell?: true;
  /** True if code is read from standard input where no option or operand gives it. */
  stdin: boolean;
  /** How its code reads an environment variable TOKEN. */
  reads: string;
}

const SHELL: Interpreter = {
  code: "c",
  codeLong: ["command"],
  takes: "o",
  operand: "script",
  shell: true,
  stdin: true,
  reads: '"$TOKEN"',
};
const PYTHON: Interpreter = {
  code: "c",
  takes: "WX",
  file: "m",
  operand: "script",
  ends: true,
  stdin: true,
  reads: 'os.environ["TOKEN"]',
};
const JAVASCRIPT: Interpreter = {
  code: "ep",
  codeLong: ["eval", "print"],
  takes: "rC",
  takesLong: ["require", "import", "loader", "conditions", "env-file", "title"],
  operand: "script",
  stdin: true,
  reads: "process.env.TOKEN",
};
const AWK: Interpreter = {
  code: "e",
  codeLong: ["source"],
  takes: "vFi",
  takesLong: ["assign", "field-separator", "include"],
  file: "fE",
  fileLong: ["file", "exec"],
  operand: "code",
  stdin: false,
  reads: 'ENVIRON["TOKEN"]',
};
const JQ: Interpreter = {
  takes: "L",
  takesLong: ["indent", "tab"],
  takesTwo: ["arg", "argjson", "slurpfile", "rawfile", "argfile"],
  file: "f",
  fileLong: ["from-file"],
  operand: "code",
  stdin: false,
  reads: "env.TOKEN, or --arg token {{NAME}} with $token",
};
const SQL: Interpreter = { code: "c", codeLong: ["command"], operand: "data", stdin: true, reads: "a bound variable" };
const MYSQL: Interpreter = { ...SQL, code: "e", codeLong: ["execute", "init-command"] };

/** By name without directory, version and `.exe`, in lower case. */
export const INTERPRETERS: Readonly<Record<string, Interpreter>> = {
  zsh: SHELL,
  ksh: SHELL,
  mksh: SHELL,
  fish: SHELL,
  csh: SHELL,
  tcsh: SHELL,
  nu: SHELL,
  elvish: SHELL,
  xonsh: SHELL,
  pwsh: { ...SHELL, code: "cCe", codeLong: ["command"], reads: "$env:TOKEN" },
  powershell: { ...SHELL, code: "cCe", codeLong: ["command"], reads: "$env:TOKEN" },
  python: PYTHON,
  pypy: PYTHON,
  ipython: PYTHON,
  node: JAVASCRIPT,
  nodejs: JAVASCRIPT,
  tsx: JAVASCRIPT,
  "ts-node": JAVASCRIPT,
  bun: JAVASCRIPT,
  perl: { code: "eEMm", takes: "I", operand: "script", stdin: true, reads: "$ENV{TOKEN}" },
  ruby: { code: "e", takes: "IrC", operand: "script", stdin: true, reads: 'ENV["TOKEN"]' },
  irb: { code: "e", operand: "script", stdin: true, reads: 'ENV["TOKEN"]' },
  php: { code: "rBREd", takes: "ctz", file: "f", operand: "script", stdin: true, reads: 'getenv("TOKEN")' },
  lua: { code: "e", takes: "l", operand: "script", stdin: true, reads: 'os.getenv("TOKEN")' },
  luajit: { code: "ej", takes: "l", operand: "script", stdin: true, reads: 'os.getenv("TOKEN")' },
  rscript: { code: "e", operand: "script", stdin: true, reads: 'Sys.getenv("TOKEN")' },
  r: { code: "e", operand: "script", stdin: true, reads: 'Sys.getenv("TOKEN")' },
  julia: { code: "eE", codeLong: ["eval", "print"], operand: "script", stdin: true, reads: 'ENV["TOKEN"]' },
  elixir: {
    code: "e",
    codeLong: ["eval", "rpc-eval"],
    operand: "script",
    stdin: true,
    reads: 'System.get_env("TOKEN")',
  },
  groovy: { code: "e", operand: "script", stdin: true, reads: 'System.getenv("TOKEN")' },
  scala: { code: "e", operand: "script", stdin: true, reads: 'sys.env("TOKEN")' },
  swift: { code: "e", operand: "script", stdin: true, reads: "ProcessInfo.processInfo.environment" },
  osascript: { code: "e", takes: "l", operand: "script", stdin: true, reads: 'system attribute "TOKEN"' },
  tclsh: { operand: "script", stdin: true, reads: "$env(TOKEN)" },
  awk: AWK,
  gawk: AWK,
  mawk: AWK,
  nawk: AWK,
  jq: JQ,
  jaq: JQ,
  gojq: JQ,
  psql: { ...SQL, reads: "a psql variable: -v token={{NAME}} with :'token'" },
  mysql: MYSQL,
  mariadb: MYSQL,
  sqlite: { codeLong: ["cmd"], operand: "code after first", stdin: true, reads: ".parameter set" },
  duckdb: { code: "cs", operand: "code after first", stdin: true, reads: "getenv('TOKEN')" },
  mongosh: { codeLong: ["eval"], operand: "data", stdin: true, reads: "process.env.TOKEN" },
  mongo: { codeLong: ["eval"], operand: "data", stdin: true, reads: "a file" },
  emacs: { codeLong: ["eval", "execute"], operand: "data", stdin: false, reads: '(getenv "TOKEN")' },
};

/** Shells that the rewrite can follow into; true for those of which only POSIX syntax may be assumed. */
export const FOLLOWED_SHELLS: Readonly<Record<string, boolean>> = { bash: false, sh: true, dash: true, ash: true };

const list = (names: string): ReadonlySet<string> => new Set(names.split(" "));

/** Programs and builtins for which any word may be code, a name that is evaluated, or text of an unknown language. */
export const ALL_CODE = list(
  "eval trap alias let complete compgen compopt bind enable fc history unset getopts mapfile readarray wait coproc jobs " +
    "hash sed gsed watch parallel tmux screen at batch crontab entr make gmake just ninja hyperfine concurrently nodemon " +
    "expect script su runuser sg dc ed ex vi vim nvim view m4 gdb lldb yq mosh autossh busybox toybox telnet",
);

/** Those of them, and others, whose standard input is code. */
export const STDIN_CODE = list("at batch crontab parallel dc ed ex vi vim nvim gdb lldb tmux su runuser busybox m4");

/** Programs that merely print, search or install the words they get, interpreters' names among them. */
export const PLAIN = list(
  "echo printf grep egrep fgrep rg which type man apt apt-get brew pip cat ls cp mv ln rm mkdir",
);

/** Variables whose content the shell or a program runs, looks up or calculates with. */
export const CODE_VARIABLES =
  /^(IFS|PATH|CDPATH|BASH_ENV|ENV|PS[0-4]|PROMPT_COMMAND|LD_\w+|DYLD_\w+|GIT_(SSH|SSH_COMMAND|EDITOR|SEQUENCE_EDITOR|PAGER|ASKPASS|EXTERNAL_DIFF|PROXY_COMMAND|CONFIG_\w+)|SSH_ASKPASS|SUDO_ASKPASS|VISUAL|EDITOR|PAGER|MANPAGER|BROWSER|LESSOPEN|LESSCLOSE|SHELL|PERL5OPT|PERL5LIB|PERL5DB|PYTHONSTARTUP|PYTHONPATH|NODE_OPTIONS|NODE_PATH|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|MAKEFLAGS|RSYNC_RSH|CVS_RSH|FZF_\w+|RANDOM|SRANDOM|SECONDS|LINENO|HISTCMD|BASHPID|EPOCH\w+|OPTIND|SHELLOPTS|BASHOPTS|FUNCNEST|HISTSIZE|BASH_\w+)$/;
