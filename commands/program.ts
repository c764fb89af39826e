/**
 * Assembles the verbs and their help; the only importer of commander. No logic: each verb is loaded when it is called.
 * docs/cli.md is normative for verbs and flags.
 */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { VERSION } from "../lib/self.ts";
import type { VerbOutline } from "./completions.ts";
import { chooseHome } from "./homes.ts";
import type { Invocation } from "./invocation.ts";
import { answerInJson, hintsForHome, printHelp, reportError } from "./terminal.ts";
import { explainUsage, passphraseSource } from "./usage.ts";

const EXAMPLE = `
Example:
  tacit init                             make a vault and unlock it
  tacit add GITHUB_TOKEN --inject env    asks for the value; an agent never sees it
  tacit install claude-code              from then on Claude Code uses {{GITHUB_TOKEN}}
`;

/** Runs the verb that `argv` names; resolves to the exit code. Errors are printed here. */
export async function runProgram(argv: string[]): Promise<number> {
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  if (own.includes("--json")) answerInJson();
  const { program, exit } = assemble();
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(withoutHelpVerb(argv, program.commands.map((verb) => verb.name())), { from: "user" });
    return exit.code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error);
    const verb = own.find((word) => program.commands.some((command) => command.name() === word));
    return error.exitCode === 0 ? 0 : reportError(explainUsage(error.code, error.message, verb));
  }
}

/** The verbs as completions and tests see them, hidden ones left out. */
export function outlineVerbs(): VerbOutline[] {
  const { program } = assemble();
  const flagsOf = (command: { options: readonly Option[] }) =>
    command.options.filter(({ hidden }) => !hidden).map((option) => ({
      flag: option.long ?? option.flags,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    }));
  const common = flagsOf(program).filter(({ flag }) => flag !== "--version");
  return program.createHelp().visibleCommands(program).map((command) => {
    const [first] = command.registeredArguments;
    const name = first?.name();
    return {
      name: command.name(),
      flags: [...flagsOf(command), ...common],
      operands: name === "name"
        ? "names"
        : name === "file"
        ? "files"
        : name === "which"
        ? ["latest"]
        : first?.argChoices ?? "none",
    };
  });
}

/** `help` is what people type first, and no verb of its own: `tacit help add` is `tacit add --help`. */
function withoutHelpVerb(argv: string[], verbs: string[]): string[] {
  const [first, verb, ...rest] = argv;
  if (first !== "help") return argv;
  if (verb === undefined) return ["--help"];
  return verbs.includes(verb) ? [verb, "--help"] : [verb, ...rest];
}

const collect = (word: string, earlier: string[] | undefined) => [...(earlier ?? []), word];

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("it is not a whole number");
  return Number(text);
}

function assemble() {
  const exit = { code: 0 };
  const program = new Command("tacit")
    .description("Secrets that coding agents use and never see.")
    .version(VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .option("--home <dir>", "use this home instead of your own (also: TACIT_HOME)")
    .option("--json", "answer in JSON")
    .option("--passphrase-fd <n>", "read passphrases from this descriptor, one a line", whole)
    .option("--passphrase-file <file>", "the same from a file; only with a home of its own")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: printHelp, writeErr: () => {}, outputError: () => {} })
    .exitOverride()
    .helpCommand(false)
    .addHelpText("after", EXAMPLE);

  const invocation = (): Invocation => {
    const { home, json, passphraseFd, passphraseFile } = program.opts();
    const homes = chooseHome(home);
    if (home !== undefined) hintsForHome(home);
    return { homes, json: json === true, ...passphraseSource(homes, passphraseFd, passphraseFile) };
  };
  const ends = async (code: Promise<number> | number) => {
    exit.code = await code;
  };
  const verb = <N extends string>(name: N, description: string) =>
    program.command(name).description(description).copyInheritedSettings(program);
  const grantOptions = {
    host: new Option("--host <host>", "a host that may receive it (repeat); makes it sealed").argParser(collect),
    inject: new Option("--inject <way>", "sealed, env or file (repeat)").argParser(collect),
    kind: new Option("--kind <word>", "token, password, key, …"),
    tag: new Option("--tag <word>", "a label for list (repeat)").argParser(collect),
    project: new Option("--project <dir>", "only for work in this directory (repeat)").argParser(collect),
    agent: new Option("--agent <id>", "only for this agent (repeat)").argParser(collect),
    expires: new Option("--expires <when>", "30d, 2030-12-31, or never"),
    description: new Option("--description <text>", "a line for people"),
    confirm: new Option("--confirm <when>", "never, session or use"),
    value: new Option("--value [value]").hideHelp(),
  };
  const recoveryFd = () =>
    new Option("--recovery-code-to-fd <n>", "write the recovery code to this descriptor").argParser(whole);
  const kdfMemory = () => new Option("--kdf-memory <MiB>", "memory of the key derivation, 64 to 1024").argParser(whole);

  program.commandsGroup("Vault:");
  verb("init", "make a vault and unlock it")
    .option("--no-recovery", "make no recovery code")
    .addOption(recoveryFd())
    .addOption(kdfMemory())
    .option("--idle <time>", "lock after this time without use (8h)")
    .option("--absolute <time>", "lock after this time in any case (24h)")
    .action(async (options) => ends((await import("./init.ts")).runInit(invocation(), options)));
  verb("unlock", "give a fresh daemon the key")
    .option("--idle <time>", "lock after this time without use (8h)")
    .option("--absolute <time>", "lock after this time in any case (24h)")
    .option("--again", "start afresh although it is unlocked")
    .option("--recovery", "prove yourself with the recovery code")
    .option("--accept-rollback [shown]", "take a vault file that is older than what this machine has seen")
    .action(async (options) => ends((await import("./unlock.ts")).runUnlock(invocation(), options)));
  verb("lock", "make the daemon forget the key")
    .action(async () => ends((await import("./lock.ts")).runLock(invocation())));
  verb("status", "locked or not, and until when")
    .action(async () => ends((await import("./status.ts")).runStatus(invocation())));
  verb("passwd", "change the passphrase")
    .option("--recovery", "prove yourself with the recovery code")
    .addOption(kdfMemory())
    .action(async (options) => ends((await import("./passwd.ts")).runPasswd(invocation(), options)));
  verb("recovery", "make a new recovery code; the old one stops working")
    .option("--check", "test the code that you have")
    .option("--remove", "go without one")
    .addOption(recoveryFd())
    .action(async (options) => ends((await import("./recovery.ts")).runRecovery(invocation(), options)));
  verb("rekey", "a new data key, if a copy of the old one may exist")
    .option("--recovery", "prove yourself with the recovery code")
    .option("--new-passphrase", "choose another passphrase as well")
    .addOption(recoveryFd())
    .addOption(kdfMemory())
    .option("--idle <time>", "lock after this time without use (8h)")
    .option("--absolute <time>", "lock after this time in any case (24h)")
    .action(async (options) => ends((await import("./rekey.ts")).runRekey(invocation(), options)));

  verb("backup", "list the vault's backups, or copy the vault, sealed as it is, to a file or directory")
    .argument("[file]", "where to; needs no passphrase")
    .option("--force", "replace another file")
    .option("--check", "prove the vault and its backups, or the copy, with the passphrase")
    .action(async (file, options) => ends((await import("./backup.ts")).runBackup(invocation(), file, options)));
  verb("restore", "go back to a backup, after showing what changes")
    .argument("[which]", "a generation, latest, or a file")
    .option("--recovery", "prove yourself with the recovery code")
    .option("--dry-run", "show what would change and change nothing")
    .option("--yes", "do not ask")
    .action(async (which, options) => ends((await import("./restore.ts")).runRestore(invocation(), which, options)));

  program.commandsGroup("Secrets:");
  verb("add", "store secrets; asks for each value, or reads one from a pipe")
    .argument("<name...>", "names such as GITHUB_TOKEN")
    .addOption(grantOptions.host).addOption(grantOptions.inject).addOption(grantOptions.kind)
    .addOption(grantOptions.tag).addOption(grantOptions.project).addOption(grantOptions.agent)
    .addOption(grantOptions.expires).addOption(grantOptions.description).addOption(grantOptions.confirm)
    .addOption(grantOptions.value)
    .option("--weak", "store a value that is too short or too common to be found in output")
    .option("--replace", "put a new value in the place of an old one")
    .option("--keep-newline", "keep the line break at the end of a piped value")
    .action(async (names, options) => ends((await import("./add.ts")).runAdd(invocation(), names, options)));
  verb("list", "names, and what each may be used for")
    .addOption(grantOptions.tag)
    .addOption(grantOptions.kind)
    .action(async (options) => ends((await import("./list.ts")).runList(invocation(), options)));
  verb("show", "everything about a secret but its value")
    .argument("<name>")
    .action(async (name) => ends((await import("./show.ts")).runShow(invocation(), name)));
  verb("edit", "change what a secret may be used for (a list option with the word none empties it)")
    .argument("<name>")
    .addOption(grantOptions.host).addOption(grantOptions.inject).addOption(grantOptions.kind)
    .addOption(grantOptions.tag).addOption(grantOptions.project).addOption(grantOptions.agent)
    .addOption(grantOptions.expires).addOption(grantOptions.description).addOption(grantOptions.confirm)
    .addOption(grantOptions.value)
    .action(async (name, options) => ends((await import("./edit.ts")).runEdit(invocation(), name, options)));
  verb("remove", "forget secrets")
    .argument("<name...>")
    .option("--yes", "do not ask")
    .action(async (names, options) => ends((await import("./remove.ts")).runRemove(invocation(), names, options)));
  verb("import", "store the values of a .env file")
    .argument("<file>")
    .addOption(grantOptions.host).addOption(grantOptions.inject).addOption(grantOptions.kind)
    .addOption(grantOptions.tag).addOption(grantOptions.project).addOption(grantOptions.agent)
    .addOption(grantOptions.expires).addOption(grantOptions.description).addOption(grantOptions.confirm)
    .option("--yes", "do not ask")
    .option("--rewrite", "put references in the place of the values in the file")
    .option("--replace", "take the file's values for names that exist")
    .option("--weak", "also store values that are too short or too common")
    .action(async (file, options) => ends((await import("./import.ts")).runImport(invocation(), file, options)));

  program.commandsGroup("Use:");
  verb("run", "run a command with secrets in its environment, its output scrubbed")
    .usage("[options] -- <command> [arguments...]")
    .argument("<command...>", "after --")
    .option("--secret <NAME[=VAR]>", "this secret as this variable (repeat)", collect)
    .option("--file <NAME=VAR>", "this secret as a short-lived file, its path in VAR (repeat)", collect)
    .option("--env-file <file>", "variables from a file in which tacit://NAME stands for a secret")
    .action(async (command, { secret, file, envFile }) =>
      ends(
        (await import("./run.ts")).runRun(invocation().homes, command, {
          secret: secret ?? [],
          file: file ?? [],
          envFile,
        }),
      )
    );
  verb("install", "let an agent use secrets: its hooks call tacit")
    .addArgument(new Argument("<agent>").choices(["claude-code"]))
    .option("--settings <file>", "this settings file instead of your own")
    .option("--dry-run", "show the change and make none")
    .option("--yes", "do not ask")
    .action(async (agent, options) => ends((await import("./install.ts")).runInstall(invocation(), agent, options)));
  verb("uninstall", "take tacit out of an agent's settings")
    .addArgument(new Argument("<agent>").choices(["claude-code"]))
    .option("--settings <file>", "this settings file instead of your own")
    .option("--dry-run", "show the change and make none")
    .option("--yes", "do not ask")
    .action(async (agent, options) =>
      ends((await import("./uninstall.ts")).runUninstall(invocation(), agent, options))
    );
  verb("scrub", "copy stdin to stdout without the values of the vault")
    .action(async () => ends((await import("./scrub.ts")).runScrub(homeArguments(program.opts().home))));

  program.commandsGroup("Look:");
  const audit = verb("audit", "who used which secret for what")
    .option("--last <n>", "at most this many lines (50)", whole)
    .option("--secret <name>", "only about this secret")
    .option("--agent <id>", "only by this agent")
    .option("--session <id>", "only in this session")
    .option("--since <when>", "24h, or 2030-01-31")
    .addArgument(new Argument("[what]", "verify: check that the log is whole").choices(["verify"]))
    .action(async (what, options) => {
      const { runAudit, runAuditVerify } = await import("./audit.ts");
      return ends(what === "verify" ? runAuditVerify(invocation()) : runAudit(invocation(), options));
    });
  void audit;
  verb("doctor", "measure this machine and this home")
    .action(async () => ends((await import("./doctor.ts")).runDoctor(invocation())));
  verb("demo", "the whole story in a throw-away home")
    .action(async () => ends((await import("./demo.ts")).runDemo()));

  program.commandsGroup("Shell:");
  verb("completions", "print a completion script; load it with: source <(tacit completions bash)")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .action(async (shell) => ends((await import("./completions.ts")).runCompletions(shell)));
  program.command("complete", { hidden: true })
    .argument("[words...]")
    .action(async (words) =>
      ends(
        (await import("./completions.ts")).runComplete(
          (home) => chooseHome(home ?? program.opts().home),
          outlineVerbs(),
          words,
        ),
      )
    );
  return { program, exit };
}

function homeArguments(home: string | undefined): string[] {
  return home === undefined ? [] : ["--home", home];
}
